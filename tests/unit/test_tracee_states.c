#include "tests/unit/tracee_programs.h"

static void *nothing(void *context)
{
    return context;
}

static int starting_threads(struct shared *shared)
{
    atomic_store(&shared->ready, 1);
    while (atomic_load(&shared->stop) == 0) {
        pthread_t threads[4];
        for (int i = 0; i < 4; i++)
            if (pthread_create(&threads[i], NULL, nothing, shared) != 0)
                return 1;
        for (int i = 0; i < 4; i++)
            pthread_join(threads[i], NULL);
        atomic_fetch_add(&shared->steps, 1);
    }
    return 0;
}

Test(tracee_states, threads_come_and_go)
{
    struct failure why = {0};
    struct shared *shared = share();
    pid_t pid = start(shared, starting_threads);
    for (unsigned i = 0; i < 60; i++)
        cr_assert(visit(pid, i % 4 == 0, &why), "%s", why.sentence);
    wait_for_steps(shared, pid, 3);
    cr_assert_eq(end(shared, pid), 0);
}

static void *count_on(void *context)
{
    struct shared *shared = context;
    exit(counting(shared));
}

static int leaderless(struct shared *shared)
{
    pthread_t thread;
    pthread_create(&thread, NULL, count_on, shared);
    pthread_exit(NULL);
}

Test(tracee_states, the_leader_has_exited)
{
    struct failure why = {0};
    struct shared *shared = share();
    pid_t pid = start(shared, leaderless);
    wait_for_state(pid, 'Z');
    for (unsigned i = 0; i < 20; i++) {
        struct tracee *tracee = tracee_create(pid);
        struct tracee_call call = {.number = SYS_getpid};
        pid_t snapshot = 0;
        cr_assert(tracee_attach(tracee, &why), "%s", why.sentence);
        cr_expect(tracee_leader_has_exited(tracee));
        cr_expect_eq(tracee_thread_count(tracee), 2);
        cr_assert(tracee_calls_begin(tracee, &why) && tracee_calls(tracee, 1, &call, 1, &why) && tracee_fork(tracee, &snapshot, &why) &&
                  tracee_calls_end(tracee, &why), "%s", why.sentence);
        cr_expect_eq(call.result, pid);
        tracee_detach(tracee);
        cr_assert(tracee_reap(tracee, snapshot, &why));
        tracee_destroy(tracee);
    }
    wait_for_steps(shared, pid, 3);
    cr_assert_eq(end(shared, pid), 0);
}

static int strict(struct shared *shared)
{
    unsigned long first = sum(1);
    prctl(PR_SET_SECCOMP, SECCOMP_MODE_STRICT);
    atomic_store(&shared->ready, 1);
    while (atomic_load(&shared->stop) == 0) {
        if (sum(1) != first)
            syscall(SYS_exit, 1);
        atomic_fetch_add(&shared->steps, 1);
    }
    syscall(SYS_exit, 0);
    return 0;
}

Test(tracee_states, a_program_under_seccomp)
{
    if (geteuid() != 0)
        cr_skip("only root may suspend seccomp");
    check_visits(strict, 50);
}

/* The child of vfork() runs until it is told to stop; its parent cannot be stopped. */
static int waiting_for_child(struct shared *shared)
{
    pid_t child = vfork();
    if (child == 0) {
        atomic_store(&shared->ready, 1);
        while (atomic_load(&shared->started) == 0)
            sched_yield();
        _exit(0);
    }
    waitpid(child, NULL, 0);
    return counting(shared);
}

Test(tracee_states, a_parent_that_waits_for_its_vfork_child)
{
    struct failure why = {0};
    struct shared *shared = share();
    pid_t pid = start(shared, waiting_for_child), tracer = fork();
    if (tracer == 0) /* the kernel lets go of what it traces when it ends */
        _exit(visit(pid, false, &why) ? 1 : strstr(why.sentence, "vfork") != NULL ? 0 : 2);
    int status;
    waitpid(tracer, &status, 0);
    cr_expect_eq(status, 0, "%x", status);
    atomic_store(&shared->started, 1);
    wait_for_steps(shared, pid, 3);
    cr_assert(visit(pid, true, &why), "%s", why.sentence);
    cr_assert_eq(end(shared, pid), 0);
}

static int adopting(struct shared *shared)
{
    prctl(PR_SET_CHILD_SUBREAPER, 1);
    return counting(shared);
}

Test(tracee_states, programs_that_adopt_orphans_are_not_forked)
{
    struct failure why = {0};
    struct shared *shared = share();
    pid_t pid = start(shared, adopting);
    cr_expect_not(visit(pid, true, &why));
    cr_expect(strstr(why.sentence, "adopts orphans") != NULL, "%s", why.sentence);
    cr_expect(visit(pid, false, &why), "%s", why.sentence);
    cr_assert_eq(children_of(pid), 0);
    cr_assert_eq(end(shared, pid), 0);
}

static int secretive(struct shared *shared)
{
    prctl(PR_SET_DUMPABLE, 0);
    return counting(shared);
}

Test(tracee_states, a_program_that_is_not_dumpable)
{
    if (geteuid() != 0)
        cr_skip("only root may look into it");
    check_visits(secretive, 20);
}

static int in_namespace(struct shared *shared)
{
    if (unshare(CLONE_NEWPID) != 0)
        return 77;
    pid_t first = fork();
    if (first == 0) { /* pid 1 there, which would adopt the snapshot */
        pid_t second = fork();
        if (second == 0) {
            while (atomic_load(&shared->started) == 0)
                sched_yield();
            _exit(getpid() == 2 ? counting(shared) : 1);
        }
        int status;
        waitpid(second, &status, 0);
        _exit(status);
    }
    atomic_store(&shared->started, 1);
    int status;
    waitpid(first, &status, 0);
    return status;
}

static pid_t only_child(pid_t pid)
{
    struct arena arena = {0};
    struct failure why;
    int directory;
    pid_t *children, child;
    size_t count;
    cr_assert(proc_open(pid, &directory, &why) && proc_children(directory, &arena, &children, &count, &why) && count == 1);
    child = children[0];
    close(directory);
    arena_deinit(&arena);
    return child;
}

Test(tracee_states, a_program_in_a_pid_namespace)
{
    if (geteuid() != 0)
        cr_skip("only root makes pid namespaces");
    struct failure why = {0};
    struct shared *shared = share();
    pid_t outside = start(shared, in_namespace), pid = only_child(only_child(outside));
    for (unsigned i = 0; i < 20; i++) {
        struct tracee *tracee = tracee_create(pid);
        struct tracee_call call = {.number = SYS_getpid};
        pid_t snapshot = 0;
        cr_assert(tracee_attach(tracee, &why) && tracee_calls_begin(tracee, &why) && tracee_calls(tracee, 0, &call, 1, &why) &&
                  tracee_fork(tracee, &snapshot, &why) && tracee_calls_end(tracee, &why), "%s", why.sentence);
        cr_expect_eq(call.result, 2);
        tracee_detach(tracee);
        cr_assert(tracee_reap(tracee, snapshot, &why), "%s", why.sentence);
        tracee_destroy(tracee);
    }
    cr_assert_eq(end(shared, outside), 0);
}

/* mov $0x12345678, %eax; jmp . */
static int compatible(struct shared *shared)
{
    static const unsigned char code[] = {0xb8, 0x78, 0x56, 0x34, 0x12, 0xeb, 0xfe};
    void *place = mmap(NULL, 4096, PROT_READ | PROT_WRITE | PROT_EXEC, MAP_PRIVATE | MAP_ANONYMOUS | MAP_32BIT, -1, 0);
    memcpy(place, code, sizeof(code));
    atomic_store(&shared->ready, 1);
    __asm__ volatile("pushq $0x23\n\tpushq %0\n\tlretq" : : "r"((uint64_t)(uintptr_t)place) : "memory");
    return 1;
}

Test(tracee_states, code_of_32_bits_is_refused)
{
    struct failure why = {0};
    struct shared *shared = share();
    pid_t pid = start(shared, compatible);
    bool refused = false;
    for (int i = 0; i < 1000 && !refused; i++)
        refused = !visit(pid, false, &why) && strstr(why.sentence, "32-bit") != NULL;
    cr_expect(refused, "%s", why.sentence);
    cr_expect_eq(waitpid(pid, NULL, WNOHANG), 0);
    kill(pid, SIGKILL);
    waitpid(pid, NULL, 0);
}

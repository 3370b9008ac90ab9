#include "tests/unit/tracee_programs.h"

static int sleeping(struct shared *shared)
{
    struct timespec rest = {.tv_nsec = 400000000}, before, after;
    atomic_store(&shared->ready, 1);
    clock_gettime(CLOCK_MONOTONIC, &before);
    if (syscall(SYS_nanosleep, &rest, NULL) != 0)
        return 1;
    clock_gettime(CLOCK_MONOTONIC, &after);
    return after.tv_sec - before.tv_sec > 60 || (after.tv_sec - before.tv_sec) * 1000000000 + after.tv_nsec - before.tv_nsec < 400000000;
}

static int reading(struct shared *shared)
{
    char byte = 0;
    atomic_store(&shared->ready, 1);
    return read(shared->pipe[0], &byte, 1) == 1 && byte == 'x' ? 0 : 1;
}

Test(tracee, visits_to_a_busy_program_leave_nothing_behind)
{
    check_visits(counting, 200);
}

Test(tracee, visits_to_a_program_that_blocks_all_signals)
{
    check_visits(counting_deaf, 50);
}

Test(tracee, visits_to_many_threads)
{
    check_visits(many_threads, 50);
}

Test(tracee, a_sleep_ends_when_it_would_have)
{
    struct failure why = {0};
    struct shared *shared = share();
    pid_t pid = start(shared, sleeping);
    int status = 0; /* a visit that met the program's end has taken its status: both are children of this process */
    while (waitpid(pid, &status, WNOHANG) == 0)
        if (!visit(pid, true, &why) && waitpid(pid, &status, 0) == pid)
            break;
    cr_assert_eq(status, 0, "status %x", status);
}

Test(tracee, a_read_goes_on)
{
    struct failure why = {0};
    struct shared *shared = share();
    cr_assert_eq(pipe(shared->pipe), 0);
    pid_t pid = start(shared, reading);
    wait_for_state(pid, 'S');
    for (int i = 0; i < 20; i++)
        cr_assert(visit(pid, true, &why), "%s", why.sentence);
    cr_assert_eq(write(shared->pipe[1], "x", 1), 1);
    cr_assert_eq(end(shared, pid), 0);
}

Test(tracee, a_stopped_program_stays_stopped)
{
    struct failure why = {0};
    struct shared *shared = share();
    pid_t pid = start(shared, counting);
    kill(pid, SIGSTOP);
    wait_for_state(pid, 'T');
    cr_assert(visit(pid, true, &why), "%s", why.sentence);
    wait_for_state(pid, 'T');
    kill(pid, SIGCONT);
    cr_assert_eq(end(shared, pid), 0);
}

static volatile unsigned long changing;

static int changes(struct shared *shared)
{
    changing = 1;
    atomic_store(&shared->ready, 1);
    while (atomic_load(&shared->stop) == 0)
        if (atomic_load(&shared->steps) == 1) {
            changing = 2;
            atomic_store(&shared->steps, 2);
        }
    return 0;
}

Test(tracee, a_snapshot_keeps_memory_as_it_was)
{
    struct failure why = {0};
    struct shared *shared = share();
    pid_t pid = start(shared, changes), snapshot;
    struct tracee *tracee = tracee_create(pid);
    cr_assert(tracee_attach(tracee, &why) && tracee_calls_begin(tracee, &why) && tracee_fork(tracee, &snapshot, &why) &&
              tracee_calls_end(tracee, &why), "%s", why.sentence);
    tracee_detach(tracee);
    atomic_store(&shared->steps, 1);
    while (atomic_load(&shared->steps) != 2)
        sched_yield();
    char name[64];
    unsigned long value = 0;
    snprintf(name, sizeof(name), "/proc/%d/mem", snapshot);
    int memory = open(name, O_RDONLY);
    cr_assert_eq(pread(memory, &value, sizeof(value), (off_t)(uintptr_t)&changing), (ssize_t)sizeof(value));
    close(memory);
    cr_expect_eq(value, 1);
    cr_assert_eq(children_of(pid), 0);
    cr_assert(tracee_reap(tracee, snapshot, &why));
    tracee_destroy(tracee);
    cr_assert_eq(end(shared, pid), 0);
}

/* Every one of a queue of signals, in its order, with its value. */
enum { SIGNALS = 3000 };
static struct shared *heard_by;

static void hear(int signal, siginfo_t *info, void *context)
{
    (void)signal;
    (void)context;
    if (info->si_value.sival_int == (int)atomic_load(&heard_by->signals))
        atomic_fetch_add(&heard_by->signals, 1);
    else
        atomic_store(&heard_by->wrong, 1);
}

static int hearing(struct shared *shared)
{
    struct sigaction action = {.sa_sigaction = hear, .sa_flags = SA_SIGINFO};
    heard_by = shared;
    sigaction(SIGRTMIN, &action, NULL);
    atomic_store(&shared->ready, 1);
    while (atomic_load(&shared->stop) == 0)
        if (usleep(100) != 0 && errno != EINTR)
            return 1;
    return atomic_load(&shared->wrong);
}

Test(tracee, no_signal_is_lost_or_comes_twice)
{
    struct failure why = {0};
    struct shared *shared = share();
    pid_t pid = start(shared, hearing), sender = fork();
    if (sender == 0) {
        for (int i = 0; i < SIGNALS; i++, usleep(50)) /* spread over many visits */
            while (sigqueue(pid, SIGRTMIN, (union sigval){.sival_int = i}) != 0)
                sched_yield();
        _exit(0);
    }
    int status;
    for (unsigned i = 0; waitpid(sender, &status, WNOHANG) == 0; i++)
        cr_assert(visit(pid, i % 4 == 0, &why), "%s", why.sentence);
    while (atomic_load(&shared->signals) != SIGNALS)
        sched_yield();
    cr_assert_eq(end(shared, pid), 0);
}

Test(tracee, job_control_has_its_way_during_visits)
{
    struct failure why = {0};
    struct shared *shared = share();
    pid_t pid = start(shared, counting), sender = fork();
    if (sender == 0) {
        for (int i = 0; i < 500; i++) {
            kill(pid, SIGSTOP);
            usleep(300);
            kill(pid, SIGCONT);
            usleep(300);
        }
        _exit(0);
    }
    int status;
    for (unsigned i = 0; waitpid(sender, &status, WNOHANG) == 0; i++)
        cr_assert(visit(pid, i % 4 == 0, &why), "%s", why.sentence);
    wait_for_steps(shared, pid, 3);
    kill(pid, SIGSTOP);
    wait_for_state(pid, 'T');
    kill(pid, SIGCONT);
    cr_assert_eq(end(shared, pid), 0);
}

static void count_child(int signal)
{
    (void)signal;
    atomic_fetch_add(&heard_by->signals, 1);
}

static int childless(struct shared *shared)
{
    heard_by = shared;
    signal(SIGCHLD, count_child);
    atomic_store(&shared->ready, 1);
    while (atomic_load(&shared->stop) == 0) {
        if (waitpid(-1, NULL, WNOHANG) != -1 || errno != ECHILD || waitpid(-1, NULL, WNOHANG | __WALL) != -1)
            return 1;
        atomic_fetch_add(&shared->steps, 1);
    }
    struct rusage usage;
    getrusage(RUSAGE_CHILDREN, &usage);
    return atomic_load(&shared->signals) != 0 || usage.ru_utime.tv_sec != 0 || usage.ru_stime.tv_sec > 1;
}

Test(tracee, the_program_does_not_see_its_child)
{
    check_visits(childless, 100);
}

static int polling(struct shared *shared)
{
    struct epoll_event event;
    int epoll = epoll_create1(0);
    atomic_store(&shared->ready, 1);
    while (atomic_load(&shared->stop) == 0) {
        if (epoll_wait(epoll, &event, 1, 3) != 0)
            return 1;
        atomic_fetch_add(&shared->steps, 1);
    }
    return 0;
}

Test(tracee, calls_that_give_up_are_made_again)
{
    struct failure why = {0};
    struct shared *shared = share();
    pid_t pid = start(shared, polling);
    for (unsigned i = 0; i < 300; i++)
        cr_assert(visit(pid, i % 4 == 0, &why), "%s", why.sentence);
    wait_for_steps(shared, pid, 3);
    cr_assert_eq(end(shared, pid), 0);
}

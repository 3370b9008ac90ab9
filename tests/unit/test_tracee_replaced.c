/* Somebody who shares the program's memory can change our code in it. What the program does then must not get it away from us, nor us into what it becomes: here the calls themselves
 * stand for that. */
#include "tests/unit/tracee_programs.h"

static int waiting(struct shared *shared)
{
    atomic_store(&shared->ready, 1);
    while (atomic_load(&shared->stop) == 0)
        sched_yield();
    return 0;
}

struct strings {
    char program[16], argument[16];
    uint64_t arguments[3];
};

/* execve("/bin/sleep", {"/bin/sleep", "1000"}): registers of ours would show at once. */
static struct tracee *becoming_sleep(pid_t pid, struct failure *why)
{
    struct tracee *tracee = tracee_create(pid);
    cr_assert(tracee_attach(tracee, why) && tracee_calls_begin(tracee, why), "%s", why->sentence);
    uint64_t place = tracee_scratch(tracee);
    const struct strings strings = {
        "/bin/sleep", "1000", {place + offsetof(struct strings, program), place + offsetof(struct strings, argument), 0},
    };
    struct tracee_call call = {.number = SYS_execve, .arguments = {place, place + offsetof(struct strings, arguments), 0}};
    cr_assert(tracee_write(tracee, place, &strings, sizeof(strings), why), "%s", why->sentence);
    cr_expect_not(tracee_calls(tracee, 0, &call, 1, why));
    cr_expect(strstr(why->sentence, "has become another program") != NULL, "%s", why->sentence);
    return tracee;
}

static void sleeps_well(pid_t pid)
{
    char name[64], comm[16] = "";
    wait_for_state(pid, 'S');
    snprintf(name, sizeof(name), "/proc/%d/comm", pid);
    int fd = open(name, O_RDONLY);
    cr_assert_gt(read(fd, comm, sizeof(comm) - 1), 0);
    close(fd);
    cr_expect_str_eq(comm, "sleep\n");
    kill(pid, SIGKILL);
    int status;
    cr_assert_eq(waitpid(pid, &status, 0), pid);
    cr_expect(WIFSIGNALED(status) && WTERMSIG(status) == SIGKILL, "status %x", status);
}

Test(tracee_replaced, what_it_becomes_is_let_alone)
{
    struct failure why = {0};
    struct shared *shared = share();
    pid_t pid = start(shared, waiting);
    struct tracee *tracee = becoming_sleep(pid, &why);
    cr_expect_not(tracee_calls_end(tracee, &why));
    tracee_destroy(tracee);
    sleeps_well(pid);
}

/* A thread that nobody traces could make it another program while we read. */
Test(tracee_replaced, no_thread_gets_away)
{
    enum { FLAGS = CLONE_VM | CLONE_FS | CLONE_FILES | CLONE_SIGHAND | CLONE_THREAD | CLONE_SYSVSEM };
    struct failure why = {0};
    struct shared *shared = share();
    pid_t pid = start(shared, waiting);
    struct tracee *tracee = tracee_create(pid);
    cr_assert(tracee_attach(tracee, &why) && tracee_calls_begin(tracee, &why), "%s", why.sentence);
    struct tracee_call call = {.number = SYS_clone, .arguments = {FLAGS, 0, 0, 0, 0}};
    cr_expect_not(tracee_calls(tracee, 0, &call, 1, &why));
    char path[64];
    struct arena arena = {0};
    pid_t *tids;
    size_t count = 0;
    int directory;
    cr_assert(proc_open(pid, &directory, &why) && proc_threads(directory, &arena, &tids, &count, &why), "%s", why.sentence);
    cr_expect_eq(count, 2);
    for (size_t i = 0; i < count; i++) {
        struct proc_status status;
        snprintf(path, sizeof(path), "task/%d/status", tids[i]);
        cr_assert(proc_status(directory, path, &arena, &status, &why), "%s", why.sentence);
        cr_expect_eq(status.tracer_pid, getpid());
    }
    close(directory);
    arena_deinit(&arena);
    kill(pid, SIGKILL);
    tracee_destroy(tracee);
    while (waitpid(-1, NULL, __WALL) > 0)
        continue;
}

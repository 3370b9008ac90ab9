#include "tests/unit/tracee_programs.h"

/* A tracer that is killed at any moment: the program goes on, takes away what is ours in it by itself, and the next visit finds its way. */
static void check_kills(int (*program)(struct shared *), unsigned kills)
{
    struct failure why = {0};
    struct shared *shared = share();
    pid_t pid = start(shared, program);
    char *before = maps_of(pid);
    for (unsigned i = 0; i < kills; i++) {
        pid_t tracer = fork();
        if (tracer == 0)
            for (;;)
                visit(pid, true, &why);
        nanosleep(&(struct timespec){.tv_nsec = 20000 * (i % 100)}, NULL); /* the moment does not matter, only that they differ */
        kill(tracer, SIGKILL);
        waitpid(tracer, NULL, 0);
        wait_for_steps(shared, pid, 3);
        cr_assert(same_maps(pid, before, i));
        cr_assert_eq(children_of(pid), 0, "after %u tracers", i);
    }
    cr_assert(visit(pid, true, &why), "%s", why.sentence);
    cr_assert(same_maps(pid, before, kills));
    cr_assert_eq(end(shared, pid), 0);
}

Test(tracee_killed, the_tracer_is_killed)
{
    check_kills(counting, 200);
}

Test(tracee_killed, the_tracer_of_many_threads_is_killed)
{
    check_kills(many_threads, 60);
}

Test(tracee_killed, the_tracer_of_a_program_that_blocks_all_signals_is_killed)
{
    check_kills(counting_deaf, 80);
}

Test(tracee_killed, a_killed_program_is_gone)
{
    struct failure why = {0};
    struct shared *shared = share();
    pid_t pid = start(shared, many_threads), tracer = fork(), snapshot;
    int status;
    if (tracer == 0) {
        struct tracee *tracee = tracee_create(pid);
        _exit(!(tracee_attach(tracee, &why) && tracee_calls_begin(tracee, &why) && tracee_fork(tracee, &snapshot, &why) &&
                tracee_calls_end(tracee, &why) && tracee_kill(tracee, &why) && kill(pid, 0) == 0));
    }
    cr_assert_eq(waitpid(tracer, &status, 0), tracer);
    cr_expect_eq(status, 0);
    cr_assert_eq(waitpid(pid, &status, WNOHANG), pid);
    cr_assert(WIFSIGNALED(status) && WTERMSIG(status) == SIGKILL);
}

#include <sys/auxv.h>

#include "checkpt/tracee/leftover.h"
#include "checkpt/tracee/tail.h"
#include "checkpt/tracee/text.h"
#include "tests/unit/tracee_programs.h"

enum { PATIENCE = 20 }; /* seconds */

/* A tracer that is killed at any moment: the program goes on, takes away what is ours in it by itself, and the next visit finds its way. */
/* Its threads go home by themselves, each when it gets a processor. */
static bool is_tidy(pid_t pid, const char *before)
{
    char *after = maps_of(pid);
    bool same = strcmp(before, after) == 0;
    free(after);
    return same && children_of(pid) == 0;
}

static void wait_until_tidy(pid_t pid, const char *before)
{
    struct timespec now, begun;
    clock_gettime(CLOCK_MONOTONIC, &begun);
    do {
        if (is_tidy(pid, before))
            return;
        sched_yield();
        clock_gettime(CLOCK_MONOTONIC, &now);
    } while (now.tv_sec - begun.tv_sec < PATIENCE);
}

static void kill_often(struct shared *shared, pid_t pid, unsigned kills)
{
    struct failure why = {0};
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
        wait_until_tidy(pid, before);
        cr_assert(same_maps(pid, before, i));
        cr_assert_eq(children_of(pid), 0, "after %u tracers", i);
    }
    cr_assert(visit(pid, true, &why), "%s", why.sentence);
    cr_assert(same_maps(pid, before, kills));
    free(before);
}

static void check_kills(int (*program)(struct shared *), unsigned kills)
{
    struct shared *shared = share();
    pid_t pid = start(shared, program);
    kill_often(shared, pid, kills);
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

/* Where a tail goes first: at the end of the vdso. */
static uint64_t first_place(void)
{
    int self = open("/proc/self", O_PATH | O_DIRECTORY | O_CLOEXEC);
    struct text_list list;
    struct text text = {0};
    text_list_init(&list, self);
    bool found = text_next(&list, getauxval(AT_SYSINFO_EHDR), &text);
    text_list_deinit(&list);
    close(self);
    return found ? text.end - tail_room() : 0;
}

/* It has on its stack all the time what a signal's frame has, or only a word of it. */
static int holding(struct shared *shared, uint64_t flags, uint64_t segments)
{
    volatile uint64_t somewhere[64] = {0};
    somewhere[32] = first_place() + 8;
    somewhere[33] = flags;
    somewhere[34] = segments;
    int status = somewhere[32] > 8 ? counting(shared) : 1;
    return somewhere[34] == segments ? status : 1;
}

static int holding_a_frame(struct shared *shared)
{
    return holding(shared, 0x246, 0x2b000000000033);
}

static int holding_a_word(struct shared *shared)
{
    return holding(shared, 0x7ffc12345678, 0x33);
}

/* As if the tracer had been killed: what it wrote stays. */
static uint64_t leave_tail(pid_t pid)
{
    struct failure why = {0};
    struct tracee *tracee = tracee_create(pid);
    cr_assert(tracee_attach(tracee, &why) && tail_write(tracee, &why), "%s", why.sentence);
    uint64_t left = tracee->tail;
    const uint64_t admitted = 1;
    cr_assert(tracee_write(tracee, inject_admission_place(left), &admitted, sizeof(admitted), &why), "%s", why.sentence);
    tracee->tail = 0;
    tracee_detach(tracee);
    tracee_destroy(tracee);
    return left;
}

static uint64_t next_tail(pid_t pid)
{
    struct failure why = {0};
    unsigned char bytes[INJECT_TAIL_ROOM], rest[INJECT_TAIL_ROOM] = {0};
    struct tracee *tracee = tracee_create(pid);
    cr_assert(tracee_attach(tracee, &why) && tail_write(tracee, &why), "%s", why.sentence);
    uint64_t place = tracee->tail;
    cr_assert(tracee_read(tracee, place, bytes, tail_room(), &why), "%s", why.sentence);
    cr_expect_eq(memcmp(bytes + inject_tail_size(), rest, tail_room() - inject_tail_size()), 0, "something of the one before is in it");
    cr_assert(tail_remove(tracee, &why), "%s", why.sentence);
    tracee_detach(tracee);
    tracee_destroy(tracee);
    return place;
}

Test(tracee_killed, what_was_left_is_written_over)
{
    struct failure why = {0};
    struct shared *shared = share();
    pid_t pid = start(shared, holding_a_word);
    uint64_t left = leave_tail(pid);
    cr_assert_eq(left, first_place());
    cr_expect_eq(next_tail(pid), left);
    cr_assert(visit(pid, true, &why), "%s", why.sentence);
    cr_assert_eq(end(shared, pid), 0);
}

Test(tracee_killed, what_a_thread_may_come_back_to_is_passed_over)
{
    struct failure why = {0};
    struct shared *shared = share();
    pid_t pid = start(shared, holding_a_frame);
    uint64_t left = leave_tail(pid);
    cr_assert_eq(left, first_place());
    cr_expect_eq(next_tail(pid), left - tail_room());
    cr_assert(visit(pid, true, &why), "%s", why.sentence);
    cr_expect_eq(next_tail(pid), left - tail_room(), "what was passed over has gone");
    cr_assert_eq(end(shared, pid), 0);
}

/* All the kills at the second place. */
Test(tracee_killed, the_tracer_is_killed_where_one_was_before)
{
    struct failure why = {0};
    struct shared *shared = share();
    pid_t pid = start(shared, holding_a_frame);
    leave_tail(pid);
    kill_often(shared, pid, 150);
    cr_assert(visit(pid, true, &why), "%s", why.sentence);
    cr_assert_eq(end(shared, pid), 0);
}

Test(tracee_killed, what_was_left_is_not_taken_for_the_kernels)
{
    struct failure why = {0};
    struct shared *shared = share();
    pid_t pid = start(shared, counting);
    uint64_t left = leave_tail(pid), start_of_page = left & ~4095ull, end_of_page = start_of_page + 4096;
    unsigned char page[4096], own[4096];
    struct tracee *tracee = tracee_create(pid);
    memcpy(own, (void *)start_of_page, sizeof(own));
    cr_assert_eq(left + tail_room(), end_of_page);
    cr_assert(tracee_attach(tracee, &why) && tracee_read(tracee, start_of_page, page, sizeof(page), &why), "%s", why.sentence);
    cr_expect_neq(memcmp(page, own, sizeof(page)), 0);
    tracee_clean_text(page, sizeof(page));
    cr_expect_eq(memcmp(page, own, sizeof(page)), 0, "the vdso is that of every process here");
    tracee_detach(tracee);
    tracee_destroy(tracee);
    cr_assert_eq(end(shared, pid), 0);
}

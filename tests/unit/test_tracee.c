#include <criterion/criterion.h>
#include <errno.h>
#include <fcntl.h>
#include <pthread.h>
#include <sched.h>
#include <signal.h>
#include <stdatomic.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/mman.h>
#include <sys/syscall.h>
#include <sys/wait.h>
#include <time.h>
#include <unistd.h>

#include "checkpt/proc/proc.h"
#include "checkpt/tracee/tracee.h"

/* What the program under test and the test both see. */
struct shared {
    atomic_int ready, started, stop;
    atomic_ulong steps;
    int pipe[2];
};

enum { THREADS = 8 };

static struct shared *share(void)
{
    struct shared *shared = mmap(NULL, sizeof(*shared), PROT_READ | PROT_WRITE, MAP_SHARED | MAP_ANONYMOUS, -1, 0);
    cr_assert_neq(shared, MAP_FAILED);
    return shared;
}

static pid_t start(struct shared *shared, int (*program)(struct shared *shared))
{
    pid_t pid = fork();
    if (pid == 0)
        _exit(program(shared));
    while (atomic_load(&shared->ready) == 0)
        sched_yield();
    return pid;
}

static int end(struct shared *shared, pid_t pid)
{
    int status;
    atomic_store(&shared->stop, 1);
    cr_assert_eq(waitpid(pid, &status, 0), pid);
    return status;
}

static char *maps_of(pid_t pid)
{
    char name[64], *text = calloc(1, 1 << 20);
    snprintf(name, sizeof(name), "/proc/%d/maps", pid);
    int fd = open(name, O_RDONLY);
    ssize_t n, length = 0;
    while ((n = read(fd, text + length, (1 << 20) - 1 - (size_t)length)) > 0)
        length += n;
    close(fd);
    return text;
}

static size_t children_of(pid_t pid)
{
    struct arena arena = {0};
    struct failure why;
    int directory;
    pid_t *children;
    size_t count;
    cr_assert(proc_open(pid, &directory, &why) && proc_children(directory, &arena, &children, &count, &why), "%s", why.sentence);
    close(directory);
    arena_deinit(&arena);
    return count;
}

static void wait_for_state(pid_t pid, char state)
{
    struct failure why;
    struct proc_stat stat;
    int directory;
    cr_assert(proc_open(pid, &directory, &why));
    do
        cr_assert(proc_stat(directory, "stat", &stat, &why));
    while (stat.state != state);
    close(directory);
}

/* One visit: calls, and a snapshot where that is asked for. */
static bool visit(pid_t pid, bool fork, struct failure *why)
{
    struct tracee *tracee = tracee_create(pid);
    bool fine = tracee_attach(tracee, why) && tracee_calls_begin(tracee, why);
    for (size_t i = 0; fine && i < tracee_thread_count(tracee); i++) {
        struct tracee_call calls[100];
        for (size_t k = 0; k < 100; k++)
            calls[k] = (struct tracee_call){.number = k % 2 == 0 ? SYS_gettid : SYS_getpid};
        fine = tracee_calls(tracee, i, calls, 100, why);
        for (size_t k = 0; fine && k < 100; k++)
            if (calls[k].result != (k % 2 == 0 ? tracee_tid(tracee, i) : pid))
                fine = failure_set(why, "call %zu of thread %zu returned %lld", k, i, (long long)calls[k].result);
    }
    pid_t snapshot = 0;
    fine = fine && (!fork || tracee_fork(tracee, &snapshot, why)) && tracee_calls_end(tracee, why);
    tracee_detach(tracee);
    if (snapshot != 0)
        tracee_reap(tracee, snapshot, why);
    tracee_destroy(tracee);
    return fine;
}

/* Registers, vectors, flags and the red zone are in use all the time. */
static __attribute__((noinline)) unsigned long sum(unsigned long from)
{
    volatile unsigned char red[100];
    double x = (double)from;
    unsigned long total = 0;
    for (unsigned i = 0; i < 100; i++)
        red[i] = (unsigned char)(from + i);
    for (unsigned i = 0; i < 2000; i++) {
        x = x * 1.0000001 + 1;
        total = (total << 1 | total >> 63) ^ (from + i) ^ red[i % 100];
    }
    return total + (unsigned long)x;
}

static int counting(struct shared *shared)
{
    unsigned long first = sum(1);
    atomic_store(&shared->ready, 1);
    while (atomic_load(&shared->stop) == 0) {
        if (sum(1) != first)
            return 1;
        atomic_fetch_add(&shared->steps, 1);
    }
    return 0;
}

static int counting_deaf(struct shared *shared)
{
    sigset_t all;
    sigfillset(&all);
    sigprocmask(SIG_SETMASK, &all, NULL);
    return counting(shared);
}

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

static void *count_in_thread(void *context)
{
    struct shared *shared = context;
    unsigned long first = sum(7);
    if (atomic_fetch_add(&shared->started, 1) == THREADS - 1)
        atomic_store(&shared->ready, 1);
    while (atomic_load(&shared->stop) == 0)
        if (sum(7) != first)
            return context;
    return NULL;
}

static int many_threads(struct shared *shared)
{
    pthread_t threads[THREADS];
    void *wrong = NULL;
    for (int i = 0; i < THREADS; i++)
        pthread_create(&threads[i], NULL, count_in_thread, shared);
    for (int i = 0; i < THREADS; i++) {
        void *result;
        pthread_join(threads[i], &result);
        wrong = result != NULL ? result : wrong;
    }
    return wrong != NULL;
}

static void check_visits(int (*program)(struct shared *), unsigned visits)
{
    struct failure why = {0};
    struct shared *shared = share();
    pid_t pid = start(shared, program);
    char *before = maps_of(pid);
    for (unsigned i = 0; i < visits; i++)
        cr_assert(visit(pid, i % 4 == 0, &why), "visit %u: %s", i, why.sentence);
    cr_assert_str_eq(maps_of(pid), before);
    cr_assert_eq(children_of(pid), 0);
    cr_assert_eq(end(shared, pid), 0);
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
    int status;
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

/* A tracer that is killed at any moment: the program goes on, and the next visit finds its way and cleans up. */
Test(tracee, the_tracer_is_killed)
{
    struct failure why = {0};
    struct shared *shared = share();
    pid_t pid = start(shared, counting);
    char *before = maps_of(pid);
    for (unsigned i = 0; i < 300; i++) {
        pid_t tracer = fork();
        if (tracer == 0)
            for (;;)
                visit(pid, true, &why);
        nanosleep(&(struct timespec){.tv_nsec = 20000 * (i % 50)}, NULL); /* the moment does not matter, only that they differ */
        kill(tracer, SIGKILL);
        waitpid(tracer, NULL, 0);
        int status = 0;
        cr_assert_eq(waitpid(pid, &status, WNOHANG), 0, "after %u tracers: status %x", i, status);
    }
    for (int i = 0; i < 3; i++) { /* the first may find it in the middle of our code still */
        unsigned long steps = atomic_load(&shared->steps);
        cr_assert(visit(pid, true, &why), "%s", why.sentence);
        int status = 0;
        while (atomic_load(&shared->steps) < steps + 3) {
            cr_assert_eq(waitpid(pid, &status, WNOHANG), 0, "has ended: status %x", status);
            sched_yield();
        }
    }
    cr_assert_str_eq(maps_of(pid), before);
    cr_assert_eq(children_of(pid), 0);
    cr_assert_eq(end(shared, pid), 0);
}

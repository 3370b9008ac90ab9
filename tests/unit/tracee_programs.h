/* Programs to visit, in a process of their own, and what a visit must not change about them. */
#ifndef TESTS_TRACEE_PROGRAMS_H
#define TESTS_TRACEE_PROGRAMS_H

#include <criterion/criterion.h>
#include <errno.h>
#include <fcntl.h>
#include <linux/seccomp.h>
#include <pthread.h>
#include <sched.h>
#include <signal.h>
#include <stdatomic.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/epoll.h>
#include <sys/mman.h>
#include <sys/prctl.h>
#include <sys/resource.h>
#include <sys/syscall.h>
#include <sys/wait.h>
#include <time.h>
#include <unistd.h>

#include "checkpt/proc/proc.h"
#include "checkpt/tracee/tracee.h"

/* What the program under test and the test both see. */
struct shared {
    atomic_int ready, started, stop;
    atomic_ulong steps, signals;
    atomic_int wrong;
    int pipe[2];
};

enum { THREADS = 8 };

static inline struct shared *share(void)
{
    struct shared *shared = mmap(NULL, sizeof(*shared), PROT_READ | PROT_WRITE, MAP_SHARED | MAP_ANONYMOUS, -1, 0);
    cr_assert_neq(shared, MAP_FAILED);
    return shared;
}

static inline pid_t start(struct shared *shared, int (*program)(struct shared *shared))
{
    pid_t test = getpid(), pid = fork();
    if (pid == 0) {
        prctl(PR_SET_PDEATHSIG, SIGKILL); /* a test that fails leaves nobody behind */
        _exit(getppid() == test ? program(shared) : 1);
    }
    while (atomic_load(&shared->ready) == 0)
        sched_yield();
    return pid;
}

static inline int end(struct shared *shared, pid_t pid)
{
    int status;
    atomic_store(&shared->stop, 1);
    cr_assert_eq(waitpid(pid, &status, 0), pid);
    return status;
}

static inline char *maps_of(pid_t pid)
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

/* The first line that differs. */
static inline bool same_maps(pid_t pid, const char *before, unsigned visit)
{
    char *after = maps_of(pid);
    const char *a = after, *b = before;
    for (; *a != '\0' && *a == *b; a++)
        b++;
    bool same = *a == *b;
    while (a > after && a[-1] != '\n') {
        a--;
        b--;
    }
    cr_expect(same, "after visit %u: %.300s\nnot: %.300s", visit, a, b);
    free(after);
    return same;
}

static inline size_t children_of(pid_t pid)
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

static inline void wait_for_state(pid_t pid, char state)
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

static inline void wait_for_steps(struct shared *shared, pid_t pid, unsigned long count)
{
    unsigned long steps = atomic_load(&shared->steps);
    int status = 0;
    while (atomic_load(&shared->steps) < steps + count) {
        cr_assert_eq(waitpid(pid, &status, WNOHANG), 0, "the program has ended: status %x", status);
        sched_yield();
    }
}

/* One visit: calls, and a snapshot where that is asked for. */
static inline bool visit(pid_t pid, bool fork, struct failure *why)
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
static __attribute__((noinline, unused)) unsigned long sum(unsigned long from)
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

static inline int counting(struct shared *shared)
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

static inline int counting_deaf(struct shared *shared)
{
    sigset_t all;
    sigfillset(&all);
    sigprocmask(SIG_SETMASK, &all, NULL);
    return counting(shared);
}

static inline void *count_in_thread(void *context)
{
    struct shared *shared = context;
    unsigned long first = sum(7);
    if (atomic_fetch_add(&shared->started, 1) == THREADS - 1)
        atomic_store(&shared->ready, 1);
    while (atomic_load(&shared->stop) == 0) {
        if (sum(7) != first)
            return context;
        atomic_fetch_add(&shared->steps, 1);
    }
    return NULL;
}

static inline int many_threads(struct shared *shared)
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

static inline void check_visits(int (*program)(struct shared *), unsigned visits)
{
    struct failure why = {0};
    struct shared *shared = share();
    pid_t pid = start(shared, program);
    char *before = maps_of(pid);
    for (unsigned i = 0; i < visits; i++)
        cr_assert(visit(pid, i % 4 == 0, &why), "visit %u: %s", i, why.sentence);
    cr_assert(same_maps(pid, before, visits));
    cr_assert_eq(children_of(pid), 0);
    cr_assert_eq(end(shared, pid), 0);
}

#endif

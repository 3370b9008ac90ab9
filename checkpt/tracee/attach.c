#include <errno.h>
#include <fcntl.h>
#include <sched.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <time.h>
#include <unistd.h>

#include "checkpt/proc/numbers.h"
#include "checkpt/proc/proc.h"
#include "checkpt/tracee/leftover.h"
#include "checkpt/tracee/refusal.h"
#include "checkpt/tracee/registers.h"
#include "checkpt/tracee/request.h"
#include "checkpt/tracee/stop.h"

/* linux/ptrace.h; a program's seccomp filter would judge our calls too */
#ifndef PTRACE_O_SUSPEND_SECCOMP
#define PTRACE_O_SUSPEND_SECCOMP (1 << 21)
#endif

enum {
    YIELDS = 200,          /* before waiting costs more than it saves */
    PATIENCE_MS = 3000,    /* for a thread that the kernel does not let go: one that waits for its vfork() child, or for a device */
    MORE_PATIENCE_MS = 30000, /* for one that only needs a processor, on a machine that has none to spare */
    ROUNDS = 100,          /* for a program that starts threads all the time; each round stops all that there are */
};

static bool stat_of(const struct tracee *tracee, pid_t tid, struct proc_stat *stat)
{
    char name[48];
    struct failure ignored;
    snprintf(name, sizeof(name), "task/%d/stat", tid);
    return proc_stat(tracee->directory, name, stat, &ignored);
}

/* In uninterruptible sleep. */
static bool is_held(const struct tracee *tracee, pid_t tid)
{
    struct proc_stat stat;
    return stat_of(tracee, tid, &stat) && stat.state == 'D';
}

static bool is_dead(const struct tracee *tracee, pid_t tid)
{
    struct proc_stat stat;
    return !stat_of(tracee, tid, &stat) || stat.state == 'Z' || stat.state == 'X';
}

static bool is_ours(const struct tracee *tracee, pid_t tid)
{
    char name[48];
    struct arena arena = {0};
    struct proc_status status;
    struct failure ignored;
    snprintf(name, sizeof(name), "task/%d/status", tid);
    bool ours = proc_status(tracee->directory, name, &arena, &status, &ignored) && status.tracer_pid == getpid();
    arena_deinit(&arena);
    return ours;
}

/* Only now that no thread makes calls of its own any more: those would go unfiltered too. It is for root only, and not for those under seccomp themselves. */
static void suspend_filters(struct tracee *tracee)
{
    unsigned more = tracee->options | PTRACE_O_SUSPEND_SECCOMP;
    for (size_t i = 0; i < tracee->thread_count; i++)
        if (tracee->threads[i].state == THREAD_STOPPED && request(PTRACE_SETOPTIONS, tracee->threads[i].tid, 0, more) != 0)
            return;
    tracee->options = more;
}

static bool add_thread(struct tracee *tracee, pid_t tid, int state, struct failure *why)
{
    if (tracee->thread_count == tracee->thread_capacity) {
        size_t capacity = tracee->thread_capacity == 0 ? 16 : tracee->thread_capacity * 2;
        struct thread *grown = reallocarray(tracee->threads, capacity, sizeof(*grown));
        if (grown == NULL)
            return failure_set(why, "process %d: no memory for its threads", tracee->pid);
        tracee->threads = grown;
        tracee->thread_capacity = capacity;
    }
    struct thread *thread = &tracee->threads[tracee->thread_count++];
    *thread = (struct thread){.tid = tid};
    thread->state = state;
    return true;
}

/* One that execve()s while we attach takes the leader's id, and is ours already. */
static bool seize_thread(struct tracee *tracee, pid_t tid, struct failure *why)
{
    bool seized = request(PTRACE_SEIZE, tid, 0, tracee->options) == 0;
    int error = errno;
    struct proc_stat stat;
    if (seized || (error == EPERM && tracee->thread_count > 0 && is_ours(tracee, tid))) {
        request(PTRACE_INTERRUPT, tid, 0, 0);
        return add_thread(tracee, tid, THREAD_RUNNING, why);
    }
    if (tid != tracee->pid && is_dead(tracee, tid))
        return true;
    if (tid == tracee->pid && stat_of(tracee, tid, &stat) && stat.state == 'Z' && stat.num_threads > 1)
        return add_thread(tracee, tid, THREAD_EXITED, why);
    return refusal_explain(tracee->pid, tid, tracee->directory, error, why);
}

static int by_tid(const void *left, const void *right)
{
    pid_t a = ((const struct thread *)left)->tid, b = ((const struct thread *)right)->tid;
    return (a > b) - (a < b);
}

static bool seize_new(struct tracee *tracee, size_t *new, struct failure *why)
{
    struct arena arena = {0};
    uint32_t *tids;
    size_t count, known = tracee->thread_count;
    bool fine = proc_numbers(tracee->directory, "task", &arena, &tids, &count, why);
    if (known > 1)
        qsort(tracee->threads, known, sizeof(*tracee->threads), by_tid);
    for (size_t i = 0; fine && i < count; i++) {
        struct thread key = {.tid = (pid_t)tids[i]};
        if (known == 0 || bsearch(&key, tracee->threads, known, sizeof(key), by_tid) == NULL)
            fine = seize_thread(tracee, key.tid, why);
    }
    arena_deinit(&arena);
    *new = tracee->thread_count - known;
    return fine;
}

static int64_t milliseconds(void)
{
    struct timespec now;
    clock_gettime(CLOCK_MONOTONIC, &now);
    return (int64_t)now.tv_sec * 1000 + now.tv_nsec / 1000000;
}

/* Most threads stop within microseconds, as soon as they get a processor: ours, it may be. */
static void let_others_run(unsigned turn)
{
    if (turn < YIELDS)
        sched_yield();
    else
        nanosleep(&(struct timespec){.tv_nsec = 200000}, NULL);
}

static bool wait_for_thread(struct tracee *tracee, struct thread *thread, int64_t deadline, struct failure *why)
{
    for (unsigned turn = 0; thread->state == THREAD_RUNNING; turn++) {
        struct stop stop = stop_poll(thread->tid);
        if (stop.kind == STOP_INTERRUPTED)
            thread->state = THREAD_STOPPED;
        else if (stop.kind == STOP_EXITED || (turn > YIELDS && is_dead(tracee, thread->tid)))
            thread->state = THREAD_EXITED;
        else if (stop.kind != STOP_NOT_YET)
            request(PTRACE_CONT, thread->tid, 0, stop.kind == STOP_SIGNAL ? (uint64_t)stop.signal : 0);
        else if (turn > YIELDS && milliseconds() > deadline && is_held(tracee, thread->tid))
            return failure_set(why, "process %d: thread %d has not stopped for %d seconds: it waits for a vfork() child or for a device; try again when it "
                                    "goes on", tracee->pid, thread->tid, PATIENCE_MS / 1000);
        else if (turn > YIELDS && milliseconds() > deadline + MORE_PATIENCE_MS - PATIENCE_MS)
            return failure_set(why, "process %d: thread %d has not stopped for %d seconds", tracee->pid, thread->tid, MORE_PATIENCE_MS / 1000);
        else
            let_others_run(turn);
    }
    return true;
}

/* A leader that has exited while others run stays in the list. */
static void drop_exited(struct tracee *tracee)
{
    size_t kept = 0;
    for (size_t i = 0; i < tracee->thread_count; i++) {
        struct proc_stat stat;
        const struct thread *thread = &tracee->threads[i];
        if (thread->state != THREAD_EXITED || (thread->tid == tracee->pid && stat_of(tracee, thread->tid, &stat) && stat.state == 'Z'))
            tracee->threads[kept++] = *thread;
    }
    tracee->thread_count = kept;
}

/* Whoever is not where we left it was killed, or is another one after an execve(). */
static bool load(struct tracee *tracee, bool *all, struct failure *why)
{
    *all = true;
    for (size_t i = 0; i < tracee->thread_count; i++) {
        struct thread *thread = &tracee->threads[i];
        if (thread->state != THREAD_STOPPED || registers_load(tracee, i, why))
            continue;
        if (request_pointer(PTRACE_GETREGS, thread->tid, 0, &thread->registers) == 0 || errno != ESRCH)
            return false;
        thread->state = THREAD_RUNNING;
        request(PTRACE_INTERRUPT, thread->tid, 0, 0);
        *all = false;
    }
    return true;
}

static bool stop_all(struct tracee *tracee, struct failure *why)
{
    int64_t deadline = milliseconds() + PATIENCE_MS;
    size_t new = 0;
    bool all = false;
    for (unsigned round = 0; round < ROUNDS; round++) {
        if (!seize_new(tracee, &new, why))
            return false;
        if (new == 0 && all)
            return true;
        for (size_t i = 0; i < tracee->thread_count; i++)
            if (!wait_for_thread(tracee, &tracee->threads[i], deadline, why))
                return false;
        drop_exited(tracee);
        if (!load(tracee, &all, why))
            return false;
    }
    return failure_set(why, "process %d: starts threads faster than they can be stopped", tracee->pid);
}

/* Threads on their way home from a tracer that was killed are let run for moments, until they are there: nothing of ours may lead back to them. */
static bool stop_all_at_home(struct tracee *tracee, struct failure *why)
{
    int64_t deadline = milliseconds() + PATIENCE_MS;
    for (long moment = 20000;; moment = moment < 5000000 ? moment * 2 : moment) {
        bool home = true;
        if (!stop_all(tracee, why))
            return false;
        for (size_t i = 0; i < tracee->thread_count; i++) {
            struct thread *thread = &tracee->threads[i];
            if (thread->state != THREAD_STOPPED || !leftover_is_run_by(tracee, thread))
                continue;
            home = false;
            if (request(PTRACE_CONT, thread->tid, 0, 0) == 0)
                thread->state = THREAD_RUNNING;
        }
        if (home)
            return true;
        if (milliseconds() > deadline)
            return failure_set(why, "process %d: has not come back yet from a freeze that was killed; try again in a moment", tracee->pid);
        nanosleep(&(struct timespec){.tv_nsec = moment}, NULL);
        for (size_t i = 0; i < tracee->thread_count; i++)
            if (tracee->threads[i].state == THREAD_RUNNING)
                request(PTRACE_INTERRUPT, tracee->threads[i].tid, 0, 0);
    }
}

static void leader_first(struct tracee *tracee)
{
    for (size_t i = 1; i < tracee->thread_count; i++)
        if (tracee->threads[i].tid == tracee->pid) {
            struct thread leader = tracee->threads[i];
            memmove(tracee->threads + 1, tracee->threads, i * sizeof(leader));
            tracee->threads[0] = leader;
        }
}

static bool open_memory(struct tracee *tracee, struct failure *why)
{
    const struct thread *thread = tracee_first_running(tracee);
    char name[48];
    if (thread == NULL)
        return failure_set(why, "process %d: has exited", tracee->pid);
    snprintf(name, sizeof(name), "task/%d", thread->tid);
    tracee->task = openat(tracee->directory, name, O_RDONLY | O_DIRECTORY | O_CLOEXEC);
    tracee->memory = openat(tracee->task, "mem", O_RDWR | O_CLOEXEC);
    return tracee->memory >= 0 || failure_errno(why, "process %d: opening its memory", tracee->pid);
}

/* Our code in it executes nothing, and starts no one but the snapshot. Whoever shares its memory could make it do so: nobody gets away from us by that. */
static bool keep_hold(struct tracee *tracee, struct failure *why)
{
    tracee->options |= PTRACE_O_TRACEEXEC | PTRACE_O_TRACECLONE | PTRACE_O_TRACEFORK | PTRACE_O_TRACEVFORK;
    for (size_t i = 0; i < tracee->thread_count; i++) {
        const struct thread *thread = &tracee->threads[i];
        if (thread->state == THREAD_STOPPED && request(PTRACE_SETOPTIONS, thread->tid, 0, tracee->options) != 0 && errno != ESRCH)
            return failure_errno(why, "thread %d: keeping hold of it", thread->tid);
    }
    return true;
}

bool tracee_attach(struct tracee *tracee, struct failure *why)
{
    if (!proc_open(tracee->pid, &tracee->directory, why))
        return false;
    tracee->options = PTRACE_O_TRACESYSGOOD;
    if (tracee->pid == getpid())
        refusal_explain(tracee->pid, tracee->pid, tracee->directory, EPERM, why);
    else if (stop_all_at_home(tracee, why)) {
        leader_first(tracee);
        if (open_memory(tracee, why) && keep_hold(tracee, why)) {
            suspend_filters(tracee);
            return true;
        }
    }
    tracee_detach(tracee);
    return false;
}

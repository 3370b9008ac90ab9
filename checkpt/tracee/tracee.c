#include "checkpt/tracee/state.h"

#include <errno.h>
#include <signal.h>
#include <stdio.h>
#include <stdlib.h>
#include <sys/wait.h>
#include <unistd.h>

#include "checkpt/tracee/request.h"
#include "checkpt/tracee/stop.h"

struct tracee *tracee_create(pid_t pid)
{
    struct tracee *tracee = calloc(1, sizeof(*tracee));
    if (tracee == NULL) {
        fputs("checkpt: out of memory\n", stderr);
        exit(1);
    }
    tracee->pid = pid;
    tracee->directory = tracee->task = tracee->memory = -1;
    return tracee;
}

void tracee_destroy(struct tracee *tracee)
{
    if (tracee == NULL)
        return;
    tracee_detach(tracee);
    free(tracee->threads);
    free(tracee);
}

static void forget(struct tracee *tracee)
{
    if (tracee->memory >= 0)
        close(tracee->memory);
    if (tracee->task >= 0)
        close(tracee->task);
    if (tracee->directory >= 0)
        close(tracee->directory);
    tracee->memory = tracee->task = tracee->directory = -1;
    tracee->thread_count = 0;
    tracee->scratch = 0;
    tracee->tail = 0;
    tracee->host = NULL;
    tracee->ignored_signals = 0;
    tracee->signals_asked = false;
    tracee->replaced = false;
}

/* A thread that was killed meanwhile waits for us to notice. The leader last: its end is the process's. */
void tracee_detach(struct tracee *tracee)
{
    struct failure ignored;
    if (tracee->host != NULL || tracee->tail != 0)
        tracee_calls_end(tracee, &ignored);
    for (size_t i = tracee->thread_count; i-- > 0;) {
        struct thread *thread = &tracee->threads[i];
        if (thread->state == THREAD_STOPPED && request(PTRACE_DETACH, thread->tid, 0, 0) != 0)
            stop_poll(thread->tid);
    }
    forget(tracee);
}

static void wait_until_gone(pid_t tid)
{
    while (stop_wait(tid).kind != STOP_EXITED)
        request(PTRACE_CONT, tid, 0, 0);
}

/* The leader last: its end comes when all others are gone. */
bool tracee_kill(struct tracee *tracee, struct failure *why)
{
    struct failure ignored;
    if (kill(tracee->pid, SIGKILL) != 0 && errno != ESRCH)
        return failure_errno(why, "process %d: ending it", tracee->pid);
    if (tracee->child != 0)
        tracee_reap(tracee, tracee->child, &ignored);
    for (size_t i = tracee->thread_count; i-- > 0;)
        wait_until_gone(tracee->threads[i].tid);
    forget(tracee);
    return true;
}

size_t tracee_thread_count(const struct tracee *tracee)
{
    return tracee->thread_count;
}

pid_t tracee_tid(const struct tracee *tracee, size_t thread)
{
    return tracee->threads[thread].tid;
}

bool tracee_leader_has_exited(const struct tracee *tracee)
{
    return tracee->thread_count > 0 && tracee->threads[0].state == THREAD_EXITED;
}

struct thread *tracee_first_running(const struct tracee *tracee)
{
    for (size_t i = 0; i < tracee->thread_count; i++)
        if (tracee->threads[i].state == THREAD_STOPPED)
            return &tracee->threads[i];
    return NULL;
}

struct thread *tracee_running_thread(const struct tracee *tracee, size_t thread, struct failure *why)
{
    if (thread >= tracee->thread_count) {
        failure_set(why, "process %d: not attached to its thread number %zu", tracee->pid, thread);
        return NULL;
    }
    if (tracee->threads[thread].state != THREAD_STOPPED) {
        failure_set(why, "thread %d: has exited", tracee->threads[thread].tid);
        return NULL;
    }
    return &tracee->threads[thread];
}

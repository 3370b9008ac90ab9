#include "checkpt/tracee/visit.h"

#include <signal.h>
#include <string.h>

#include "checkpt/tracee/request.h"

static bool set_mask(const struct thread *thread, uint64_t mask, struct failure *why)
{
    return request_pointer(PTRACE_SETSIGMASK, thread->tid, sizeof(mask), &mask) == 0 || failure_errno(why, "thread %d: setting its signal mask", thread->tid);
}

static bool set_registers(const struct thread *thread, const struct user_regs_struct *registers, struct failure *why)
{
    return request_pointer(PTRACE_SETREGS, thread->tid, 0, registers) == 0 || failure_errno(why, "thread %d: setting its registers", thread->tid);
}

bool visit_begin(struct thread *thread, const struct user_regs_struct *registers, int unblocked, struct failure *why)
{
    struct failure ignored;
    uint64_t mask = unblocked != 0 ? ~(1ull << (unblocked - 1)) : ~0ull;
    if (!set_registers(thread, registers, why))
        return false;
    if (set_mask(thread, mask, why))
        return true;
    set_registers(thread, &thread->registers, &ignored);
    return false;
}

static bool gone(struct tracee *tracee, struct thread *thread, struct failure *why)
{
    thread->state = THREAD_EXITED;
    return failure_set(why, "process %d: was killed meanwhile (thread %d)", tracee->pid, thread->tid);
}

bool visit_run(struct tracee *tracee, struct thread *thread, int how, struct stop *stop, struct failure *why)
{
    for (;;) {
        request(how, thread->tid, 0, 0);
        *stop = stop_wait(thread->tid);
        if (stop->kind == STOP_EXITED)
            return gone(tracee, thread, why);
        if (stop->kind == STOP_SIGNAL && stop->signal == SIGSTOP)
            tracee->stop_put_off = true;
        else if (stop->kind != STOP_INTERRUPTED)
            return true;
    }
}

bool visit_run_to_call(struct tracee *tracee, struct thread *thread, struct failure *why)
{
    struct stop stop;
    if (!visit_run(tracee, thread, PTRACE_SYSCALL, &stop, why))
        return false;
    return stop.kind == STOP_SYSCALL || failure_set(why, "thread %d: our code in it was stopped by signal %d (%s)", thread->tid, stop.signal, strsignal(stop.signal));
}

bool visit_end_at_signal(struct thread *thread, uint64_t signal_mask, struct failure *why)
{
    return set_mask(thread, signal_mask, why) && set_registers(thread, &thread->registers, why);
}

/* The kernel looks at an interrupted call's registers, to make it again, behind the stop of PTRACE_INTERRUPT: they must be the program's by then. */
bool visit_end(struct tracee *tracee, struct thread *thread, uint64_t signal_mask, struct failure *why)
{
    struct stop stop;
    request(PTRACE_INTERRUPT, thread->tid, 0, 0);
    do {
        request(PTRACE_CONT, thread->tid, 0, 0);
        stop = stop_wait(thread->tid);
        if (stop.kind == STOP_EXITED)
            return gone(tracee, thread, why);
        if (stop.kind == STOP_SIGNAL && stop.signal == SIGSTOP)
            tracee->stop_put_off = true;
    } while (stop.kind != STOP_INTERRUPTED);
    return visit_end_at_signal(thread, signal_mask, why);
}

bool visit_for_call(struct tracee *tracee, struct thread *thread, const struct user_regs_struct *registers, uint64_t signal_mask, int64_t *result,
                    struct failure *why)
{
    struct user_regs_struct now;
    struct failure ignored;
    if (!visit_begin(thread, registers, 0, why))
        return false;
    bool done = visit_run_to_call(tracee, thread, why) && visit_run_to_call(tracee, thread, why);
    if (done && request_pointer(PTRACE_GETREGS, thread->tid, 0, &now) != 0)
        done = failure_errno(why, "thread %d: reading its registers", thread->tid);
    if (done)
        *result = (int64_t)now.rax;
    if (thread->state != THREAD_STOPPED)
        return false;
    return visit_end(tracee, thread, signal_mask, done ? why : &ignored) && done;
}

#include "checkpt/tracee/visit.h"

#include <signal.h>
#include <string.h>

#include "checkpt/arch/x86_64/restart.h"
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
    uint64_t mask = unblocked != 0 ? ~(1ull << (unblocked - 1)) : ~0ull;
    if (!set_registers(thread, registers, why))
        return false;
    thread->away = true;
    return set_mask(thread, mask, why);
}

bool visit_go_on(struct thread *thread, const struct user_regs_struct *registers, struct failure *why)
{
    return set_registers(thread, registers, why);
}

/* Somebody who shares the program's memory, and is not stopped, has changed our code there. What came of it may have other rights than the program had. */
static bool replaced(struct tracee *tracee, struct failure *why)
{
    tracee->replaced = true;
    return failure_set(why, "process %d: has become another program meanwhile", tracee->pid);
}

static bool gone(struct tracee *tracee, struct thread *thread, struct failure *why)
{
    thread->state = THREAD_EXITED;
    return failure_set(why, "process %d: was killed meanwhile (thread %d)", tracee->pid, thread->tid);
}

/* A SIGSTOP is let through: the thread stops with all others, once more for us, and is made to go on; the kernel knows that the program is stopped. */
static bool run(struct tracee *tracee, struct thread *thread, int how, int *deliver, struct stop *stop, struct failure *why)
{
    if (request(how, thread->tid, 0, (uint64_t)*deliver) != 0)
        return failure_errno(why, "thread %d: letting it run", thread->tid);
    *stop = stop_wait(thread->tid);
    *deliver = stop->kind == STOP_SIGNAL && stop->signal == SIGSTOP ? SIGSTOP : 0;
    if (stop->kind == STOP_EXEC)
        return replaced(tracee, why);
    return stop->kind != STOP_EXITED || gone(tracee, thread, why);
}

bool visit_run(struct tracee *tracee, struct thread *thread, int how, struct stop *stop, struct failure *why)
{
    int deliver = 0;
    do {
        if (!run(tracee, thread, how, &deliver, stop, why))
            return false;
    } while (deliver != 0 || stop->kind == STOP_INTERRUPTED);
    return true;
}

static bool run_to_call(struct tracee *tracee, struct thread *thread, struct failure *why)
{
    struct stop stop;
    if (!visit_run(tracee, thread, PTRACE_SYSCALL, &stop, why))
        return false;
    return stop.kind == STOP_SYSCALL || failure_set(why, "thread %d: our code in it was stopped by signal %d (%s)", thread->tid, stop.signal, strsignal(stop.signal));
}

/* One that job control interrupts is made again by the kernel. */
bool visit_run_call(struct tracee *tracee, struct thread *thread, int64_t *result, struct failure *why)
{
    struct user_regs_struct now;
    do {
        if (!run_to_call(tracee, thread, why) || !run_to_call(tracee, thread, why))
            return false;
        if (request_pointer(PTRACE_GETREGS, thread->tid, 0, &now) != 0)
            return failure_errno(why, "thread %d: reading its registers", thread->tid);
    } while (restart_is_pending(&now));
    *result = (int64_t)now.rax;
    return true;
}

bool visit_end_at_signal(struct thread *thread, struct failure *why)
{
    if (!set_mask(thread, thread->mask, why) || !set_registers(thread, &thread->registers, why))
        return false;
    thread->away = false;
    return true;
}

/* The kernel looks at an interrupted call's registers, to make it again, behind the stop of PTRACE_INTERRUPT: they must be the program's by then. */
bool visit_end(struct tracee *tracee, struct thread *thread, struct failure *why)
{
    struct stop stop;
    int deliver = 0;
    if (request(PTRACE_INTERRUPT, thread->tid, 0, 0) != 0)
        return failure_errno(why, "thread %d: stopping it", thread->tid);
    do {
        if (!run(tracee, thread, PTRACE_CONT, &deliver, &stop, why))
            return false;
    } while (stop.kind != STOP_INTERRUPTED);
    return visit_end_at_signal(thread, why);
}

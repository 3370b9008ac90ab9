/* Many calls in one stop: their end shows itself by a signal that the thread sends itself. It is one that does nothing in this program and that the thread does not
 * block: should we be gone by then, it is as if it had not been sent, and one of the program's own that comes meanwhile may be dropped. Where there is
 * no such signal, each call takes two stops. */
#include <signal.h>
#include <string.h>

#include "checkpt/proc/proc.h"
#include "checkpt/tracee/request.h"
#include "checkpt/tracee/visit.h"

static uint64_t bit(int signal)
{
    return 1ull << (signal - 1);
}

/* Sending one of these has effects beside its delivery. */
static uint64_t unfit(void)
{
    return bit(SIGKILL) | bit(SIGSTOP) | bit(SIGCONT) | bit(SIGTSTP) | bit(SIGTTIN) | bit(SIGTTOU) | bit(SIGSEGV) | bit(SIGBUS) | bit(SIGILL) | bit(SIGFPE) |
           bit(SIGTRAP) | bit(SIGSYS);
}

static uint64_t ignored_signals(struct tracee *tracee)
{
    struct arena arena = {0};
    struct proc_status status;
    struct failure ignored;
    if (tracee->ignored_signals == 0 && proc_status(tracee->directory, "status", &arena, &status, &ignored))
        tracee->ignored_signals = (status.sig_ignored | bit(SIGURG) | bit(SIGWINCH) | bit(SIGCHLD)) & ~status.sig_caught & ~unfit();
    arena_deinit(&arena);
    return tracee->ignored_signals;
}

/* 0: none. */
static int choose_signal(struct tracee *tracee, uint64_t mask)
{
    uint64_t fit = ignored_signals(tracee) & ~mask;
    if ((fit & bit(SIGURG)) != 0)
        return SIGURG;
    return fit != 0 ? __builtin_ctzll(fit) + 1 : 0;
}

static bool run_batch(struct tracee *tracee, struct thread *thread, size_t count, uint64_t mask, int signal, struct failure *why)
{
    struct user_regs_struct registers = thread->registers;
    struct failure ignored;
    inject_enter_batch(&registers, tracee->scratch, count, signal);
    if (!visit_begin(thread, &registers, signal, why))
        return false;
    for (;;) {
        struct stop stop;
        if (!visit_run(tracee, thread, PTRACE_CONT, &stop, why))
            return false;
        if (request_pointer(PTRACE_GETREGS, thread->tid, 0, &registers) == 0 && stop.kind == STOP_SIGNAL && stop.signal == signal) {
            if (inject_batch_is_over(&registers, tracee->scratch))
                return visit_end_at_signal(thread, mask, why);
            continue;
        }
        failure_set(why, "thread %d: our code in it was stopped by signal %d (%s)", thread->tid, stop.signal, strsignal(stop.signal));
        visit_end_at_signal(thread, mask, &ignored);
        return false;
    }
}

static bool batch(struct tracee *tracee, struct thread *thread, struct inject_call *calls, size_t count, uint64_t mask, int signal, struct failure *why)
{
    uint64_t place = tracee->scratch + INJECT_CALLS;
    return tracee_write(tracee, place, calls, count * sizeof(*calls), why) && run_batch(tracee, thread, count, mask, signal, why) &&
           tracee_read(tracee, place, calls, count * sizeof(*calls), why);
}

static bool one_by_one(struct tracee *tracee, struct thread *thread, struct inject_call *calls, size_t count, uint64_t mask, struct failure *why)
{
    for (size_t i = 0; i < count; i++) {
        struct user_regs_struct registers = thread->registers;
        inject_enter_single(&registers, tracee->scratch, &calls[i]);
        if (!visit_for_call(tracee, thread, &registers, mask, &calls[i].result, why))
            return false;
    }
    return true;
}

static bool some(struct tracee *tracee, struct thread *thread, struct tracee_call *calls, size_t count, uint64_t mask, struct failure *why)
{
    struct inject_call copy[INJECT_CALLS_MAX];
    int signal = choose_signal(tracee, mask);
    for (size_t i = 0; i < count; i++) {
        copy[i] = (struct inject_call){.number = (uint64_t)calls[i].number};
        memcpy(copy[i].arguments, calls[i].arguments, sizeof(copy[i].arguments));
    }
    if (signal != 0 ? !batch(tracee, thread, copy, count, mask, signal, why) : !one_by_one(tracee, thread, copy, count, mask, why))
        return false;
    for (size_t i = 0; i < count; i++)
        calls[i].result = copy[i].result;
    return true;
}

bool tracee_calls(struct tracee *tracee, size_t n, struct tracee_call *calls, size_t count, struct failure *why)
{
    struct thread *thread = tracee_running_thread(tracee, n, why);
    struct inject_frame frame;
    uint64_t mask;
    if (thread == NULL || !tracee_signal_mask(tracee, n, &mask, why))
        return false;
    inject_frame_build(&frame, &thread->registers, mask);
    if (!tracee_write(tracee, tracee->scratch + INJECT_CONTROL, &frame, sizeof(frame), why))
        return false;
    for (size_t done = 0; done < count;) {
        size_t part = count - done < INJECT_CALLS_MAX ? count - done : INJECT_CALLS_MAX;
        if (!some(tracee, thread, calls + done, part, mask, why))
            return false;
        done += part;
    }
    return true;
}

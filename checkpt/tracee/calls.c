/* Many calls in one stop: their end shows itself by a signal that the thread sends itself. It is one that does nothing in this program and that the thread does not
 * block: should we be gone by then, it is as if it had not been sent, and one of the program's own that comes meanwhile may be dropped. Where there is
 * no such signal, each call takes two stops. */
#include <signal.h>
#include <stddef.h>
#include <string.h>

#include "checkpt/proc/proc.h"
#include "checkpt/tracee/request.h"
#include "checkpt/tracee/tail.h"
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

/* Asked once: a thread that is away has its signals blocked but for the one that was chosen then. Where the answer is not to be had there are none. */
static uint64_t ignored_signals(struct tracee *tracee)
{
    struct arena arena = {0};
    struct proc_status status;
    struct failure ignored;
    if (!tracee->signals_asked && proc_status(tracee->directory, "status", &arena, &status, &ignored))
        tracee->ignored_signals = (status.sig_ignored | bit(SIGURG) | bit(SIGWINCH) | bit(SIGCHLD)) & ~status.sig_caught & ~unfit();
    tracee->signals_asked = true;
    arena_deinit(&arena);
    return tracee->ignored_signals;
}

int tracee_batch_signal(struct tracee *tracee, const struct thread *thread)
{
    uint64_t fit = ignored_signals(tracee) & ~thread->mask;
    if ((fit & bit(SIGURG)) != 0)
        return SIGURG;
    return fit != 0 ? __builtin_ctzll(fit) + 1 : 0;
}

static enum inject_role role_of(const struct tracee *tracee, const struct thread *thread)
{
    return thread == tracee->host ? INJECT_HOST : INJECT_GUEST;
}

/* What the scratch area holds for a batch, from INJECT_LEFT on. */
struct control {
    uint64_t left;
    char unused[INJECT_CALLS - INJECT_LEFT - sizeof(uint64_t)];
    struct inject_call calls[INJECT_CALLS_MAX];
};
_Static_assert(offsetof(struct control, calls) == INJECT_CALLS - INJECT_LEFT, "calls lie where the loop looks for them");

static bool run_batch(struct tracee *tracee, struct thread *thread, size_t count, int signal, struct failure *why)
{
    struct user_regs_struct registers = thread->registers;
    enum inject_role role = role_of(tracee, thread);
    inject_enter_batch(&registers, tracee->tail, tracee->scratch, role, count, signal);
    if (role == INJECT_HOST ? !visit_go_on(thread, &registers, why)
                            : !visit_begin(thread, &registers, signal, why) || !tail_admit_guest(tracee, why))
        return false;
    for (;;) {
        struct stop stop;
        if (!visit_run(tracee, thread, PTRACE_CONT, &stop, why))
            return false;
        if (request_pointer(PTRACE_GETREGS, thread->tid, 0, &registers) != 0 || stop.kind != STOP_SIGNAL || stop.signal != signal)
            return failure_set(why, "thread %d: our code in it was stopped by signal %d (%s)", thread->tid, stop.signal, strsignal(stop.signal));
        if (inject_batch_is_over(&registers, tracee->tail, role))
            return role == INJECT_HOST || visit_end_at_signal(thread, why);
    }
}

static bool batch(struct tracee *tracee, struct thread *thread, struct control *control, size_t count, int signal, struct failure *why)
{
    size_t size = count * sizeof(*control->calls);
    control->left = role_of(tracee, thread) == INJECT_HOST; /* the last guest has */
    return tracee_write(tracee, tracee->scratch + INJECT_LEFT, control, offsetof(struct control, calls) + size, why) &&
           run_batch(tracee, thread, count, signal, why) && tracee_read(tracee, tracee->scratch + INJECT_CALLS, control->calls, size, why);
}

static bool single(struct tracee *tracee, struct thread *thread, struct inject_call *call, struct failure *why)
{
    struct user_regs_struct registers = thread->registers;
    if (role_of(tracee, thread) == INJECT_HOST) {
        inject_enter_call(&registers, tracee->tail, tracee->scratch, call);
        return visit_go_on(thread, &registers, why) && visit_run_call(tracee, thread, &call->result, why);
    }
    inject_enter_single(&registers, tracee->tail, call);
    return visit_begin(thread, &registers, 0, why) && visit_run_call(tracee, thread, &call->result, why) && visit_end(tracee, thread, why);
}

static bool some(struct tracee *tracee, struct thread *thread, struct tracee_call *calls, size_t count, struct failure *why)
{
    struct control control = {0};
    int signal = tracee_batch_signal(tracee, thread);
    for (size_t i = 0; i < count; i++) {
        control.calls[i].number = (uint64_t)calls[i].number;
        memcpy(control.calls[i].arguments, calls[i].arguments, sizeof(control.calls[i].arguments));
    }
    bool done = role_of(tracee, thread) == INJECT_HOST || tail_write_frame(tracee, thread, INJECT_GUEST, why);
    if (done && signal != 0)
        done = batch(tracee, thread, &control, count, signal, why);
    for (size_t i = 0; i < count && done && signal == 0; i++)
        done = single(tracee, thread, &control.calls[i], why);
    for (size_t i = 0; i < count && done; i++)
        calls[i].result = control.calls[i].result;
    return done;
}

bool tracee_calls(struct tracee *tracee, size_t n, struct tracee_call *calls, size_t count, struct failure *why)
{
    struct thread *thread = tracee_running_thread(tracee, n, why);
    if (thread == NULL)
        return false;
    if (thread != tracee->host && !tracee_signal_mask(tracee, n, &thread->mask, why))
        return false;
    for (size_t done = 0; done < count;) {
        size_t part = count - done < INJECT_CALLS_MAX ? count - done : INJECT_CALLS_MAX;
        if (!some(tracee, thread, calls + done, part, why))
            return false;
        done += part;
    }
    return true;
}

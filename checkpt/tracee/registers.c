#include "checkpt/tracee/registers.h"

#include <elf.h>
#include <signal.h>
#include <stdlib.h>
#include <sys/uio.h>

#include "checkpt/tracee/request.h"
#include "checkpt/tracee/rseq.h"

/* A signal that is about to be delivered is why the call gave up; those are pending still, for a tracer's stop comes first. */
static bool signal_waits(struct tracee *tracee, size_t thread, bool shared, uint64_t mask)
{
    void *siginfo;
    size_t count;
    struct failure ignored;
    if (!tracee_pending_signals(tracee, thread, shared, &siginfo, &count, &ignored))
        return true;
    bool found = false;
    for (size_t i = 0; i < count; i++)
        found = found || (mask >> (((siginfo_t *)siginfo)[i].si_signo - 1) & 1) == 0;
    free(siginfo);
    return found;
}

static bool redo_interrupted(struct tracee *tracee, size_t thread, struct failure *why)
{
    struct thread *stopped = &tracee->threads[thread];
    struct user_regs_struct registers = stopped->registers;
    bool masks_signals;
    uint64_t mask;
    if (!inject_redo_interrupted(&registers, &masks_signals))
        return true;
    if (!tracee_signal_mask(tracee, thread, &mask, why))
        return false;
    if (masks_signals) /* the mask in force is not to be had from outside */
        mask = 0;
    if (signal_waits(tracee, thread, false, mask) || signal_waits(tracee, thread, true, mask))
        return true;
    if (request_pointer(PTRACE_SETREGS, stopped->tid, 0, &registers) != 0)
        return failure_errno(why, "thread %d: setting its registers", stopped->tid);
    stopped->registers = registers;
    return true;
}

bool registers_load(struct tracee *tracee, size_t thread, struct failure *why)
{
    struct thread *stopped = &tracee->threads[thread];
    if (request_pointer(PTRACE_GETREGS, stopped->tid, 0, &stopped->registers) != 0)
        return failure_errno(why, "thread %d: reading its registers", stopped->tid);
    if (!inject_is_native(&stopped->registers))
        return failure_set(why, "process %d: runs 32-bit code (thread %d): only 64-bit programs can be frozen", tracee->pid, stopped->tid);
    return rseq_abort(tracee, stopped, why) && redo_interrupted(tracee, thread, why);
}

bool tracee_registers(const struct tracee *tracee, size_t thread, struct user_regs_struct *registers, struct failure *why)
{
    const struct thread *running = tracee_running_thread(tracee, thread, why);
    if (running == NULL)
        return false;
    *registers = running->registers;
    return true;
}

enum { XSAVE_MAX = 65536 }; /* with AMX tiles about 11,000 */

bool tracee_xsave(const struct tracee *tracee, size_t thread, void **area, size_t *size, struct failure *why)
{
    const struct thread *running = tracee_running_thread(tracee, thread, why);
    if (running == NULL)
        return false;
    struct iovec buffer = {malloc(XSAVE_MAX), XSAVE_MAX};
    if (buffer.iov_base == NULL)
        return failure_set(why, "thread %d: no memory for its registers", running->tid);
    if (request_pointer(PTRACE_GETREGSET, running->tid, NT_X86_XSTATE, &buffer) != 0) {
        failure_errno(why, "thread %d: reading its floating-point and vector registers", running->tid);
        free(buffer.iov_base);
        return false;
    }
    void *fitting = realloc(buffer.iov_base, buffer.iov_len);
    *area = fitting != NULL ? fitting : buffer.iov_base;
    *size = buffer.iov_len;
    return true;
}

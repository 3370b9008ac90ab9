#include <signal.h>
#include <stdlib.h>

#include "checkpt/tracee/request.h"
#include "checkpt/tracee/state.h"

bool tracee_signal_mask(const struct tracee *tracee, size_t thread, uint64_t *mask, struct failure *why)
{
    const struct thread *running = tracee_running_thread(tracee, thread, why);
    if (running == NULL)
        return false;
    if (running->away) {
        *mask = running->mask;
        return true;
    }
    uint64_t found = 0;
    if (request_pointer(PTRACE_GETSIGMASK, running->tid, sizeof(found), &found) != 0)
        return failure_errno(why, "thread %d: reading its signal mask", running->tid);
    *mask = found;
    return true;
}

enum { AT_ONCE = 32 };

bool tracee_pending_signals(const struct tracee *tracee, size_t thread, bool shared, void **siginfo, size_t *count, struct failure *why)
{
    const struct thread *running = tracee_running_thread(tracee, thread, why);
    if (running == NULL)
        return false;
    struct __ptrace_peeksiginfo_args args = {.flags = shared ? REQUEST_PEEKSIGINFO_SHARED : 0, .nr = AT_ONCE};
    siginfo_t *list = NULL;
    long n;
    do {
        siginfo_t *grown = reallocarray(list, args.off + AT_ONCE, sizeof(*list));
        if (grown == NULL) {
            free(list);
            return failure_set(why, "thread %d: no memory for its %llu pending signals", running->tid, (unsigned long long)args.off);
        }
        list = grown;
        n = request_pointer(PTRACE_PEEKSIGINFO, running->tid, (uint64_t)(uintptr_t)&args, list + args.off);
        if (n < 0) {
            failure_errno(why, "thread %d: reading its pending signals", running->tid);
            free(list);
            return false;
        }
        args.off += (unsigned long)n;
    } while (n == AT_ONCE);
    *siginfo = list;
    *count = args.off;
    return true;
}

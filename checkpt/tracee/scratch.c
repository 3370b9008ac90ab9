#include <errno.h>
#include <sys/mman.h>
#include <sys/syscall.h>

#include "checkpt/tracee/request.h"
#include "checkpt/tracee/tail.h"
#include "checkpt/tracee/visit.h"

_Static_assert(TRACEE_SCRATCH_SIZE == INJECT_DATA_SIZE, "the caller's part of the scratch area");

static bool check(const struct tracee *tracee, int64_t result, const char *what, struct failure *why)
{
    if (result >= 0)
        return true;
    errno = (int)-result;
    return failure_errno(why, "process %d: %s", tracee->pid, what);
}

static bool choose_host(struct tracee *tracee, struct failure *why)
{
    struct thread *thread = tracee_first_running(tracee);
    if (thread == NULL)
        return failure_set(why, "process %d: has exited", tracee->pid);
    if (!tracee_signal_mask(tracee, (size_t)(thread - tracee->threads), &thread->mask, why) || !tail_write(tracee, why) ||
        !tail_write_frame(tracee, thread, INJECT_HOST, why))
        return false;
    tracee->host = thread;
    return true;
}

static bool map(struct tracee *tracee, struct failure *why)
{
    struct user_regs_struct registers = tracee->host->registers;
    int64_t result;
    inject_enter_map(&registers, tracee->tail);
    if (!visit_begin(tracee->host, &registers, tracee_batch_signal(tracee, tracee->host), why) || !visit_run_call(tracee, tracee->host, &result, why) ||
        !check(tracee, result, "mapping memory in it for our system calls", why))
        return false;
    tracee->scratch = (uint64_t)result;
    return true;
}

static bool make_writable(struct tracee *tracee, struct failure *why)
{
    const struct inject_call protect = {SYS_mprotect, {tracee->scratch + INJECT_CONTROL, INJECT_DATA - INJECT_CONTROL + INJECT_DATA_SIZE, PROT_READ | PROT_WRITE}, 0};
    struct user_regs_struct registers = tracee->host->registers;
    int64_t result;
    inject_enter_call(&registers, tracee->tail, tracee->scratch, &protect);
    return visit_go_on(tracee->host, &registers, why) && visit_run_call(tracee, tracee->host, &result, why) &&
           check(tracee, result, "making that memory writable", why);
}

/* Of a thread that has its system calls turned into signals ours would be too. Before 6.4 the kernel does not tell. */
static bool is_dispatched(const struct thread *thread)
{
    enum { OFF = 0 };
    struct {
        uint64_t mode, selector, offset, length;
    } dispatch = {OFF, 0, 0, 0};
    return thread->state == THREAD_STOPPED && request_pointer(REQUEST_GET_SYSCALL_USER_DISPATCH, thread->tid, sizeof(dispatch), &dispatch) == 0 &&
           dispatch.mode != OFF;
}

static bool may_call(const struct tracee *tracee, struct failure *why)
{
    for (size_t i = 0; i < tracee->thread_count; i++)
        if (is_dispatched(&tracee->threads[i]))
            return failure_set(why, "thread %d: handles its system calls by itself (PR_SET_SYSCALL_USER_DISPATCH), as emulators do, which cannot be saved yet",
                               tracee->threads[i].tid);
    return true;
}

bool tracee_calls_begin(struct tracee *tracee, struct failure *why)
{
    return may_call(tracee, why) && choose_host(tracee, why) && map(tracee, why) &&
           tracee_write(tracee, tracee->scratch, inject_batch, (size_t)(inject_batch_end - inject_batch), why) && make_writable(tracee, why);
}

static bool unmap(struct tracee *tracee, struct failure *why)
{
    struct user_regs_struct registers = tracee->host->registers;
    int64_t result;
    inject_enter_guard(&registers, tracee->tail, tracee->scratch);
    return visit_go_on(tracee->host, &registers, why) && visit_run_call(tracee, tracee->host, &result, why) &&
           check(tracee, result, "unmapping the memory of our system calls", why);
}

static const struct thread *first_away(const struct tracee *tracee)
{
    for (size_t i = 0; i < tracee->thread_count; i++)
        if (tracee->threads[i].away && &tracee->threads[i] != tracee->host)
            return &tracee->threads[i];
    return NULL;
}

/* A guest that could not be brought home goes there by itself; the host, which then waits for it, likewise, and when bringing it home fails in the middle. */
bool tracee_calls_end(struct tracee *tracee, struct failure *why)
{
    const struct thread *away = first_away(tracee);
    struct thread *host = tracee->host;
    uint64_t scratch = tracee->scratch;
    if (tracee->replaced)
        return failure_set(why, "process %d: has become another program", tracee->pid);
    if (away != NULL)
        return failure_set(why, "thread %d: could not be brought back, and comes by itself", away->tid);
    bool home = host == NULL || !host->away || ((scratch == 0 || unmap(tracee, why)) && visit_end(tracee, host, why));
    tracee->host = NULL;
    tracee->scratch = 0;
    return home && tail_remove(tracee, why);
}

uint64_t tracee_scratch(const struct tracee *tracee)
{
    return tracee->scratch + INJECT_DATA;
}

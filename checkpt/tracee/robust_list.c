#include <linux/futex.h>
#include <sys/syscall.h>
#include <unistd.h>

#include "checkpt/tracee/state.h"

bool tracee_robust_list(const struct tracee *tracee, size_t thread, uint64_t *head, uint64_t *length, struct failure *why)
{
    const struct thread *running = tracee_running_thread(tracee, thread, why);
    if (running == NULL)
        return false;
    struct robust_list_head *found;
    size_t size;
    if (syscall(SYS_get_robust_list, running->tid, &found, &size) != 0)
        return failure_errno(why, "thread %d: asking for its list of robust mutexes", running->tid);
    *head = (uint64_t)(uintptr_t)found;
    *length = size;
    return true;
}

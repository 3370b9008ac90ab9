#include <errno.h>
#include <linux/filter.h>
#include <linux/seccomp.h>
#include <stdlib.h>

#include "checkpt/tracee/request.h"
#include "checkpt/tracee/state.h"

/* struct seccomp_metadata of linux/ptrace.h */
struct metadata {
    uint64_t index, flags;
};

static bool refuse(pid_t tid, struct failure *why)
{
    if (errno == EACCES)
        return failure_set(why, "thread %d: reading the filters of its system calls (seccomp) takes CAP_SYS_ADMIN, and no such filters of one's own", tid);
    return failure_errno(why, "thread %d: reading the filters of its system calls (seccomp)%s", tid,
                         errno == EIO ? "; the kernel needs CONFIG_CHECKPOINT_RESTORE and CONFIG_SECCOMP_FILTER" : "");
}

bool tracee_filter(const struct tracee *tracee, size_t thread, size_t index, struct tracee_filter *filter, struct failure *why)
{
    const struct thread *running = tracee_running_thread(tracee, thread, why);
    struct metadata metadata = {.index = index};
    *filter = (struct tracee_filter){0};
    if (running == NULL)
        return false;
    long count = request(REQUEST_SECCOMP_GET_FILTER, running->tid, index, 0);
    if (count < 0)
        return errno == ENOENT || refuse(running->tid, why);
    size_t size = (size_t)count * sizeof(struct sock_filter);
    void *code = malloc(size + 1);
    if (code == NULL)
        return failure_set(why, "thread %d: no memory for the filters of its system calls", running->tid);
    if (request_pointer(REQUEST_SECCOMP_GET_FILTER, running->tid, index, code) != count) {
        free(code);
        return refuse(running->tid, why);
    }
    bool known = request_pointer(REQUEST_SECCOMP_GET_METADATA, running->tid, sizeof(metadata), &metadata) >= 0;
    *filter = (struct tracee_filter){code, size, known && (metadata.flags & SECCOMP_FILTER_FLAG_LOG) != 0};
    return true;
}

#include "checkpt/tracee/rseq.h"

#include <errno.h>

#include "checkpt/tracee/request.h"

/* include/uapi/linux/ptrace.h */
struct configuration {
    uint64_t address;
    uint32_t size, signature, flags, pad;
};
/* include/uapi/linux/rseq.h */
struct critical_section {
    uint32_t version, flags;
    uint64_t start, length, abort;
};
enum { SECTION_POINTER = 8 }; /* offset of rseq_cs in struct rseq */

static bool configuration(pid_t tid, struct configuration *found, struct failure *why)
{
    long n = request_pointer(REQUEST_GET_RSEQ_CONFIGURATION, tid, sizeof(*found), found);
    if (n < 0 && errno == EIO) { /* a kernel without rseq(2) */
        *found = (struct configuration){0};
        return true;
    }
    return n >= 0 || failure_errno(why, "thread %d: asking for its restartable sequences", tid);
}

bool tracee_rseq(const struct tracee *tracee, size_t thread, struct tracee_rseq *rseq, struct failure *why)
{
    const struct thread *running = tracee_running_thread(tracee, thread, why);
    struct configuration found;
    if (running == NULL || !configuration(running->tid, &found, why))
        return false;
    *rseq = (struct tracee_rseq){0};
    if (found.address != 0)
        *rseq = (struct tracee_rseq){.address = found.address, .size = found.size, .signature = found.signature, .flags = found.flags};
    return true;
}

bool rseq_abort(const struct tracee *tracee, struct thread *thread, struct failure *why)
{
    struct configuration found;
    struct critical_section section;
    uint64_t address;
    if ((int64_t)thread->registers.orig_rax >= 0) /* system calls are not allowed in one */
        return true;
    if (!configuration(thread->tid, &found, why))
        return false;
    if (found.address == 0)
        return true;
    /* What is not readable is the program's own fault, and the kernel's to punish. */
    struct failure ignored;
    if (!tracee_read(tracee, found.address + SECTION_POINTER, &address, sizeof(address), &ignored) || address == 0 ||
        !tracee_read(tracee, address, &section, sizeof(section), &ignored))
        return true;
    if (thread->registers.rip - section.start < section.length)
        thread->registers.rip = section.abort;
    return true;
}

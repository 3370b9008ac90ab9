#include <errno.h>
#include <string.h>
#include <sys/uio.h>
#include <unistd.h>

#include "checkpt/tracee/request.h"
#include "checkpt/tracee/state.h"

typedef ssize_t vm_copy(pid_t pid, const struct iovec *local, unsigned long local_count, const struct iovec *remote, unsigned long remote_count,
                        unsigned long flags);

/* As far as it goes: it stops at memory that the program itself could not use so. */
static size_t copy_directly(pid_t tid, vm_copy *copy, uint64_t address, void *buffer, size_t length)
{
    size_t done = 0;
    while (done < length) {
        struct iovec local = {(char *)buffer + done, length - done}, remote = {(void *)(uintptr_t)(address + done), length - done};
        ssize_t n = copy(tid, &local, 1, &remote, 1, 0);
        if (n <= 0)
            break;
        done += (size_t)n;
    }
    return done;
}

/* A thread that runs: a leader that has exited has no memory any more. */
static pid_t thread_with_memory(const struct tracee *tracee)
{
    const struct thread *thread = tracee_first_running(tracee);
    return thread != NULL ? thread->tid : tracee->pid;
}

bool tracee_read(const struct tracee *tracee, uint64_t address, void *buffer, size_t length, struct failure *why)
{
    size_t done = copy_directly(thread_with_memory(tracee), process_vm_readv, address, buffer, length);
    while (done < length) {
        ssize_t n = pread(tracee->memory, (char *)buffer + done, length - done, (off_t)(address + done));
        if (n < 0 && errno == EINTR)
            continue;
        if (n == 0)
            return failure_set(why, "process %d: reading %zu bytes of its memory at %#llx: it has exited", tracee->pid, length, (unsigned long long)address);
        if (n < 0)
            return failure_errno(why, "process %d: reading %zu bytes of its memory at %#llx", tracee->pid, length, (unsigned long long)(address + done));
        done += (size_t)n;
    }
    return true;
}

/* Reaches read-only private memory, where /proc/PID/mem may have been told not to (proc_mem.force_override=). */
static bool poke(pid_t tid, uint64_t address, const unsigned char *data, size_t length)
{
    for (size_t done = 0; done < length;) {
        uint64_t word_address = (address + done) & ~7ull, offset = (address + done) & 7;
        size_t part = 8 - offset < length - done ? 8 - offset : length - done;
        errno = 0;
        long word = part < 8 ? ptrace(PTRACE_PEEKDATA, tid, (void *)(uintptr_t)word_address, NULL) : 0;
        if (errno != 0)
            return false;
        memcpy((char *)&word + offset, data + done, part);
        if (request(PTRACE_POKEDATA, tid, word_address, (uint64_t)word) != 0)
            return false;
        done += part;
    }
    return true;
}

bool tracee_write(struct tracee *tracee, uint64_t address, const void *data, size_t length, struct failure *why)
{
    pid_t tid = thread_with_memory(tracee);
    const unsigned char *bytes = data;
    size_t done = copy_directly(tid, process_vm_writev, address, (void *)(uintptr_t)bytes, length);
    while (done < length) {
        ssize_t n = pwrite(tracee->memory, bytes + done, length - done, (off_t)(address + done));
        if (n < 0 && errno == EINTR)
            continue;
        if (n > 0) {
            done += (size_t)n;
            continue;
        }
        if (!poke(tid, address + done, bytes + done, length - done))
            return failure_errno(why, "process %d: writing %zu bytes to its memory at %#llx", tracee->pid, length, (unsigned long long)(address + done));
        break;
    }
    return true;
}

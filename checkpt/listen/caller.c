/* A caller's memory. Its id is checked after what was read has been read, and for writing after its memory has been opened: by then a
 * caller that died cannot have been mistaken for another process with its number. */
#include "checkpt/listen/caller.h"

#include <errno.h>
#include <fcntl.h>
#include <stdio.h>
#include <sys/ioctl.h>
#include <sys/mman.h>
#include <sys/uio.h>
#include <unistd.h>

#include "checkpt/arena.h"
#include "checkpt/proc/proc.h"

struct caller *caller_of(struct thread *td)
{
    return (struct caller *)(void *)td;
}

int caller_directory(pid_t tid)
{
    char path[32];
    snprintf(path, sizeof(path), "/proc/%d", tid);
    return open(path, O_RDONLY | O_DIRECTORY | O_CLOEXEC);
}

/* An interrupted call is made again under another id: that one stands then, for the same thread. */
bool caller_waits(const struct caller *caller)
{
    uint64_t first = caller->id, latest = __atomic_load_n(&caller->answer_to, __ATOMIC_ACQUIRE);
    return ioctl(caller->listener, SECCOMP_IOCTL_NOTIF_ID_VALID, &first) == 0 ||
           (latest != first && ioctl(caller->listener, SECCOMP_IOCTL_NOTIF_ID_VALID, &latest) == 0);
}

static int read_memory(struct thread *td, uint64_t address, void *to, size_t length)
{
    struct iovec local = {to, length}, remote = {(void *)(uintptr_t)address, length};
    ssize_t got = process_vm_readv(td->td_tid, &local, 1, &remote, 1, 0);
    int error = errno;
    if (!caller_waits(caller_of(td)))
        return ESRCH;
    if (got == (ssize_t)length)
        return 0;
    return got >= 0 || error != EPERM ? EFAULT : EPERM;
}

static bool is_covered(const struct proc_mapping *maps, size_t count, uint64_t start, uint64_t end)
{
    for (size_t i = 0; i < count && start < end; i++)
        if (maps[i].start <= start && start < maps[i].end && (maps[i].protection & PROT_WRITE) != 0)
            start = maps[i].end;
    return start >= end;
}

/* /proc/PID/mem writes through protections; the program's own stores do not. */
static bool may_write(int directory, uint64_t address, size_t length)
{
    struct arena arena = {0};
    struct proc_mapping *maps;
    struct failure ignored;
    size_t count;
    bool fine = address + length >= address && proc_maps(directory, &arena, &maps, &count, &ignored) &&
                is_covered(maps, count, address, address + length);
    arena_deinit(&arena);
    return fine;
}

int caller_memory(const struct caller *caller, int directory)
{
    int memory = openat(directory, "mem", O_RDWR | O_CLOEXEC);
    if (memory < 0 || caller_waits(caller))
        return memory;
    close(memory);
    errno = ESRCH;
    return -1;
}

static int write_opened(int directory, int memory, uint64_t address, const void *from, size_t length)
{
    if (!may_write(directory, address, length))
        return EFAULT;
    return pwrite(memory, from, length, (off_t)address) == (ssize_t)length ? 0 : EFAULT;
}

static int write_memory(struct thread *td, uint64_t address, const void *from, size_t length)
{
    int error = ESRCH, directory = caller_directory(td->td_tid);
    if (directory < 0)
        return ESRCH;
    int memory = caller_memory(caller_of(td), directory);
    if (memory >= 0)
        error = write_opened(directory, memory, address, from, length);
    else if (errno == EACCES || errno == EPERM)
        error = EPERM;
    if (memory >= 0)
        close(memory);
    close(directory);
    return error;
}

static const struct thread_operations operations = {.read = read_memory, .write = write_memory};

void caller_init(struct caller *caller, int listener, const struct seccomp_notif *request)
{
    *caller = (struct caller){
        .thread = {.td_tid = (pid_t)request->pid, .td_operations = &operations},
        .listener = listener,
        .id = request->id,
        .answer_to = request->id,
        .call = request->data,
    };
}

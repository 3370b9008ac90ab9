#include <errno.h>
#include <fcntl.h>
#include <stdio.h>
#include <sys/syscall.h>
#include <unistd.h>

#include "checkpt/proc/proc.h"

/* /proc has directories for threads too, although it does not list them. pidfd_open(2) takes processes only: EINVAL, or ENOENT since 6.16. */
static bool is_thread(pid_t pid)
{
    int fd = (int)syscall(SYS_pidfd_open, pid, 0);
    if (fd >= 0)
        close(fd);
    return fd < 0 && (errno == EINVAL || errno == ENOENT);
}

bool proc_open(pid_t pid, int *directory, struct failure *why)
{
    char path[32];
    snprintf(path, sizeof(path), "/proc/%d", pid);
    int fd = open(path, O_RDONLY | O_DIRECTORY | O_CLOEXEC);
    if (fd < 0 && errno == ENOENT && access("/proc/self", F_OK) != 0)
        return failure_set(why, "process %d: /proc is not mounted", pid);
    if (fd < 0 && errno == ENOENT)
        return failure_set(why, "process %d: no such process", pid);
    if (fd < 0)
        return failure_errno(why, "process %d: opening %s", pid, path);
    if (is_thread(pid)) {
        close(fd);
        return failure_set(why, "process %d: is a thread, not a process: name the process that it belongs to", pid);
    }
    *directory = fd;
    return true;
}

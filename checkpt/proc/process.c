#include <errno.h>
#include <fcntl.h>
#include <stdio.h>
#include <unistd.h>

#include "checkpt/proc/proc.h"

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
    *directory = fd;
    return true;
}

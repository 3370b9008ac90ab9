#include <errno.h>
#include <fcntl.h>
#include <unistd.h>

#include "checkpt/proc/proc.h"

enum { AUXV_MAX = 4096 }; /* the kernel's saved_auxv: at most some 30 pairs of words */

bool proc_auxv(int directory, struct arena *arena, void **auxv, size_t *size, struct failure *why)
{
    int fd = openat(directory, "auxv", O_RDONLY | O_CLOEXEC);
    if (fd < 0)
        return failure_errno(why, "/proc file auxv: opening");
    char buffer[AUXV_MAX];
    size_t length = 0;
    for (ssize_t n; length < sizeof(buffer) && (n = read(fd, buffer + length, sizeof(buffer) - length)) > 0;)
        length += (size_t)n;
    close(fd);
    if (length == 0)
        return failure_set(why, "/proc file auxv: empty (a kernel thread, or a process that has exited)");
    *auxv = arena_copy(arena, buffer, length);
    *size = length;
    return true;
}

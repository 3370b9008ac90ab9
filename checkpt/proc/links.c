#include "checkpt/proc/links.h"

#include <errno.h>
#include <fcntl.h>
#include <limits.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

#include "checkpt/proc/path.h"

int proc_link_read(int directory, const char *name, uint64_t inode, struct arena *arena, const char **target, bool *deleted)
{
    char buffer[PATH_MAX + 16];
    ssize_t length = readlinkat(directory, name, buffer, sizeof(buffer) - 1);
    if (length < 0)
        return errno;
    buffer[length] = '\0';
    *deleted = proc_path_cut_deleted(buffer, inode);
    *target = arena_copy(arena, buffer, strlen(buffer) + 1);
    return 0;
}

bool proc_link(int directory, const char *name, struct arena *arena, const char **target, bool *deleted, struct failure *why)
{
    struct stat behind = {0};
    if (fstatat(directory, name, &behind, 0) != 0)
        behind.st_ino = 0;
    bool ignored;
    errno = proc_link_read(directory, name, behind.st_ino, arena, target, deleted != NULL ? deleted : &ignored);
    if (errno == ESRCH)
        return failure_set(why, "/proc link %s: the process has exited", name);
    return errno == 0 || failure_errno(why, "/proc link %s: reading", name);
}

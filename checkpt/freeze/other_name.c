#include "checkpt/freeze/other_name.h"

#include <dirent.h>
#include <fcntl.h>
#include <string.h>
#include <sys/stat.h>

enum { MOST = 100000 /* entries looked at */ };

static bool leads_to(DIR *directory, const char *name, uint64_t inode)
{
    struct stat status;
    return fstatat(dirfd(directory), name, &status, AT_SYMLINK_NOFOLLOW) == 0 && S_ISREG(status.st_mode) && status.st_ino == inode;
}

/* "/a/b" and "c" */
static const char *joined(struct arena *arena, const char *old, size_t directory, const char *name)
{
    return arena_printf(arena, "%.*s%s", (int)directory + 1, old, name);
}

/* NULL: it has none there. */
static const char *find(struct arena *arena, const char *old, uint64_t inode)
{
    const char *slash = strrchr(old, '/'), *found = NULL;
    if (old[0] != '/' || slash == NULL || slash == old)
        return NULL;
    size_t length = (size_t)(slash - old);
    DIR *directory = opendir(joined(arena, old, length, ""));
    if (directory == NULL)
        return NULL;
    const struct dirent *entry;
    for (int i = 0; i < MOST && found == NULL && (entry = readdir(directory)) != NULL; i++)
        if (entry->d_ino == inode && leads_to(directory, entry->d_name, inode))
            found = joined(arena, old, length, entry->d_name);
    closedir(directory);
    return found;
}

void other_name_fds(struct proc_fd *fds, size_t count, struct arena *arena)
{
    for (size_t i = 0; i < count; i++) {
        struct proc_fd *fd = &fds[i];
        const char *name = fd->deleted && fd->links > 0 && S_ISREG(fd->mode) ? find(arena, fd->target, fd->inode) : NULL;
        if (name == NULL)
            continue;
        fd->target = name;
        fd->deleted = false;
    }
}

/* Private ones are saved whole where their name is gone. */
void other_name_maps(struct proc_mapping *maps, size_t count, struct arena *arena)
{
    for (size_t i = 0; i < count; i++) {
        struct proc_mapping *mapping = &maps[i];
        const char *name = mapping->deleted && mapping->shared ? find(arena, mapping->path, mapping->inode) : NULL;
        if (name == NULL)
            continue;
        mapping->path = name;
        mapping->deleted = false;
    }
}

/* Paths of files that inotify watches: the kernel tells inodes only. Most are found before the program is stopped, and only looked at again while it stands still. */
#ifndef CHECKPT_RESOURCE_WATCHED_H
#define CHECKPT_RESOURCE_WATCHED_H

#include <sys/stat.h>

#include "checkpt/resource/resource.h"

struct watched_file {
    uint64_t device, inode;  /* as /proc shows them */
    const char *path;        /* leads to it; NULL: none was found */
    struct stat status;
};

struct watched *watched_create(struct arena *arena);
/* The file of each watch; the entries are the registry's. */
void watched_find(const struct freeze *freeze, const struct proc_watch *watches, size_t count, const struct watched_file **files);

#endif

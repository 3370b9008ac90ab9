#include <errno.h>
#include <stdio.h>
#include <sys/stat.h>

#include "checkpt/proc/array.h"
#include "checkpt/proc/fdinfo.h"
#include "checkpt/proc/links.h"
#include "checkpt/proc/numbers.h"

static void store_stat(struct proc_fd *fd, const struct stat *file)
{
    fd->device = file->st_dev;
    fd->inode = file->st_ino;
    fd->size = (uint64_t)file->st_size;
    fd->rdev = file->st_rdev;
    fd->mode = file->st_mode;
    fd->links = (uint32_t)file->st_nlink;
    fd->uid = file->st_uid;
    fd->gid = file->st_gid;
    fd->mtime_seconds = file->st_mtim.tv_sec;
    fd->mtime_nanoseconds = (uint32_t)file->st_mtim.tv_nsec;
}

enum outcome { READ, GONE, ANOTHER, FAILED };

/* A running program closes descriptors while they are read: those are left out. */
static enum outcome read_fd(int directory, uint32_t number, struct arena *arena, struct proc_fd *fd, struct failure *why)
{
    char name[32];
    struct stat file;
    snprintf(name, sizeof(name), "fd/%u", number);
    *fd = (struct proc_fd){.number = number};
    if (fstatat(directory, name, &file, 0) != 0) {
        if (errno == ENOENT)
            return GONE;
        failure_errno(why, "descriptor %u: looking at its file", number);
        return FAILED;
    }
    store_stat(fd, &file);
    errno = proc_link_read(directory, name, file.st_ino, arena, &fd->target, &fd->deleted);
    if (errno == ENOENT)
        return GONE;
    if (errno != 0) {
        failure_errno(why, "descriptor %u: reading its name", number);
        return FAILED;
    }
    if (proc_fdinfo(directory, number, arena, fd, why))
        return READ;
    return fstatat(directory, name, &file, 0) != 0 && errno == ENOENT ? GONE : ANOTHER;
}

/* One that was closed while it was read, and is another by now, is read again. */
static enum outcome read_until_sure(int directory, uint32_t number, struct arena *arena, struct proc_fd *fd, struct failure *why)
{
    enum { TRIES = 100 };
    enum outcome outcome = ANOTHER;
    for (int i = 0; i < TRIES && outcome == ANOTHER; i++)
        outcome = read_fd(directory, number, arena, fd, why);
    return outcome == ANOTHER ? FAILED : outcome;
}

bool proc_fds(int directory, struct arena *arena, struct proc_fd **fds, size_t *count, struct failure *why)
{
    uint32_t *numbers;
    size_t number_count;
    if (!proc_numbers(directory, "fd", arena, &numbers, &number_count, why))
        return false;
    struct proc_array array = {.element = sizeof(struct proc_fd)};
    for (size_t i = 0; i < number_count; i++) {
        struct proc_fd fd;
        enum outcome outcome = read_until_sure(directory, numbers[i], arena, &fd, why);
        if (outcome == FAILED) {
            proc_array_drop(&array);
            return false;
        }
        if (outcome == READ)
            *(struct proc_fd *)proc_array_add(&array) = fd;
    }
    *fds = proc_array_keep(&array, arena, count);
    return true;
}

#include <dirent.h>
#include <errno.h>
#include <fcntl.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

#include "checkpt/proc/proc.h"
#include "checkpt/proc/text.h"

static int compare_numbers(const void *a, const void *b)
{
    uint32_t x = ((const struct proc_fd *)a)->number, y = ((const struct proc_fd *)b)->number;
    return (x > y) - (x < y);
}

/* "lock: 1: POSIX  ADVISORY  WRITE 1234 fe:00:5678 0 EOF": locks held through this descriptor, those waited for ("->") aside. */
static void add_lock(struct proc_fd *fd, struct arena *arena, const char *value)
{
    static const char *const types[] = {"POSIX", "OFDLCK", "FLOCK", "LEASE"};
    char type[16], advisory[16], access[16], end[24];
    unsigned long long start;
    if (sscanf(value, "%*u: %15s %15s %15s %*d %*x:%*x:%*u %llu %23s", type, advisory, access, &start, end) != 5)
        return;
    for (size_t i = 0; i < sizeof(types) / sizeof(types[0]); i++) {
        if (strcmp(type, types[i]) != 0)
            continue;
        unsigned long long last = strtoull(end, NULL, 10);
        fd->locks = arena_grow(arena, fd->locks, fd->lock_count, fd->lock_count + 1, sizeof(*fd->locks));
        fd->locks[fd->lock_count++] = (struct proc_lock){(int)i, strcmp(access, "WRITE") == 0, start, strcmp(end, "EOF") == 0 ? 0 : last - start + 1};
    }
}

static bool read_info(int directory, struct proc_fd *fd, struct arena *arena, struct failure *why)
{
    char name[40];
    size_t length;
    snprintf(name, sizeof(name), "fdinfo/%u", fd->number);
    char *text = proc_text(directory, name, &length, why), *rest = text;
    if (text == NULL)
        return false;
    for (char *line; (line = proc_line(&rest)) != NULL;) {
        const char *value;
        if ((value = proc_value(line, "pos:")) != NULL)
            fd->position = strtoull(value, NULL, 10);
        else if ((value = proc_value(line, "flags:")) != NULL)
            fd->flags = (uint32_t)strtoul(value, NULL, 8);
        else if ((value = proc_value(line, "lock:")) != NULL)
            add_lock(fd, arena, value);
    }
    free(text);
    fd->close_on_exec = (fd->flags & O_CLOEXEC) != 0;
    fd->flags &= ~(uint32_t)O_CLOEXEC;
    return true;
}

static bool read_stat(int directory, const char *name, struct proc_fd *fd)
{
    struct stat st;
    if (fstatat(directory, name, &st, 0) != 0)
        return false;
    fd->device = st.st_dev;
    fd->inode = st.st_ino;
    fd->size = (uint64_t)st.st_size;
    fd->rdev = st.st_rdev;
    fd->mode = st.st_mode;
    fd->links = (uint32_t)st.st_nlink;
    fd->mtime_seconds = st.st_mtim.tv_sec;
    fd->mtime_nanoseconds = (uint32_t)st.st_mtim.tv_nsec;
    return true;
}

/* A descriptor may be closed while we look, before the program is stopped: then it is left out. */
static bool read_fd(int directory, struct proc_fd *fd, struct arena *arena, struct failure *why)
{
    char name[40];
    snprintf(name, sizeof(name), "fd/%u", fd->number);
    return proc_link(directory, name, arena, &fd->target, &fd->deleted, why) && read_stat(directory, name, fd) && read_info(directory, fd, arena, why);
}

bool proc_fds(int directory, struct arena *arena, struct proc_fd **fds, size_t *count, struct failure *why)
{
    int list = openat(directory, "fd", O_RDONLY | O_DIRECTORY | O_CLOEXEC);
    DIR *dir = list >= 0 ? fdopendir(list) : NULL;
    if (dir == NULL) {
        if (list >= 0)
            close(list);
        return failure_errno(why, "reading fd of /proc");
    }
    struct proc_fd *found = NULL;
    size_t used = 0, room = 0;
    for (struct dirent *entry; (entry = readdir(dir)) != NULL;) {
        struct failure ignored;
        struct proc_fd fd = {0};
        if (entry->d_name[0] < '0' || entry->d_name[0] > '9')
            continue;
        fd.number = (uint32_t)strtoul(entry->d_name, NULL, 10);
        if (!read_fd(directory, &fd, arena, &ignored))
            continue;
        if (used == room) {
            size_t more = room == 0 ? 16 : room * 2;
            found = arena_grow(arena, found, used, more, sizeof(*found));
            room = more;
        }
        found[used++] = fd;
    }
    closedir(dir);
    if (used > 0)
        qsort(found, used, sizeof(*found), compare_numbers);
    *fds = found;
    *count = used;
    return true;
}

#include "checkpt/proc/fdinfo.h"

#include <fcntl.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "checkpt/proc/array.h"
#include "checkpt/proc/lines.h"

/* Lock.Type of schemas/files.proto, by the words of /proc/locks */
static const struct {
    char word[8];
    int type;
} lock_types[] = {{"POSIX", 0}, {"OFDLCK", 1}, {"FLOCK", 2}, {"LEASE", 3}};

static bool parse_lock(const char *text, struct proc_lock *lock)
{
    char type[16], state[16], access[16], end[32];
    unsigned long long start;
    if (sscanf(text, " %*u: %15s %15s %15s %*d %*x:%*x:%*u %llu %31s", type, state, access, &start, end) != 5)
        return false;
    for (size_t i = 0; i < sizeof(lock_types) / sizeof(*lock_types); i++) {
        if (strcmp(type, lock_types[i].word) != 0)
            continue;
        lock->type = lock_types[i].type;
        lock->breaking = strcmp(state, "BREAKING") == 0;
        lock->write = strcmp(access, "WRITE") == 0;
        lock->start = start;
        lock->length = strcmp(end, "EOF") == 0 ? 0 : strtoull(end, NULL, 10) - start + 1;
        return true;
    }
    return false;
}

static void read_line(const char *line, struct proc_fd *fd, struct proc_array *locks)
{
    struct proc_lock lock;
    if (strncmp(line, "pos:", 4) == 0) {
        fd->position = strtoull(line + 4, NULL, 10);
    } else if (strncmp(line, "flags:", 6) == 0) {
        fd->flags = (uint32_t)strtoul(line + 6, NULL, 8);
        fd->close_on_exec = (fd->flags & O_CLOEXEC) != 0;
        fd->flags &= ~(uint32_t)O_CLOEXEC;
    } else if (strncmp(line, "lock:", 5) == 0 && parse_lock(line + 5, &lock)) {
        *(struct proc_lock *)proc_array_add(locks) = lock;
    }
}

bool proc_fdinfo(int directory, uint32_t number, struct arena *arena, struct proc_fd *fd, struct failure *why)
{
    char name[32];
    snprintf(name, sizeof(name), "fdinfo/%u", number);
    struct proc_lines lines;
    if (!proc_lines_open(&lines, directory, name, why))
        return false;
    struct proc_array locks = {.element = sizeof(struct proc_lock)};
    for (const char *line; (line = proc_lines_next(&lines)) != NULL;)
        read_line(line, fd, &locks);
    proc_lines_close(&lines);
    fd->locks = proc_array_keep(&locks, arena, &fd->lock_count);
    return true;
}

#include <dirent.h>
#include <fcntl.h>
#include <stdio.h>
#include <stdlib.h>
#include <unistd.h>

#include "checkpt/proc/proc.h"
#include "checkpt/proc/text.h"

static int compare(const void *a, const void *b)
{
    pid_t x = *(const pid_t *)a, y = *(const pid_t *)b;
    return (x > y) - (x < y);
}

static void add(struct arena *arena, pid_t **list, size_t *count, size_t *room, pid_t pid)
{
    if (*count == *room) {
        size_t more = *room == 0 ? 16 : *room * 2;
        *list = arena_grow(arena, *list, *count, more, sizeof(**list));
        *room = more;
    }
    (*list)[(*count)++] = pid;
}

bool proc_threads(int directory, struct arena *arena, pid_t **tids, size_t *count, struct failure *why)
{
    int fd = openat(directory, "task", O_RDONLY | O_DIRECTORY | O_CLOEXEC);
    DIR *dir = fd >= 0 ? fdopendir(fd) : NULL;
    if (dir == NULL) {
        if (fd >= 0)
            close(fd);
        return failure_errno(why, "reading task of /proc");
    }
    pid_t *list = NULL;
    size_t used = 0, room = 0;
    for (struct dirent *entry; (entry = readdir(dir)) != NULL;)
        if (entry->d_name[0] != '.')
            add(arena, &list, &used, &room, (pid_t)strtol(entry->d_name, NULL, 10));
    closedir(dir);
    /* The kernel lists the leader first; the others by age, which ids that wrap around do not tell. */
    if (used > 1)
        qsort(list + 1, used - 1, sizeof(*list), compare);
    *tids = list;
    *count = used;
    return true;
}

bool proc_children(int directory, struct arena *arena, pid_t **pids, size_t *count, struct failure *why)
{
    pid_t *tids, *list = NULL;
    size_t thread_count, used = 0, room = 0;
    if (!proc_threads(directory, arena, &tids, &thread_count, why))
        return false;
    for (size_t i = 0; i < thread_count; i++) {
        struct failure ignored;
        char name[64];
        size_t length;
        snprintf(name, sizeof(name), "task/%d/children", tids[i]);
        char *text = proc_text(directory, name, &length, &ignored), *next;
        for (char *at = text; at != NULL && *at != 0; at = next) {
            long pid = strtol(at, &next, 10);
            if (next == at)
                break;
            add(arena, &list, &used, &room, (pid_t)pid);
        }
        free(text);
    }
    *pids = list;
    *count = used;
    return true;
}

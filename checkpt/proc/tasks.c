#include <errno.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "checkpt/proc/array.h"
#include "checkpt/proc/lines.h"
#include "checkpt/proc/numbers.h"
#include "checkpt/proc/proc.h"

/* The process's id as this /proc numbers it: first in stat. */
static bool own_pid(int directory, int64_t *pid, struct failure *why)
{
    return proc_number(directory, "stat", 10, pid, why);
}

bool proc_threads(int directory, struct arena *arena, pid_t **tids, size_t *count, struct failure *why)
{
    uint32_t *numbers;
    size_t n;
    int64_t leader;
    if (!own_pid(directory, &leader, why) || !proc_numbers(directory, "task", arena, &numbers, &n, why))
        return false;
    pid_t *list = arena_alloc(arena, (n + 1) * sizeof(pid_t));
    size_t used = 0;
    list[used++] = (pid_t)leader;
    for (size_t i = 0; i < n; i++)
        if (numbers[i] != (uint32_t)leader)
            list[used++] = (pid_t)numbers[i];
    *tids = list;
    *count = used;
    return true;
}

static bool add_children_of(int directory, pid_t tid, struct proc_array *pids)
{
    char name[48];
    struct proc_lines lines;
    struct failure ignored;
    snprintf(name, sizeof(name), "task/%d/children", tid);
    if (!proc_lines_open(&lines, directory, name, &ignored))
        return false;
    char *text = proc_lines_next(&lines);
    for (char *end; text != NULL; text = end) {
        long pid = strtol(text, &end, 10);
        if (end == text)
            break;
        *(pid_t *)proc_array_add(pids) = (pid_t)pid;
    }
    proc_lines_close(&lines);
    return true;
}

/* Kernels without CONFIG_PROC_CHILDREN: whoever of all processes names this one as its parent. */
static bool find_children(int directory, int64_t parent, struct arena *arena, struct proc_array *pids, struct failure *why)
{
    uint32_t *all;
    size_t count;
    if (!proc_numbers(directory, "..", arena, &all, &count, why))
        return false;
    for (size_t i = 0; i < count; i++) {
        char name[32];
        struct proc_stat stat;
        struct failure ignored;
        snprintf(name, sizeof(name), "../%u/stat", all[i]);
        if (proc_stat(directory, name, &stat, &ignored) && stat.ppid == (pid_t)parent)
            *(pid_t *)proc_array_add(pids) = (pid_t)all[i];
    }
    return true;
}

bool proc_children(int directory, struct arena *arena, pid_t **pids, size_t *count, struct failure *why)
{
    pid_t *tids;
    size_t thread_count, listed = 0;
    if (!proc_threads(directory, arena, &tids, &thread_count, why))
        return false;
    struct proc_array array = {.element = sizeof(pid_t)};
    for (size_t i = 0; i < thread_count; i++)
        listed += add_children_of(directory, tids[i], &array);
    if (listed == 0 && !find_children(directory, tids[0], arena, &array, why)) {
        proc_array_drop(&array);
        return false;
    }
    *pids = proc_array_keep(&array, arena, count);
    return true;
}

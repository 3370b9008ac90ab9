#include "checkpt/resource/sharers.h"

#include <fcntl.h>
#include <linux/limits.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

#include "checkpt/proc/numbers.h"
#include "checkpt/resource/process.h"

struct sharers {
    struct arena *arena;
    const char **labels;   /* of the program's when all were looked through, ascending */
    size_t label_count;
    struct sharer **list;  /* one for each label that somebody else has */
    size_t count;
};

struct sharers *sharers_create(struct arena *arena)
{
    struct sharers *sharers = arena_alloc(arena, sizeof(*sharers));
    sharers->arena = arena;
    return sharers;
}

static int compare_labels(const void *a, const void *b)
{
    return strcmp(*(const char *const *)a, *(const char *const *)b);
}

static bool has_label(const struct sharers *sharers, const char *label)
{
    return sharers->label_count > 0 && bsearch(&label, sharers->labels, sharers->label_count, sizeof(label), compare_labels) != NULL;
}

static const struct sharer *find(const struct sharers *sharers, const char *label)
{
    for (size_t i = 0; i < sharers->count; i++)
        if (strcmp(sharers->list[i]->label, label) == 0)
            return sharers->list[i];
    return NULL;
}

static void take_labels(struct sharers *sharers, const struct freeze *freeze)
{
    sharers->labels = arena_alloc(sharers->arena, (freeze->fd_count + 1) * sizeof(*sharers->labels));
    sharers->list = arena_alloc(sharers->arena, (freeze->fd_count + 1) * sizeof(*sharers->list));
    sharers->label_count = sharers->count = 0;
    for (size_t i = 0; i < freeze->fd_count; i++)
        if (S_ISFIFO(freeze->fds[i].mode) || S_ISSOCK(freeze->fds[i].mode))
            sharers->labels[sharers->label_count++] = freeze->fds[i].target;
    qsort(sharers->labels, sharers->label_count, sizeof(*sharers->labels), compare_labels);
}

/* The name of a link tells: a stat(2) of what it leads to may wait for a file system that does not answer. */
static void look_at_fd(struct sharers *sharers, int process, pid_t pid, uint32_t number)
{
    char link[32], target[PATH_MAX], name[64];
    snprintf(link, sizeof(link), "fd/%u", number);
    ssize_t length = readlinkat(process, link, target, sizeof(target) - 1);
    if (length <= 0)
        return;
    target[length] = '\0';
    if (!has_label(sharers, target) || find(sharers, target) != NULL)
        return;
    struct sharer *sharer = arena_alloc(sharers->arena, sizeof(*sharer));
    sharer->pid = pid;
    sharer->name = arena_printf(sharers->arena, "%s", process_name(process, pid, name, NULL));
    sharer->label = arena_printf(sharers->arena, "%s", target);
    sharers->list[sharers->count++] = sharer;
}

static void look_at_process(struct sharers *sharers, int proc, pid_t pid)
{
    struct arena arena = {0};
    struct failure ignored;
    char name[16];
    uint32_t *numbers;
    size_t count;
    snprintf(name, sizeof(name), "%d", pid);
    int process = openat(proc, name, O_RDONLY | O_DIRECTORY | O_CLOEXEC);
    if (process >= 0 && proc_numbers(process, "fd", &arena, &numbers, &count, &ignored))
        for (size_t i = 0; i < count; i++)
            look_at_fd(sharers, process, pid, numbers[i]);
    arena_deinit(&arena);
    if (process >= 0)
        close(process);
}

static void look_through(struct sharers *sharers, const struct freeze *freeze)
{
    struct arena arena = {0};
    struct failure ignored;
    uint32_t *pids;
    size_t count;
    int proc = openat(freeze->directory, "..", O_RDONLY | O_DIRECTORY | O_CLOEXEC);
    take_labels(sharers, freeze);
    if (proc >= 0 && sharers->label_count > 0 && proc_numbers(proc, ".", &arena, &pids, &count, &ignored))
        for (size_t i = 0; i < count; i++)
            if ((pid_t)pids[i] != freeze->pid && !process_is_askers(freeze, (pid_t)pids[i]))
                look_at_process(sharers, proc, (pid_t)pids[i]);
    arena_deinit(&arena);
    if (proc >= 0)
        close(proc);
}

const struct sharer *sharers_find(const struct freeze *freeze, const struct proc_fd *fd)
{
    struct sharers *sharers = freeze->sharers;
    if (!has_label(sharers, fd->target))
        look_through(sharers, freeze);
    return find(sharers, fd->target);
}

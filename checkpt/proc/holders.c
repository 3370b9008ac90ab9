#include "checkpt/proc/holders.h"

#include <dirent.h>
#include <fcntl.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include "checkpt/proc/proc.h"

struct search {
    const char *kind;
    struct proc_holder *wanted;
    size_t count, found;
};

static int compare(const void *a, const void *b)
{
    uint64_t x = ((const struct proc_holder *)a)->inode, y = ((const struct proc_holder *)b)->inode;
    return (x > y) - (x < y);
}

/* "socket:[4711]" */
static struct proc_holder *match(const struct search *search, const char *target)
{
    size_t length = strlen(search->kind);
    if (strncmp(target, search->kind, length) != 0 || strncmp(target + length, ":[", 2) != 0)
        return NULL;
    const struct proc_holder key = {.inode = strtoull(target + length + 2, NULL, 10)};
    return bsearch(&key, search->wanted, search->count, sizeof(key), compare);
}

static void found(struct search *search, struct proc_holder *holder, int directory, pid_t pid)
{
    struct proc_stat stat;
    struct failure ignored;
    if (!proc_stat(directory, "stat", &stat, &ignored))
        return;
    holder->pid = pid;
    snprintf(holder->comm, sizeof(holder->comm), "%s", stat.comm);
    search->found++;
}

static void look_at(struct search *search, int directory, pid_t pid)
{
    int fds = openat(directory, "fd", O_RDONLY | O_DIRECTORY | O_CLOEXEC);
    DIR *list = fds >= 0 ? fdopendir(fds) : NULL;
    if (list == NULL && fds >= 0)
        close(fds);
    if (list == NULL)
        return;
    for (const struct dirent *entry; (entry = readdir(list)) != NULL;) {
        char target[64];
        ssize_t length = readlinkat(fds, entry->d_name, target, sizeof(target) - 1);
        if (length <= 0)
            continue;
        target[length] = '\0';
        struct proc_holder *holder = match(search, target);
        if (holder != NULL && holder->pid == 0)
            found(search, holder, directory, pid);
    }
    closedir(list);
}

void proc_holders(const char *kind, struct proc_holder *wanted, size_t count, pid_t except)
{
    struct search search = {.kind = kind, .wanted = wanted, .count = count};
    qsort(wanted, count, sizeof(*wanted), compare);
    DIR *processes = count > 0 ? opendir("/proc") : NULL;
    if (processes == NULL)
        return;
    for (const struct dirent *entry; search.found < count && (entry = readdir(processes)) != NULL;) {
        struct failure ignored;
        int directory;
        pid_t pid = (pid_t)strtol(entry->d_name, NULL, 10);
        if (pid <= 0 || pid == except || pid == getpid() || !proc_open(pid, &directory, &ignored))
            continue;
        look_at(&search, directory, pid);
        close(directory);
    }
    closedir(processes);
}

/* Which descriptors are one open file. Those of one inode may be: kcmp(2) puts the kernel's objects in some order, so that sorting finds the equal ones. */
#include <errno.h>
#include <linux/kcmp.h>
#include <stdlib.h>
#include <sys/syscall.h>
#include <unistd.h>

#include "checkpt/resource/files.h"

struct same {
    const struct freeze *freeze;
    int error; /* of kcmp */
};

static int compare_inodes(const struct proc_fd *a, const struct proc_fd *b)
{
    if (a->device != b->device)
        return a->device < b->device ? -1 : 1;
    return (a->inode > b->inode) - (a->inode < b->inode);
}

/* A running program may have closed one meanwhile: then it is none of ours any more, and is found out when the program stands still. */
static int compare_open_files(struct same *same, const struct proc_fd *a, const struct proc_fd *b)
{
    if (a->number == b->number)
        return 0;
    long order = syscall(SYS_kcmp, same->freeze->pid, same->freeze->pid, KCMP_FILE, a->number, b->number);
    if (order < 0 && errno != EBADF)
        same->error = errno;
    if (order == 0)
        return 0;
    return order < 0 ? (a->number > b->number ? 1 : -1) : (order == 1 ? -1 : 1);
}

static int compare(const void *a, const void *b, void *context)
{
    struct same *same = context;
    const struct proc_fd *x = &same->freeze->fds[*(const size_t *)a], *y = &same->freeze->fds[*(const size_t *)b];
    int order = compare_inodes(x, y);
    if (order == 0)
        order = compare_open_files(same, x, y);
    return order != 0 ? order : (x->number > y->number) - (x->number < y->number);
}

static bool is_one(struct same *same, const struct proc_fd *a, const struct proc_fd *b)
{
    return compare_inodes(a, b) == 0 && compare_open_files(same, a, b) == 0;
}

size_t *files_same(const struct freeze *freeze, struct arena *arena, struct failure *why)
{
    struct same same = {.freeze = freeze};
    size_t count = freeze->fd_count;
    size_t *order = arena_alloc(arena, (count + 1) * sizeof(*order)), *first = arena_alloc(arena, (count + 1) * sizeof(*first));
    for (size_t i = 0; i < count; i++)
        order[i] = i;
    qsort_r(order, count, sizeof(*order), compare, &same);
    for (size_t i = 0; i < count; i++) {
        bool again = i > 0 && is_one(&same, &freeze->fds[order[i - 1]], &freeze->fds[order[i]]);
        first[order[i]] = again ? first[order[i - 1]] : order[i];
    }
    if (same.error == 0)
        return first;
    errno = same.error;
    failure_errno(why, "telling which descriptors are one open file (kcmp)%s", same.error == ENOSYS ? "; the kernel needs CONFIG_KCMP" : "");
    return NULL;
}

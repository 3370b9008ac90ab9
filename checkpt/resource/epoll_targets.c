/* What an epoll watches: an open file, under the number that was its descriptor's when it was registered. The number may have been closed since, or be another file's, while
 * the open file lives on under another: then the registration lives, too. kcmp(2) tells what is watched. */
#include <errno.h>
#include <linux/kcmp.h>
#include <stdlib.h>
#include <sys/stat.h>
#include <sys/syscall.h>
#include <unistd.h>

#include "checkpt/resource/epoll.h"

struct slot {
    const struct freeze *freeze;
    const struct proc_registration *registration;
    struct kcmp_epoll_slot place; /* the n-th registration of its number */
    int error;                    /* of kcmp */
};

static int compare_number(const void *key, const void *element)
{
    uint32_t number = *(const uint32_t *)key, other = ((const struct proc_fd *)element)->number;
    return (number > other) - (number < other);
}

static const struct proc_fd *descriptor_of(const struct freeze *freeze, uint32_t number)
{
    return freeze->fd_count == 0 ? NULL : bsearch(&number, freeze->fds, freeze->fd_count, sizeof(*freeze->fds), compare_number);
}

/* What is not there any more a running program has closed in between. */
static bool is_target(struct slot *slot, const struct proc_fd *fd)
{
    if (fd->inode != slot->registration->inode)
        return false;
    long order = syscall(SYS_kcmp, slot->freeze->pid, slot->freeze->pid, KCMP_EPOLL_TFD, fd->number, &slot->place);
    if (order < 0 && errno != EBADF && errno != ENOENT)
        slot->error = errno;
    return order == 0;
}

/* A socket is one open file, so that its inode says enough. */
static const struct proc_fd *find(struct slot *slot)
{
    const struct freeze *freeze = slot->freeze;
    const struct proc_fd *fd = descriptor_of(freeze, slot->registration->number);
    if (fd != NULL && ((S_ISSOCK(fd->mode) && fd->inode == slot->registration->inode) || is_target(slot, fd)))
        return fd;
    for (size_t i = 0; i < freeze->fd_count; i++)
        if (is_target(slot, &freeze->fds[i]))
            return &freeze->fds[i];
    return NULL;
}

/* While it runs: registered or closed since its descriptors were listed. */
static bool has_just_changed(const struct slot *slot)
{
    pid_t pid = slot->freeze->pid;
    if (slot->freeze->tracee != NULL || slot->error != 0)
        return false;
    if (syscall(SYS_kcmp, pid, pid, KCMP_EPOLL_TFD, slot->registration->number, &slot->place) == 0)
        return true;
    return syscall(SYS_kcmp, pid, pid, KCMP_EPOLL_TFD, slot->place.efd, &slot->place) < 0;
}

static int compare_registrations(const void *a, const void *b)
{
    const struct proc_registration *x = a, *y = b;
    if (x->number != y->number)
        return x->number < y->number ? -1 : 1;
    return (x->order > y->order) - (x->order < y->order);
}

static bool not_found(const struct slot *slot, struct failure *why)
{
    errno = slot->error;
    if (errno != 0)
        return failure_errno(why, "telling what it watches (kcmp)%s", errno == ENOSYS || errno == EOPNOTSUPP ? "; the kernel needs CONFIG_KCMP" : "");
    return failure_set(why, "what it watches as descriptor %u is closed here, but still open elsewhere", slot->registration->number);
}

/* To register it under that number again something else has to make room, and closing any descriptor of a file drops the process's locks on it. */
static bool can_make_room(const struct freeze *freeze, const struct proc_registration *registration, const struct proc_fd *target, struct failure *why)
{
    const struct proc_fd *now = descriptor_of(freeze, registration->number);
    for (size_t i = 0; now != NULL && now != target && i < now->lock_count; i++)
        if (now->locks[i].type == CKPT__LOCK__TYPE__POSIX)
            return failure_set(why, "what it watches as descriptor %u has another number now, and that one is a file with record locks", registration->number);
    return true;
}

bool epoll_targets(const struct freeze *freeze, uint32_t number, struct arena *arena, struct epoll_targets *found, struct failure *why)
{
    struct proc_registration *list;
    if (!proc_epoll(freeze->directory, number, arena, &list, &found->count, why))
        return false;
    if (found->count > 0)
        qsort(list, found->count, sizeof(*list), compare_registrations);
    found->registrations = list;
    found->targets = arena_alloc(arena, (found->count + 1) * sizeof(*found->targets));
    for (size_t i = 0, same = 0; i < found->count; i++) {
        same = i > 0 && list[i].number == list[i - 1].number ? same + 1 : 0;
        struct slot slot = {.freeze = freeze, .registration = &list[i], .place = {.efd = number, .tfd = list[i].number, .toff = (uint32_t)same}};
        const struct proc_fd *fd = find(&slot);
        if (fd == NULL && has_just_changed(&slot))
            continue;
        if (fd == NULL)
            return not_found(&slot, why);
        if (!can_make_room(freeze, &list[i], fd, why))
            return false;
        found->targets[i] = (size_t)(fd - freeze->fds);
    }
    return true;
}

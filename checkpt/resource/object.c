#include "checkpt/resource/object.h"

#include "checkpt/resource/all.h"

#include <stddef.h>
#include <sys/syscall.h>
#include <unistd.h>

const struct object *const objects[] = {&pipes_object, &eventfd_object, &timerfd_object, &signalfd_object, &epoll_object, &inotify_object, &sockets_object, NULL};

const struct object *object_of_fd(const struct proc_fd *fd)
{
    for (size_t i = 0; objects[i] != NULL; i++)
        if (objects[i]->is_one(fd))
            return objects[i];
    return NULL;
}

const struct object *object_of_file(const Ckpt__File *file)
{
    for (size_t i = 0; objects[i] != NULL; i++)
        if (objects[i]->is_its(file))
            return objects[i];
    return NULL;
}

struct files_fate object_saved(const struct object *object, const char *noun)
{
    return (struct files_fate){.kind = FILES_OBJECT, .object = object, .noun = noun};
}

int object_duplicate(const struct freeze *freeze, uint32_t number, struct failure *why)
{
    int process = (int)syscall(SYS_pidfd_open, freeze->pid, 0);
    int fd = process < 0 ? -1 : (int)syscall(SYS_pidfd_getfd, process, number, 0);
    if (fd < 0)
        failure_errno(why, "fd %u: duplicating it (pidfd_getfd)", number);
    if (process >= 0)
        close(process);
    return fd;
}

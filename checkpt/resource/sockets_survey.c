#include <sys/stat.h>

#include "checkpt/resource/sockets.h"

const struct sockets_survey *sockets_survey(const struct freeze *freeze)
{
    struct sockets_survey *survey = freeze->sockets;
    bool is_stopped = freeze->tracee != NULL;
    if (survey->fds == freeze->fds && survey->was_stopped == is_stopped)
        return survey;
    survey->fds = freeze->fds;
    survey->was_stopped = is_stopped;
    uint64_t *inodes = arena_alloc(&freeze->model->arena, (freeze->fd_count + 1) * sizeof(*inodes));
    size_t count = 0;
    for (size_t i = 0; i < freeze->fd_count; i++)
        if (S_ISSOCK(freeze->fds[i].mode))
            inodes[count++] = freeze->fds[i].inode;
    survey->is_known = proc_unix_sockets(inodes, count, &freeze->model->arena, &survey->list, &survey->why);
    return survey;
}

const struct proc_fd *sockets_fd(const struct freeze *freeze, uint64_t inode)
{
    for (size_t i = 0; i < freeze->fd_count; i++)
        if (S_ISSOCK(freeze->fds[i].mode) && freeze->fds[i].inode == inode)
            return &freeze->fds[i];
    return NULL;
}

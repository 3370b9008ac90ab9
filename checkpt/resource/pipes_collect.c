#include <errno.h>
#include <fcntl.h>
#include <poll.h>
#include <stdio.h>
#include <stdlib.h>
#include <sys/ioctl.h>
#include <unistd.h>

#include "checkpt/resource/pipe_queue.h"
#include "checkpt/resource/pipes.h"
#include "checkpt/resource/sharers.h"

/* Descriptors of the program's of a pipe, as indices of freeze->fds + 1; 0: none. */
struct ends {
    size_t reader, writer;
};

static size_t index_of(const struct freeze *freeze, uint32_t number)
{
    size_t low = 0, high = freeze->fd_count;
    while (low < high) {
        size_t middle = low + (high - low) / 2;
        if (freeze->fds[middle].number < number)
            low = middle + 1;
        else
            high = middle;
    }
    return low;
}

static struct ends *find_ends(const struct freeze *freeze, struct arena *arena)
{
    const struct model *model = freeze->model;
    struct ends *ends = arena_alloc(arena, (model->file_count + 1) * sizeof(*ends));
    for (size_t i = 0; i < model->open_file_count; i++) {
        const Ckpt__OpenFile *open_file = model->open_files[i];
        struct ends *of_file = &ends[open_file->file - 1];
        if (open_file->inherited != 0 || (open_file->flags & O_PATH) != 0 || model->files[open_file->file - 1]->type != CKPT__FILE_TYPE__FILE_TYPE_FIFO)
            continue;
        if ((open_file->flags & O_ACCMODE) != O_WRONLY)
            of_file->reader = index_of(freeze, freeze->numbers[i]) + 1;
        if ((open_file->flags & O_ACCMODE) != O_RDONLY)
            of_file->writer = index_of(freeze, freeze->numbers[i]) + 1;
    }
    return ends;
}

static void add_queue(struct freeze *freeze, Ckpt__File *file, Ckpt__Pipe *pipe, const struct pipe_queue *queue)
{
    struct arena *arena = &freeze->model->arena;
    if (queue->length == 0)
        return;
    freeze_add_content(freeze, file, queue->bytes, queue->length);
    pipe->packets = arena_alloc(arena, queue->packet_count * sizeof(*pipe->packets));
    pipe->n_packets = queue->packet_count;
    for (size_t i = 0; i < queue->packet_count; i++) {
        pipe->packets[i] = arena_alloc(arena, sizeof(*pipe->packets[i]));
        ckpt__pipe__packet__init(pipe->packets[i]);
        pipe->packets[i]->offset = queue->packets[i].offset;
        pipe->packets[i]->length = queue->packets[i].length;
    }
}

/* What nobody can read any more is there all the same: /proc/self/fd opens the other end again. */
static int open_reader(int fd, bool reads)
{
    char name[32];
    int unread = 0;
    if (reads || ioctl(fd, FIONREAD, &unread) != 0 || unread == 0)
        return fd;
    snprintf(name, sizeof(name), "/proc/self/fd/%d", fd);
    return open(name, O_RDONLY | O_NONBLOCK | O_CLOEXEC);
}

/* A reader sees that there are no writers (POLLHUP), a writer that there are no readers (POLLERR). */
static bool has_hung_up(int fd)
{
    struct pollfd end = {.fd = fd, .events = POLLIN};
    return poll(&end, 1, 0) > 0 && (end.revents & (POLLHUP | POLLERR)) != 0;
}

/* Somebody whom we may not look at, or a socket that it is on its way through. */
static bool is_held_elsewhere(const struct freeze *freeze, const struct proc_fd *end, int fd)
{
    struct pipes_ends ends = pipes_ends(freeze, end);
    return ends.reads != ends.writes && !has_hung_up(fd);
}

#define WATCH_QUEUE_SET_SIZE 0x5760 /* of linux/watch_queue.h, which cannot be included beside fcntl.h */

/* A size of 0 is none to set; what has no such queue says that, if the kernel knows of any. */
static bool has_notifications(int fd)
{
    return ioctl(fd, WATCH_QUEUE_SET_SIZE, 0) != 0 && (errno == EINVAL || errno == EBUSY);
}

static bool collect(struct freeze *freeze, Ckpt__File *file, Ckpt__Pipe *pipe, int fd, bool reads, struct failure *why)
{
    struct pipe_queue queue = {0};
    int capacity = fcntl(fd, F_GETPIPE_SZ), reader = open_reader(fd, reads);
    if (capacity < 0)
        return failure_errno(why, "asking for its capacity");
    if (has_notifications(fd))
        return failure_set(why, "the kernel puts notifications into it (O_NOTIFICATION_PIPE), which cannot be saved");
    if (reader < 0)
        return failure_errno(why, "opening its other end");
    pipe->capacity = (uint32_t)capacity;
    pipe->hung_up = reads && pipes_has_name(file) && has_hung_up(fd);
    bool done = pipe_queue_read(&queue, reader, why);
    if (done)
        add_queue(freeze, file, pipe, &queue);
    pipe_queue_deinit(&queue);
    if (reader != fd)
        close(reader);
    return done;
}

/* What lies in a FIFO that others have open, too, stays there for whoever opens it next. */
static bool collect_pipe(struct freeze *freeze, Ckpt__File *file, const struct ends *ends, struct failure *why)
{
    const struct proc_fd *end = &freeze->fds[(ends->reader != 0 ? ends->reader : ends->writer) - 1];
    if (sharers_find(freeze, end) != NULL)
        return true;
    Ckpt__Pipe *pipe = arena_alloc(&freeze->model->arena, sizeof(*pipe));
    ckpt__pipe__init(pipe);
    pipe->file = file->id;
    file->size = 0;
    model_add_object(freeze->model, CKPT__KIND__KIND_PIPE, pipe);
    int fd = object_duplicate(freeze, end->number, why);
    bool done = fd >= 0;
    if (done && !pipes_has_name(file) && is_held_elsewhere(freeze, end, fd))
        done = failure_set(why, "its other end is open, in a process that this user may not look at, or on its way through a socket");
    done = done && collect(freeze, file, pipe, fd, ends->reader != 0, why);
    if (fd >= 0)
        close(fd);
    return done || failure_prepend(why, "fd %u: %s", end->number, end->target);
}

bool pipes_collect(struct freeze *freeze, struct failure *why)
{
    const struct model *model = freeze->model;
    struct arena arena = {0};
    const struct ends *ends = find_ends(freeze, &arena);
    bool done = true;
    for (size_t i = 0; i < model->file_count && done; i++)
        if (ends[i].reader != 0 || ends[i].writer != 0)
            done = collect_pipe(freeze, model->files[i], &ends[i], why);
    arena_deinit(&arena);
    return done;
}

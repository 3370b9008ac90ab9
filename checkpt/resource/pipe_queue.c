/* A read(2) ends with the first packet that it comes to, and what it leaves of that one is lost. So one copy is read in large pieces, whose ends are the packets' ends where more lies
 * behind; and where there are packets another copy is read in small ones, and FIONREAD tells how much is lost with each: the packet's length. */
#include "checkpt/resource/pipe_queue.h"

#include <errno.h>
#include <fcntl.h>
#include <stdlib.h>
#include <sys/ioctl.h>
#include <unistd.h>

enum { PACKET_MOST = 4096 /* a page: what write(2) makes a packet of */ };

struct copy {
    int ends[2];
};

static void copy_close(const struct copy *copy)
{
    close(copy->ends[0]);
    close(copy->ends[1]);
}

static int unread(int fd)
{
    int count;
    return ioctl(fd, FIONREAD, &count) == 0 ? count : -1;
}

/* As many bytes fit as there are slots for pieces of them: a copy needs as many as the pipe has. */
static bool copy_make(struct copy *copy, int fd, int length, struct failure *why)
{
    int capacity = fcntl(fd, F_GETPIPE_SZ);
    if (pipe2(copy->ends, O_CLOEXEC | O_NONBLOCK) != 0)
        return failure_errno(why, "a pipe of checkpt's own");
    bool is_large = fcntl(copy->ends[1], F_GETPIPE_SZ) >= capacity || fcntl(copy->ends[1], F_SETPIPE_SZ, capacity) >= capacity;
    ssize_t copied = tee(fd, copy->ends[1], (size_t)length, SPLICE_F_NONBLOCK);
    int error = errno;
    if (copied == length)
        return true;
    copy_close(copy);
    errno = error;
    if (copied < 0)
        return failure_errno(why, "copying its %d unread bytes (tee)", length);
    if (!is_large)
        return failure_set(why, "its capacity of %d bytes is more than this user may have for a copy of its %d unread ones (/proc/sys/fs/pipe-max-size, pipe-user-pages-soft)",
                           capacity, length);
    return failure_set(why, "only %zd of its %d unread bytes can be copied (tee)", copied, length);
}

/* Takes up to `count` bytes off, and returns how many are gone: more where that cut a packet short. 0: it could not. */
static int take(const struct copy *copy, unsigned char *room, size_t count)
{
    int before = unread(copy->ends[0]);
    return read(copy->ends[0], room, count) > 0 ? before - unread(copy->ends[0]) : 0;
}

/* Whether the last byte is of a packet: all but it are read, which goes too far where it is not the only one of a packet; a byte behind it tells the rest. */
static bool ends_in_packet(const struct copy *copy, unsigned char *room, int length)
{
    unsigned char pair[2];
    for (int left; (left = unread(copy->ends[0])) > 1;)
        if (take(copy, room, (size_t)left - 1) >= left)
            return true;
    return length > 0 && unread(copy->ends[0]) == 1 && write(copy->ends[1], "", 1) == 1 && read(copy->ends[0], pair, sizeof(pair)) == 1;
}

static bool add_packet(struct pipe_queue *queue, size_t offset, size_t length)
{
    if ((queue->packet_count & (queue->packet_count + 1)) == 0) { /* room doubles at 0, 1, 3, 7 … */
        struct pipe_packet *bigger = realloc(queue->packets, (queue->packet_count * 2 + 1) * sizeof(*bigger));
        if (bigger == NULL)
            return false;
        queue->packets = bigger;
    }
    queue->packets[queue->packet_count++] = (struct pipe_packet){offset, (uint32_t)length};
    return true;
}

/* `copy` begins with `length` bytes, the last of which are a packet: how many of them. */
static size_t packet_at_end(const struct copy *copy, unsigned char *room, size_t length)
{
    size_t left = length;
    while (left > 1) {
        size_t wanted = left > PACKET_MOST ? left - PACKET_MOST : 1;
        int gone = take(copy, room, wanted);
        if (gone <= 0)
            return 0;
        if ((size_t)gone != wanted)
            return left;
        left -= wanted;
    }
    return left == 1 && take(copy, room, 1) == 1 ? 1 : 0;
}

/* Each end of a read is the end of a packet, also the last where the whole queue ends in one. */
static bool find_packets(struct pipe_queue *queue, int fd, const size_t *ends, size_t count, bool last_too, struct failure *why)
{
    struct copy copy;
    size_t start = 0;
    if (!copy_make(&copy, fd, (int)queue->length, why))
        return false;
    unsigned char *room = malloc(queue->length);
    bool done = room != NULL;
    for (size_t i = 0; i < count && done; i++) {
        size_t length = i + 1 < count || last_too ? packet_at_end(&copy, room, ends[i] - start) : 0;
        done = (i + 1 == count && !last_too) || (length > 0 && add_packet(queue, ends[i] - length, length));
        start = ends[i];
    }
    free(room);
    copy_close(&copy);
    return done || failure_set(why, "telling its packets apart: out of memory, or it changes");
}

static bool read_all(struct pipe_queue *queue, const struct copy *copy, size_t **ends, size_t *count)
{
    size_t done = 0;
    *ends = NULL;
    *count = 0;
    while (done < queue->length) {
        ssize_t got = read(copy->ends[0], queue->bytes + done, queue->length - done);
        size_t *bigger = got > 0 ? realloc(*ends, (*count + 1) * sizeof(**ends)) : NULL;
        if (bigger == NULL)
            return false;
        *ends = bigger;
        done += (size_t)got;
        (*ends)[(*count)++] = done;
    }
    return true;
}

static bool look_at_end(const struct pipe_queue *queue, int fd, bool *is_packet, struct failure *why)
{
    struct copy copy;
    unsigned char *room = malloc(queue->length);
    if (room == NULL || !copy_make(&copy, fd, (int)queue->length, why)) {
        free(room);
        return room == NULL ? failure_set(why, "out of memory") : false;
    }
    *is_packet = ends_in_packet(&copy, room, (int)queue->length);
    copy_close(&copy);
    free(room);
    return true;
}

bool pipe_queue_read(struct pipe_queue *queue, int fd, struct failure *why)
{
    struct copy copy;
    size_t *ends, count;
    bool is_packet = false;
    int length = unread(fd);
    *queue = (struct pipe_queue){0};
    if (length < 0)
        return failure_errno(why, "how much is unread in it");
    if (length == 0)
        return true;
    queue->length = (size_t)length;
    queue->bytes = malloc(queue->length);
    if (queue->bytes == NULL)
        return failure_set(why, "its %d unread bytes: out of memory", length);
    if (!copy_make(&copy, fd, length, why))
        return false;
    bool done = read_all(queue, &copy, &ends, &count) || failure_set(why, "reading a copy of what is unread in it");
    copy_close(&copy);
    done = done && look_at_end(queue, fd, &is_packet, why) && ((count == 1 && !is_packet) || find_packets(queue, fd, ends, count, is_packet, why));
    free(ends);
    return done;
}

void pipe_queue_deinit(struct pipe_queue *queue)
{
    free(queue->bytes);
    free(queue->packets);
    *queue = (struct pipe_queue){0};
}

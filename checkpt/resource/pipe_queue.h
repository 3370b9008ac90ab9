/* What lies unread in a pipe, looked at without taking it: copies of it are made with tee(2), which shares the pages. */
#ifndef CHECKPT_RESOURCE_PIPE_QUEUE_H
#define CHECKPT_RESOURCE_PIPE_QUEUE_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "checkpt/failure.h"

struct pipe_packet {
    uint64_t offset;
    uint32_t length;
};

struct pipe_queue {
    unsigned char *bytes;        /* malloc()ed */
    size_t length;
    struct pipe_packet *packets; /* malloc()ed, ascending: what was written with O_DIRECT. The other bytes are a stream */
    size_t packet_count;
};

/* `fd` is a descriptor of ours of an end that can be read. Deinit whatever comes of it. */
bool pipe_queue_read(struct pipe_queue *queue, int fd, struct failure *why);
void pipe_queue_deinit(struct pipe_queue *queue);

#endif

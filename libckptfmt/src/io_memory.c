#include <errno.h>
#include <pthread.h>
#include <stdlib.h>
#include <string.h>

#include <ckptfmt/io.h>

struct memory {
    const uint8_t *data;
    size_t length;
};

struct buffer {
    pthread_mutex_t lock; /* several threads may write, and it moves when it grows */
    uint8_t *data;
    size_t length, room;
};

static size_t piece(size_t have, size_t length, uint64_t offset)
{
    if (offset >= have)
        return 0;
    return have - offset < length ? have - (size_t)offset : length;
}

static ssize_t memory_read_at(void *context, void *out, size_t length, uint64_t offset)
{
    const struct memory *memory = context;
    size_t n = piece(memory->length, length, offset);
    if (n > 0)
        memcpy(out, memory->data + offset, n);
    return (ssize_t)n;
}

static int memory_size(void *context, uint64_t *size)
{
    *size = ((const struct memory *)context)->length;
    return 0;
}

int ckpt_io_from_memory(struct ckpt_io *io, const void *data, size_t length)
{
    struct memory *memory = malloc(sizeof(*memory));
    if (memory == NULL)
        return -ENOMEM;
    *memory = (struct memory){data, length};
    *io = (struct ckpt_io){.struct_size = sizeof(*io), .context = memory, .read_at = memory_read_at, .size = memory_size, .close = free};
    return 0;
}

static int grow(struct buffer *buffer, uint64_t size)
{
    if (size > buffer->room) {
        size_t room = buffer->room * 2 > size ? buffer->room * 2 : (size_t)size;
        uint8_t *data = realloc(buffer->data, room);
        if (data == NULL)
            return -ENOMEM;
        memset(data + buffer->length, 0, room - buffer->length);
        buffer->data = data;
        buffer->room = room;
    }
    buffer->length = (size_t)size;
    return 0;
}

static int buffer_resize(void *context, uint64_t size)
{
    struct buffer *buffer = context;
    pthread_mutex_lock(&buffer->lock);
    int error = grow(buffer, size);
    pthread_mutex_unlock(&buffer->lock);
    return error;
}

static ssize_t buffer_read_at(void *context, void *out, size_t length, uint64_t offset)
{
    struct buffer *buffer = context;
    pthread_mutex_lock(&buffer->lock);
    size_t n = piece(buffer->length, length, offset);
    if (n > 0)
        memcpy(out, buffer->data + offset, n);
    pthread_mutex_unlock(&buffer->lock);
    return (ssize_t)n;
}

static ssize_t buffer_write_at(void *context, const void *data, size_t length, uint64_t offset)
{
    struct buffer *buffer = context;
    pthread_mutex_lock(&buffer->lock);
    int error = offset + length > buffer->length ? grow(buffer, offset + length) : 0;
    if (error == 0)
        memcpy(buffer->data + offset, data, length);
    pthread_mutex_unlock(&buffer->lock);
    return error == 0 ? (ssize_t)length : error;
}

static int buffer_size(void *context, uint64_t *size)
{
    struct buffer *buffer = context;
    pthread_mutex_lock(&buffer->lock);
    *size = buffer->length;
    pthread_mutex_unlock(&buffer->lock);
    return 0;
}

static void buffer_close(void *context)
{
    struct buffer *buffer = context;
    pthread_mutex_destroy(&buffer->lock);
    free(buffer->data);
    free(buffer);
}

int ckpt_io_to_buffer(struct ckpt_io *io)
{
    struct buffer *buffer = calloc(1, sizeof(*buffer));
    if (buffer == NULL)
        return -ENOMEM;
    pthread_mutex_init(&buffer->lock, NULL);
    *io = (struct ckpt_io){.struct_size = sizeof(*io), .context = buffer, .read_at = buffer_read_at, .write_at = buffer_write_at,
                           .size = buffer_size, .resize = buffer_resize, .close = buffer_close};
    return 0;
}

const void *ckpt_io_buffer_data(const struct ckpt_io *io, size_t *length)
{
    const struct buffer *buffer = io->context;
    *length = buffer->length;
    return buffer->data;
}

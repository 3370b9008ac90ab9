#include "io.h"

#include <errno.h>
#include <string.h>

#include "adopt.h"

int io_read_at(const struct ckpt_io *io, void *buffer, size_t length, uint64_t offset)
{
    uint8_t *at = buffer;
    while (length > 0) {
        ssize_t n = io->read_at(io->context, at, length, offset);
        if (n == -EINTR)
            continue;
        if (n < 0)
            return (int)n;
        if (n == 0)
            return -ENODATA;
        if ((size_t)n > length)
            return -EIO;
        at += n;
        offset += (uint64_t)n;
        length -= (size_t)n;
    }
    return 0;
}

int io_write_at(const struct ckpt_io *io, const void *data, size_t length, uint64_t offset)
{
    const uint8_t *at = data;
    while (length > 0) {
        ssize_t n = io->write_at(io->context, at, length, offset);
        if (n == -EINTR)
            continue;
        if (n <= 0 || (size_t)n > length)
            return n < 0 ? (int)n : -EIO;
        at += n;
        offset += (uint64_t)n;
        length -= (size_t)n;
    }
    return 0;
}

int io_write(const struct ckpt_io *io, const void *data, size_t length)
{
    const uint8_t *at = data;
    while (length > 0) {
        ssize_t n = io->write(io->context, at, length);
        if (n == -EINTR)
            continue;
        if (n <= 0 || (size_t)n > length)
            return n < 0 ? (int)n : -EIO;
        at += n;
        length -= (size_t)n;
    }
    return 0;
}

int io_size(const struct ckpt_io *io, uint64_t *size)
{
    int error;
    do
        error = io->size(io->context, size);
    while (error == -EINTR);
    return error;
}

int io_resize(const struct ckpt_io *io, uint64_t size)
{
    int error = 0;
    do
        error = io->resize != NULL ? io->resize(io->context, size) : 0;
    while (error == -EINTR);
    return error;
}

int io_sync(const struct ckpt_io *io)
{
    int error = 0;
    do
        error = io->sync != NULL ? io->sync(io->context) : 0;
    while (error == -EINTR);
    return error;
}

bool io_adopt(struct ckpt_io *io, const struct ckpt_io *callers)
{
    return callers->struct_size >= sizeof(size_t) + sizeof(void *) && adopt_options(io, sizeof(*io), callers);
}

void ckpt_io_close(struct ckpt_io *io)
{
    if (io == NULL)
        return;
    if (io->close != NULL)
        io->close(io->context);
    memset(io, 0, sizeof(*io));
}

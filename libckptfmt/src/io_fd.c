#include <errno.h>
#include <fcntl.h>
#include <stdint.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

#include "io.h"

/* The context is the descriptor itself. */
static int descriptor(void *context)
{
    return (int)(intptr_t)context;
}

static ssize_t result(ssize_t n)
{
    return n < 0 ? -errno : n;
}

static ssize_t fd_read_at(void *context, void *buffer, size_t length, uint64_t offset)
{
    return result(pread(descriptor(context), buffer, length, (off_t)offset));
}

static ssize_t fd_write_at(void *context, const void *buffer, size_t length, uint64_t offset)
{
    return result(pwrite(descriptor(context), buffer, length, (off_t)offset));
}

static ssize_t fd_read(void *context, void *buffer, size_t length)
{
    return result(read(descriptor(context), buffer, length));
}

static ssize_t fd_write(void *context, const void *buffer, size_t length)
{
    return result(write(descriptor(context), buffer, length));
}

static int fd_size(void *context, uint64_t *size)
{
    off_t end = lseek(descriptor(context), 0, SEEK_END);
    if (end < 0)
        return -errno;
    *size = (uint64_t)end;
    return 0;
}

static int fd_resize(void *context, uint64_t size)
{
    return ftruncate(descriptor(context), (off_t)size) == 0 ? 0 : -errno;
}

static int fd_next_data(void *context, uint64_t offset, uint64_t *data)
{
    off_t at = lseek(descriptor(context), (off_t)offset, SEEK_DATA);
    if (at < 0 && errno == ENXIO)
        return fd_size(context, data);
    if (at < 0)
        return -errno;
    *data = (uint64_t)at;
    return 0;
}

static int fd_sync(void *context)
{
    return fsync(descriptor(context)) == 0 ? 0 : -errno;
}

static void fd_close(void *context)
{
    close(descriptor(context));
}

int ckpt_io_from_fd(struct ckpt_io *io, int fd)
{
    struct stat st;
    if (fstat(fd, &st) != 0)
        return -errno;
    if (S_ISDIR(st.st_mode))
        return -EISDIR;
    memset(io, 0, sizeof(*io));
    io->struct_size = sizeof(*io);
    io->context = (void *)(intptr_t)fd;
    if (S_ISREG(st.st_mode) || S_ISBLK(st.st_mode)) {
        io->read_at = fd_read_at;
        io->write_at = fd_write_at;
        io->size = fd_size;
        io->next_data = fd_next_data;
        if (S_ISREG(st.st_mode))
            io->resize = fd_resize;
        io->sync = fd_sync;
    } else {
        io->read = fd_read;
        io->write = fd_write;
    }
    return 0;
}

int io_descriptor(const struct ckpt_io *io)
{
    return io->read_at == fd_read_at ? descriptor(io->context) : -1;
}

void io_own_fd(struct ckpt_io *io)
{
    io->close = fd_close;
}

int ckpt_io_open(struct ckpt_io *io, const char *path)
{
    int fd = open(path, O_RDONLY | O_CLOEXEC | O_NOCTTY);
    if (fd < 0)
        return -errno;
    int error = ckpt_io_from_fd(io, fd);
    if (error != 0)
        close(fd);
    else
        io_own_fd(io);
    return error;
}

#include <errno.h>
#include <fcntl.h>
#include <stdio.h>
#include <stdlib.h>
#include <unistd.h>

#include "io.h"

enum { SPOOL_BUFFER = 256 << 10 };

/* A file without a name: nothing is left behind, whatever happens. */
static int open_unnamed(const char *directory)
{
    if (directory == NULL)
        directory = getenv("TMPDIR");
    if (directory == NULL || *directory == 0)
        directory = "/var/tmp";
    int fd = open(directory, O_TMPFILE | O_RDWR | O_CLOEXEC, 0600);
    if (fd >= 0 || (errno != EOPNOTSUPP && errno != EISDIR && errno != EINVAL))
        return fd >= 0 ? fd : -errno;
    char name[4096];
    int length = snprintf(name, sizeof(name), "%s/ckptXXXXXX", directory);
    if (length < 0 || (size_t)length >= sizeof(name))
        return -ENAMETOOLONG;
    fd = mkostemp(name, O_CLOEXEC);
    if (fd < 0)
        return -errno;
    unlink(name);
    return fd;
}

static int copy_all(const struct ckpt_io *to, const struct ckpt_io *source, uint64_t limit, uint8_t *buffer)
{
    for (uint64_t done = 0;;) {
        ssize_t n = source->read != NULL ? source->read(source->context, buffer, SPOOL_BUFFER)
                                         : source->read_at(source->context, buffer, SPOOL_BUFFER, done);
        if (n == -EINTR)
            continue;
        if (n <= 0)
            return (int)n;
        if (n > SPOOL_BUFFER)
            return -EIO;
        if (limit > 0 && done + (uint64_t)n > limit)
            return -EFBIG;
        int error = io_write_at(to, buffer, (size_t)n, done);
        if (error != 0)
            return error;
        done += (uint64_t)n;
    }
}

int ckpt_io_spool(struct ckpt_io *io, const struct ckpt_io *source, const char *directory, uint64_t limit)
{
    struct ckpt_io from, file;
    if (!io_adopt(&from, source) || (from.read == NULL && from.read_at == NULL))
        return -EINVAL;
    int fd = open_unnamed(directory);
    if (fd < 0)
        return fd;
    int error = ckpt_io_from_fd(&file, fd);
    uint8_t *buffer = malloc(SPOOL_BUFFER);
    if (error == 0)
        error = buffer != NULL ? copy_all(&file, &from, limit, buffer) : -ENOMEM;
    free(buffer);
    if (error != 0) {
        close(fd);
        return error;
    }
    io_own_fd(&file);
    *io = file;
    return 0;
}

#include "ckptdump/input.h"

#include <errno.h>
#include <fcntl.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

#include <ckptfmt/format.h>

enum { BLOCK = 64 << 10, INDEX_HEADER = 64 + 2 * 56, OFFSET_AT = 8, SIZE_AT = 32 };

bool input_is_pipe(void)
{
    struct stat status;
    return fstat(STDIN_FILENO, &status) == 0 && !S_ISREG(status.st_mode) && !S_ISBLK(status.st_mode) && !S_ISDIR(status.st_mode);
}

static ssize_t read_input(void *context, void *buffer, size_t length)
{
    struct input *input = context;
    size_t left = input->length - input->given;
    if (left == 0) {
        ssize_t n = read(STDIN_FILENO, buffer, length);
        return n < 0 ? -errno : n;
    }
    left = left < length ? left : length;
    memcpy(buffer, input->start + input->given, left);
    input->given += left;
    return (ssize_t)left;
}

int input_begin(struct input *input)
{
    *input = (struct input){.length = 0};
    while (input->length < sizeof(input->start)) {
        ssize_t n = read(STDIN_FILENO, input->start + input->length, sizeof(input->start) - input->length);
        if (n < 0 && errno != EINTR)
            return -errno;
        if (n == 0)
            break;
        input->length += n > 0 ? (size_t)n : 0;
    }
    return 0;
}

bool input_is_packed(const struct input *input)
{
    static const uint8_t type[4] = {CKPT_PT_INDEX & 0xff, CKPT_PT_INDEX >> 8 & 0xff, CKPT_PT_INDEX >> 16 & 0xff, CKPT_PT_INDEX >> 24}, nowhere[8];
    const uint8_t *header = input->start + INDEX_HEADER;
    return input->length == sizeof(input->start) && memcmp(header, type, sizeof(type)) == 0 && memcmp(header + OFFSET_AT, nowhere, sizeof(nowhere)) == 0 &&
           memcmp(header + SIZE_AT, nowhere, sizeof(nowhere)) == 0;
}

struct ckpt_io input_stream(struct input *input)
{
    return (struct ckpt_io){.struct_size = sizeof(struct ckpt_io), .context = input, .read = read_input};
}

static int open_unnamed(void)
{
    const char *directory = getenv("TMPDIR");
    int fd = open(directory != NULL && *directory != '\0' ? directory : "/var/tmp", O_TMPFILE | O_RDWR | O_CLOEXEC, 0600);
    return fd >= 0 ? fd : -errno;
}

static int write_block(int fd, const char *block, size_t length, off_t at)
{
    bool zeros = block[0] == 0 && memcmp(block, block + 1, length - 1) == 0;
    for (size_t done = zeros ? length : 0; done < length;) {
        ssize_t n = pwrite(fd, block + done, length - done, at + (off_t)done);
        if (n < 0 && errno != EINTR)
            return -errno;
        done += n > 0 ? (size_t)n : 0;
    }
    return 0;
}

static int copy(struct input *input, int fd)
{
    char block[BLOCK];
    for (off_t at = 0;;) {
        size_t length = 0;
        ssize_t n = 1;
        while (length < sizeof(block) && n != 0) { /* whole ones: a pipe gives pieces of any size */
            n = read_input(input, block + length, sizeof(block) - length);
            if (n < 0 && n != -EINTR)
                return (int)n;
            length += n > 0 ? (size_t)n : 0;
        }
        int error = length > 0 ? write_block(fd, block, length, at) : 0;
        at += (off_t)length;
        if (error != 0 || n == 0)
            return error != 0 ? error : ftruncate(fd, at) == 0 ? 0 : -errno;
    }
}

int input_copy(struct input *input)
{
    int fd = open_unnamed(), error = fd >= 0 ? copy(input, fd) : 0;
    if (error == 0)
        return fd;
    close(fd);
    return error;
}

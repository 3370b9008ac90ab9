#include "checkpt/thaw/input.h"

#include <errno.h>
#include <fcntl.h>
#include <stdlib.h>
#include <sys/stat.h>
#include <unistd.h>

enum { PIECE = 64 << 10 };

static bool unreadable(struct failure *why)
{
    why->exit_status = 2;
    return false;
}

/* What is no file cannot be read twice. The copy may be as large as the program: it does not go to memory. */
static int open_unnamed(const char **directory)
{
    *directory = getenv("TMPDIR");
    if (*directory == NULL || **directory == '\0')
        *directory = "/var/tmp";
    int fd = open(*directory, O_TMPFILE | O_RDWR | O_CLOEXEC, S_IRUSR | S_IWUSR);
    if (fd < 0 || fd > STDERR_FILENO)
        return fd;
    int above = fcntl(fd, F_DUPFD_CLOEXEC, STDERR_FILENO + 1);
    close(fd);
    return above;
}

static bool write_all(int fd, const char *bytes, size_t length, const char *directory, struct failure *why)
{
    for (size_t done = 0; done < length;) {
        ssize_t put = write(fd, bytes + done, length - done);
        if (put < 0 && errno != EINTR)
            return failure_errno(why, "copying it to a file in %s (TMPDIR names another directory)", directory);
        done += put > 0 ? (size_t)put : 0;
    }
    return true;
}

static bool copy_to_end(int fd, const char *directory, struct failure *why)
{
    char bytes[PIECE];
    for (;;) {
        ssize_t got = read(STDIN_FILENO, bytes, sizeof(bytes));
        if (got == 0)
            return true;
        if (got < 0 && errno == EINTR)
            continue;
        if (got < 0)
            return failure_errno(why, "reading");
        if (!write_all(fd, bytes, (size_t)got, directory, why))
            return false;
    }
}

static bool spool(struct input *input, struct failure *why)
{
    const char *directory;
    input->is_stream = true;
    input->fd = open_unnamed(&directory);
    if (input->fd < 0) {
        failure_errno(why, "making a file for it in %s (TMPDIR names another directory)", directory);
        return unreadable(why);
    }
    return copy_to_end(input->fd, directory, why) || unreadable(why);
}

bool input_open(struct input *input, struct failure *why)
{
    struct stat status;
    *input = (struct input){.fd = -1};
    if (isatty(STDIN_FILENO)) {
        failure_set(why, "a terminal: an image is expected there, from a pipe or a file");
        return unreadable(why);
    }
    if (fstat(STDIN_FILENO, &status) != 0) {
        failure_errno(why, "opening");
        return unreadable(why);
    }
    if (!S_ISREG(status.st_mode))
        return spool(input, why);
    input->fd = fcntl(STDIN_FILENO, F_DUPFD_CLOEXEC, STDERR_FILENO + 1);
    if (input->fd < 0 || lseek(STDIN_FILENO, 0, SEEK_END) < 0) {
        failure_errno(why, "opening");
        return unreadable(why);
    }
    return true;
}

void input_close(struct input *input)
{
    if (input->fd >= 0)
        close(input->fd);
    input->fd = -1;
}

#include "checkpt/freeze/output.h"

#include <errno.h>
#include <fcntl.h>
#include <stdint.h>
#include <stdio.h>
#include <string.h>
#include <sys/random.h>
#include <sys/stat.h>
#include <unistd.h>

enum { TRIES = 100, SUFFIX_SIZE = sizeof(".XXXXXX") };

static bool open_directory(struct output *output, const char *path, struct failure *why)
{
    const char *slash = strrchr(path, '/'), *name = slash != NULL ? slash + 1 : path;
    char directory[PATH_MAX] = ".";
    size_t length = slash == NULL ? 0 : slash == path ? 1 : (size_t)(slash - path);
    if (strlen(name) + SUFFIX_SIZE >= sizeof(output->name) || length >= sizeof(directory)) {
        errno = ENAMETOOLONG;
        return failure_errno(why, "%s", path);
    }
    if (length > 0)
        snprintf(directory, sizeof(directory), "%.*s", (int)length, path);
    output->directory = open(directory, O_RDONLY | O_DIRECTORY | O_CLOEXEC);
    if (output->directory < 0)
        return failure_errno(why, "%s: opening its directory", path);
    snprintf(output->name, sizeof(output->name), "%s", name);
    struct stat status;
    bool is_directory = fstatat(output->directory, name, &status, 0) == 0 && S_ISDIR(status.st_mode);
    if (name[0] == '\0' || is_directory)
        return failure_set(why, "%s: a directory; -o wants the name of a file", path);
    return true;
}

/* Random letters: mkstemp(3) knows no directory descriptor. */
static bool random_name(struct output *output)
{
    static const char letters[] = "abcdefghijklmnopqrstuvwxyz0123456789";
    uint8_t bytes[6];
    if (getrandom(bytes, sizeof(bytes), 0) != (ssize_t)sizeof(bytes))
        return false;
    char suffix[sizeof(bytes) + 1] = "";
    for (size_t i = 0; i < sizeof(bytes); i++)
        suffix[i] = letters[bytes[i] % (sizeof(letters) - 1)];
    snprintf(output->temporary, sizeof(output->temporary), ".%.200s.%s", output->name, suffix);
    return true;
}

bool output_open(struct output *output, const char *path, struct failure *why)
{
    *output = OUTPUT_CLOSED;
    if (!open_directory(output, path, why))
        return false;
    for (int i = 0; i < TRIES && output->fd < 0; i++) {
        if (!random_name(output))
            break;
        output->fd = openat(output->directory, output->temporary, O_RDWR | O_CREAT | O_EXCL | O_CLOEXEC | O_NOFOLLOW, S_IRUSR | S_IWUSR);
        if (output->fd < 0 && errno != EEXIST)
            break;
    }
    return output->fd >= 0 || failure_errno(why, "%s: creating a file beside it", path);
}

/* Appending would put every piece at the end: such a file is opened once more. */
static int duplicate(int fd, int flags)
{
    char name[32];
    if ((flags & O_APPEND) == 0)
        return fcntl(fd, F_DUPFD_CLOEXEC, STDERR_FILENO + 1);
    snprintf(name, sizeof(name), "/proc/self/fd/%d", fd);
    return open(name, O_WRONLY | O_CLOEXEC);
}

static bool is_unfit(struct failure *why)
{
    errno = EBADF;
    failure_errno(why, "the descriptor for the image: it must be a regular file, a pipe or a socket, and open for writing");
    return false;
}

bool output_open_descriptor(struct output *output, int fd, struct failure *why)
{
    struct stat status;
    int flags = fcntl(fd, F_GETFL);
    *output = OUTPUT_CLOSED;
    if (flags < 0 || fstat(fd, &status) != 0 || (flags & O_PATH) != 0 || (flags & O_ACCMODE) == O_RDONLY)
        return is_unfit(why);
    if (!S_ISREG(status.st_mode) && !S_ISFIFO(status.st_mode) && !S_ISSOCK(status.st_mode))
        return is_unfit(why);
    output->is_given = true;
    output->is_stream = !S_ISREG(status.st_mode);
    output->fd = duplicate(fd, output->is_stream ? 0 : flags);
    if (output->fd < 0)
        return failure_errno(why, "the descriptor for the image");
    return true;
}

void output_forget(struct output *output)
{
    close(output->fd);
    *output = OUTPUT_CLOSED;
}

bool output_commit(struct output *output, const char *path, struct failure *why)
{
    if (!output->is_stream && fsync(output->fd) != 0)
        return failure_errno(why, "%s: making it durable", path);
    if (output->is_given) {
        output_forget(output);
        return true;
    }
    if (renameat(output->directory, output->temporary, output->directory, output->name) != 0)
        return failure_errno(why, "%s: renaming %s to it", path, output->temporary);
    output->temporary[0] = '\0';
    if (fsync(output->directory) != 0 && errno != EINVAL && errno != EROFS)
        return failure_errno(why, "%s: making its name durable", path);
    return true;
}

void output_abandon(struct output *output)
{
    if (output->fd >= 0 && output->is_given && !output->is_stream)
        (void)!ftruncate(output->fd, 0);
    if (output->fd >= 0)
        close(output->fd);
    if (output->fd >= 0 && output->temporary[0] != '\0')
        unlinkat(output->directory, output->temporary, 0);
    if (output->directory >= 0)
        close(output->directory);
    *output = OUTPUT_CLOSED;
}

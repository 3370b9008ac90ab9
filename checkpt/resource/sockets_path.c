/* The file that a name in the file system made. */
#include <errno.h>
#include <fcntl.h>
#include <linux/limits.h>
#include <string.h>
#include <sys/stat.h>
#include <sys/un.h>
#include <unistd.h>

#include "checkpt/resource/file_record.h"
#include "checkpt/resource/sockets.h"

/* The path that a name means: one that is no whole path begins in the program's directory. */
static const char *whole_path(const struct thaw *thaw, const Ckpt__Socket *record, char buffer[PATH_MAX])
{
    char path[128], directory[PATH_MAX];
    const Ckpt__File *cwd = model_file(thaw->model, thaw->model->process.cwd);
    if (sockets_path(record, path) == NULL)
        return NULL;
    if (path[0] == '/' || cwd == NULL)
        return strcpy(buffer, path);
    int length = snprintf(buffer, PATH_MAX, "%s/%s", file_path(cwd, directory), path);
    return length < PATH_MAX ? buffer : NULL;
}

/* A socket of another type is refused without a word to whoever listens; where nobody has the socket any more, all are. A long path is reached by a descriptor. */
static bool is_dead(const char *path, uint32_t type)
{
    struct sockaddr_un address = {.sun_family = AF_UNIX};
    int fd = socket(AF_UNIX, (type == SOCK_DGRAM ? SOCK_STREAM : SOCK_DGRAM) | SOCK_CLOEXEC | SOCK_NONBLOCK, 0);
    int place = open(path, O_PATH | O_NOFOLLOW | O_CLOEXEC);
    snprintf(address.sun_path, sizeof(address.sun_path), "/proc/self/fd/%d", place);
    bool is = fd >= 0 && place >= 0 && connect(fd, (struct sockaddr *)&address, sizeof(address)) != 0 && errno == ECONNREFUSED;
    if (fd >= 0)
        close(fd);
    if (place >= 0)
        close(place);
    return is;
}

/* Left by a program that was resumed before and killed: it has nothing in it, and nobody else's would have that owner. */
static bool is_own(const Ckpt__SocketPath *file, const struct stat *status)
{
    return status->st_uid == geteuid() || (file != NULL && status->st_uid == file->uid);
}

enum sockets_place sockets_look_at_path(const struct thaw *thaw, const Ckpt__Socket *record)
{
    char path[PATH_MAX];
    struct stat status;
    const Ckpt__SocketPath *file = record->path;
    if (whole_path(thaw, record, path) == NULL || lstat(path, &status) != 0)
        return SOCKETS_FREE;
    if (!S_ISSOCK(status.st_mode))
        return SOCKETS_TAKEN;
    if (!is_dead(path, record->type))
        return SOCKETS_IN_USE;
    bool is_same = file != NULL && !file->gone && status.st_ino == file->inode && status.st_dev == file->device;
    return is_same || is_own(file, &status) ? SOCKETS_LEFT_OVER : SOCKETS_TAKEN;
}

#include "ckptedit/identity.h"

#include <errno.h>
#include <fcntl.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

#include "ckptedit/message.h"
#include "cli/elf_object.h"

static const struct {
    mode_t mode;
    Ckpt__FileType type;
    const char *name;
} types[] = {
    {S_IFREG, CKPT__FILE_TYPE__FILE_TYPE_REGULAR, "a regular file"},
    {S_IFDIR, CKPT__FILE_TYPE__FILE_TYPE_DIRECTORY, "a directory"},
    {S_IFCHR, CKPT__FILE_TYPE__FILE_TYPE_CHARACTER_DEVICE, "a character device"},
    {S_IFBLK, CKPT__FILE_TYPE__FILE_TYPE_BLOCK_DEVICE, "a block device"},
    {S_IFIFO, CKPT__FILE_TYPE__FILE_TYPE_FIFO, "a FIFO"},
    {S_IFSOCK, CKPT__FILE_TYPE__FILE_TYPE_SOCKET, "a socket"},
    {S_IFLNK, CKPT__FILE_TYPE__FILE_TYPE_SYMLINK, "a symbolic link"},
};
enum { TYPE_COUNT = sizeof(types) / sizeof(types[0]) };

const char *identity_type(Ckpt__FileType type)
{
    for (size_t i = 0; i < TYPE_COUNT; i++)
        if (types[i].type == type)
            return types[i].name;
    return "no file of a file system";
}

static Ckpt__FileType type_of(mode_t mode)
{
    for (size_t i = 0; i < TYPE_COUNT; i++)
        if (types[i].mode == (mode & S_IFMT))
            return types[i].type;
    return CKPT__FILE_TYPE__FILE_TYPE_UNSPECIFIED;
}

/* Only a regular file is opened: opening a device may do something. */
static void read_build_id(Ckpt__File *file, const char *path)
{
    uint8_t id[ELF_BUILD_ID_MAX];
    int fd = file->type == CKPT__FILE_TYPE__FILE_TYPE_REGULAR ? open(path, O_RDONLY | O_CLOEXEC | O_NOCTTY | O_NONBLOCK) : -1;
    message_set_bytes(&file->build_id, id, fd >= 0 ? elf_build_id(fd, id) : 0);
    if (fd >= 0)
        close(fd);
}

int identity_read(Ckpt__File *file, const char *path)
{
    struct stat status;
    if (stat(path, &status) != 0)
        return -errno;
    file->type = type_of(status.st_mode);
    file->deleted = false;
    file->device = status.st_dev;
    file->inode = status.st_ino;
    file->size = (uint64_t)status.st_size;
    file->mode = status.st_mode;
    file->rdev = status.st_rdev;
    file->links = (uint32_t)status.st_nlink;
    if (file->modified == NULL)
        file->modified = message_create(&ckpt__file__time__descriptor);
    file->modified->seconds = status.st_mtim.tv_sec;
    file->modified->nanoseconds = (uint32_t)status.st_mtim.tv_nsec;
    message_set_bytes(&file->path, path, strlen(path));
    read_build_id(file, path);
    return 0;
}

int identity_path(const char *path, char absolute[PATH_MAX])
{
    char directory[PATH_MAX] = "";
    char *real = realpath(path, NULL);
    bool relative = real == NULL && path[0] != '/';
    if (relative && getcwd(directory, sizeof(directory)) == NULL)
        return -errno;
    int length = snprintf(absolute, PATH_MAX, "%s%s%s", directory, relative ? "/" : "", real != NULL ? real : path);
    free(real);
    return length < PATH_MAX ? 0 : -ENAMETOOLONG;
}

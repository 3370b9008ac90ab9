#include "checkpt/resource/file_record.h"

#include <fcntl.h>
#include <string.h>
#include <unistd.h>

#include "cli/elf_object.h"

bool file_leads_to(const char *path, const struct stat *status)
{
    struct stat there;
    int found = S_ISLNK(status->st_mode) ? lstat(path, &there) : stat(path, &there);
    return path[0] == '/' && found == 0 && there.st_ino == status->st_ino && there.st_dev == status->st_dev;
}

static Ckpt__FileType type_of(const char *path, const struct stat *status)
{
    static const struct {
        mode_t mode;
        Ckpt__FileType type;
    } types[] = {
        {S_IFREG, CKPT__FILE_TYPE__FILE_TYPE_REGULAR},          {S_IFDIR, CKPT__FILE_TYPE__FILE_TYPE_DIRECTORY},
        {S_IFCHR, CKPT__FILE_TYPE__FILE_TYPE_CHARACTER_DEVICE}, {S_IFBLK, CKPT__FILE_TYPE__FILE_TYPE_BLOCK_DEVICE},
        {S_IFIFO, CKPT__FILE_TYPE__FILE_TYPE_FIFO},             {S_IFSOCK, CKPT__FILE_TYPE__FILE_TYPE_SOCKET},
        {S_IFLNK, CKPT__FILE_TYPE__FILE_TYPE_SYMLINK},
    };
    if (S_ISREG(status->st_mode) && strncmp(path, "/memfd:", 7) == 0)
        return CKPT__FILE_TYPE__FILE_TYPE_MEMFD;
    if (S_ISREG(status->st_mode) && strcmp(path, "/dev/zero") == 0)
        return CKPT__FILE_TYPE__FILE_TYPE_SHARED_MEMORY;
    for (size_t i = 0; i < sizeof(types) / sizeof(types[0]); i++)
        if ((status->st_mode & S_IFMT) == types[i].mode)
            return types[i].type;
    return CKPT__FILE_TYPE__FILE_TYPE_ANONYMOUS_INODE;
}

void file_record_status(struct arena *arena, Ckpt__File *file, const struct stat *status)
{
    file->device = status->st_dev;
    file->inode = status->st_ino;
    file->size = (uint64_t)status->st_size;
    file->mode = status->st_mode;
    file->rdev = status->st_rdev;
    file->links = (uint32_t)status->st_nlink;
    file->uid = status->st_uid;
    file->gid = status->st_gid;
    Ckpt__File__Time *modified = arena_alloc(arena, sizeof(*modified));
    ckpt__file__time__init(modified);
    modified->seconds = status->st_mtim.tv_sec;
    modified->nanoseconds = (uint32_t)status->st_mtim.tv_nsec;
    file->modified = modified;
}

void file_record_begin(struct arena *arena, Ckpt__File *file, const char *path, const struct stat *status)
{
    file->type = type_of(path, status);
    file->path = (ProtobufCBinaryData){strlen(path), arena_copy(arena, path, strlen(path))};
    file_record_status(arena, file, status);
}

static Ckpt__File *find(const struct model *model, const struct stat *status, bool gone)
{
    for (size_t i = 0; i < model->file_count; i++) {
        Ckpt__File *file = model->files[i];
        if (file->inode == status->st_ino && file->device == status->st_dev && file->deleted == gone)
            return file;
    }
    return NULL;
}

Ckpt__File *file_record(struct model *model, const char *path, const struct stat *status, bool gone)
{
    Ckpt__File *file = find(model, status, gone);
    if (file != NULL)
        return file;
    file = model_add_file(model);
    file_record_begin(&model->arena, file, path, status);
    file->deleted = gone;
    return file;
}

const char *file_path(const Ckpt__File *file, char buffer[PATH_MAX])
{
    size_t length = file->path.len < PATH_MAX ? file->path.len : PATH_MAX - 1;
    memcpy(buffer, file->path.data, length);
    buffer[length] = '\0';
    return buffer;
}

static bool has_build_id(const Ckpt__File *file, const char *path)
{
    uint8_t id[ELF_BUILD_ID_MAX];
    int fd = open(path, O_RDONLY | O_CLOEXEC | O_NOCTTY);
    size_t size = fd >= 0 ? elf_build_id(fd, id) : 0;
    if (fd >= 0)
        close(fd);
    return size > 0 && size == file->build_id.len && memcmp(id, file->build_id.data, size) == 0;
}

const char *file_difference(const Ckpt__File *file, const char *path, const struct stat *status)
{
    if (file->size != (uint64_t)status->st_size)
        return "its size has changed";
    bool same_time = file->modified != NULL && file->modified->seconds == status->st_mtim.tv_sec &&
                     file->modified->nanoseconds == (uint32_t)status->st_mtim.tv_nsec;
    if (same_time)
        return NULL;
    if (file->build_id.len == 0)
        return "it has been written to";
    return has_build_id(file, path) ? NULL : "it is another build of the program or library";
}

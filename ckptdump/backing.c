#include "ckptdump/backing.h"

#include <errno.h>
#include <fcntl.h>
#include <stdio.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

#include <linux/limits.h>

#include "cli/elf_object.h"

void backing_init(struct backing *backing)
{
    *backing = (struct backing){.fd = -1};
}

void backing_deinit(struct backing *backing)
{
    if (backing->fd >= 0)
        close(backing->fd);
    *backing = (struct backing){.fd = -1, .trust = backing->trust};
}

static bool has_build_id(const Ckpt__File *file, int fd)
{
    uint8_t id[ELF_BUILD_ID_MAX];
    size_t size = file->build_id.len > 0 ? elf_build_id(fd, id) : 0;
    return size > 0 && size == file->build_id.len && memcmp(id, file->build_id.data, size) == 0;
}

/* NULL where the file is what it was. Times of an ELF object do not matter where its build-id says that it is the same. */
static const char *difference(const Ckpt__File *file, int fd, bool trust)
{
    struct stat status;
    if (fstat(fd, &status) != 0)
        return strerror(errno);
    if (!S_ISREG(status.st_mode))
        return "it is no regular file";
    if (file->modified == NULL && file->build_id.len == 0)
        return trust ? NULL : "nothing says whether it is still the same file";
    if (file->size != (uint64_t)status.st_size)
        return "its size has changed";
    if (file->modified != NULL && file->modified->seconds == status.st_mtim.tv_sec && file->modified->nanoseconds == (uint32_t)status.st_mtim.tv_nsec)
        return NULL;
    if (file->build_id.len == 0)
        return "it has been written to";
    return has_build_id(file, fd) ? NULL : "it is another build of the program or library";
}

int backing_open(struct backing *backing, const Ckpt__File *file)
{
    char path[PATH_MAX] = {0};
    if (file == backing->file)
        return backing->fd;
    backing_deinit(backing);
    backing->file = file;
    const char *why = file->deleted ? "it was deleted" : file->path.len == 0 || file->path.len >= sizeof(path) ? "it has no path" : NULL;
    if (why == NULL) {
        memcpy(path, file->path.data, file->path.len);
        backing->fd = open(path, O_RDONLY | O_CLOEXEC | O_NONBLOCK | O_NOCTTY);
        why = backing->fd < 0 ? strerror(errno) : difference(file, backing->fd, backing->trust);
    }
    if (why == NULL)
        return backing->fd;
    snprintf(backing->why, sizeof(backing->why), "%s", why);
    if (backing->fd >= 0)
        close(backing->fd);
    backing->fd = -1;
    return -1;
}

bool backing_read(struct backing *backing, const Ckpt__File *file, uint64_t offset, void *buffer, size_t length)
{
    int fd = backing_open(backing, file);
    if (fd < 0)
        return false;
    memset(buffer, 0, length);
    for (size_t done = 0; done < length;) {
        ssize_t count = pread(fd, (char *)buffer + done, length - done, (off_t)(offset + done));
        if (count == 0)
            return true;
        if (count < 0 && errno != EINTR) {
            snprintf(backing->why, sizeof(backing->why), "%s", strerror(errno));
            return false;
        }
        done += count > 0 ? (size_t)count : 0;
    }
    return true;
}

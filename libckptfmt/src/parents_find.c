#include <dirent.h>
#include <errno.h>
#include <fcntl.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

#include "grow.h"
#include "io.h"
#include "parents.h"

enum { SCAN_MAX = 4096 }; /* files of a directory that are looked at */

/* Only regular files: a name in an image must not make us wait on a fifo. */
static int open_regular(int directory, const char *name, struct ckpt_io *io)
{
    struct stat st;
    int fd = openat(directory, name, O_RDONLY | O_CLOEXEC | O_NOCTTY | O_NONBLOCK);
    if (fd < 0)
        return -errno;
    int error = fstat(fd, &st) != 0 ? -errno : !S_ISREG(st.st_mode) ? -ENOENT : ckpt_io_from_fd(io, fd);
    if (error != 0)
        close(fd);
    else
        io_own_fd(io);
    return error;
}

static bool read_id(const struct ckpt_io *io, uint8_t id[CKPT_ID_SIZE])
{
    uint8_t bytes[CKPT_FOOTER_SIZE];
    uint64_t size;
    if (io_size(io, &size) != 0 || size <= sizeof(bytes) || io_read_at(io, bytes, sizeof(bytes), size - sizeof(bytes)) != 0 || !footer_has_magic(bytes))
        return false;
    memcpy(id, bytes + FOOTER_ID_AT, CKPT_ID_SIZE);
    return true;
}

static bool has_id(const struct ckpt_io *io, const uint8_t id[CKPT_ID_SIZE])
{
    uint8_t found[CKPT_ID_SIZE];
    return read_id(io, found) && memcmp(found, id, CKPT_ID_SIZE) == 0;
}

/* 0 where the file has the id. A file by this name that has another one stays open in *other, for want of a better. */
static int try_file(int directory, const char *name, const uint8_t id[CKPT_ID_SIZE], struct ckpt_io *io, struct ckpt_io *other)
{
    struct ckpt_io found;
    int error = open_regular(directory, name, &found);
    if (error != 0)
        return error;
    if (has_id(&found, id)) {
        *io = found;
        return 0;
    }
    if (other != NULL && other->struct_size == 0)
        *other = found;
    else
        ckpt_io_close(&found);
    return -ENOENT;
}

static bool is_image_name(const char *name)
{
    size_t length = strlen(name);
    return length > 5 && strcmp(name + length - 5, ".ckpt") == 0;
}

static bool add(struct parents_directory *known, const uint8_t id[CKPT_ID_SIZE], const char *name)
{
    struct parents_file *list = grow(known->list, known->count, &known->room, sizeof(*list));
    if (list == NULL)
        return false;
    known->list = list;
    struct parents_file *file = &known->list[known->count];
    memcpy(file->id, id, CKPT_ID_SIZE);
    file->name = strdup(name);
    known->count += file->name != NULL;
    return file->name != NULL;
}

/* All ids of a directory at once: a chain of a hundred parents that were renamed does not open each file a hundred times. */
static void scan(int directory, struct parents_directory *known)
{
    int copy = openat(directory, ".", O_RDONLY | O_DIRECTORY | O_CLOEXEC);
    DIR *list = copy >= 0 ? fdopendir(copy) : NULL;
    if (list == NULL && copy >= 0)
        close(copy);
    struct dirent *entry;
    for (int seen = 0; list != NULL && seen < SCAN_MAX && (entry = readdir(list)) != NULL; seen++) {
        struct ckpt_io found;
        uint8_t id[CKPT_ID_SIZE];
        if (!is_image_name(entry->d_name) || open_regular(directory, entry->d_name, &found) != 0)
            continue;
        if (read_id(&found, id))
            add(known, id, entry->d_name);
        ckpt_io_close(&found);
    }
    if (list != NULL)
        closedir(list);
    known->scanned = true;
}

/* Looked at again before it is taken: it may have changed since. */
static int find_known(int directory, struct parents_directory *known, const uint8_t id[CKPT_ID_SIZE], struct ckpt_io *io)
{
    int result = -ENOENT;
    if (!known->scanned)
        scan(directory, known);
    for (size_t i = 0; i < known->count && result != 0; i++)
        if (memcmp(known->list[i].id, id, CKPT_ID_SIZE) == 0)
            result = try_file(directory, known->list[i].name, id, io, NULL);
    return result;
}

void parents_forget(struct parents_directory *known)
{
    for (size_t i = 0; i < known->count; i++)
        free(known->list[i].name);
    free(known->list);
    *known = (struct parents_directory){.scanned = false};
}

static int search(const char *directory, struct parents_directory *known, const char *path, const uint8_t id[CKPT_ID_SIZE], struct ckpt_io *io, struct ckpt_io *other)
{
    int result = -ENOENT, fd = directory != NULL ? open(directory, O_RDONLY | O_DIRECTORY | O_CLOEXEC) : -1;
    const char *slash = strrchr(path, '/'), *base = slash != NULL ? slash + 1 : path;
    if (fd >= 0 && *base != 0)
        result = try_file(fd, base, id, io, other);
    if (fd >= 0 && result != 0)
        result = find_known(fd, known, id, io);
    if (fd >= 0)
        close(fd);
    return result != 0 && *path == '/' ? try_file(AT_FDCWD, path, id, io, other) : result;
}

int parents_find(struct ckpt_reader *r, const uint8_t id[CKPT_ID_SIZE], const void *path, size_t path_length, struct ckpt_io *io)
{
    struct ckpt_io other = {.struct_size = 0};
    char *name = malloc(path_length + 1);
    if (name == NULL)
        return -ENOMEM;
    if (path_length > 0)
        memcpy(name, path, path_length);
    name[path_length] = 0;
    int result = search(r->directory, &r->known, name, id, io, &other);
    free(name);
    if (result == 0 || other.struct_size == 0) {
        ckpt_io_close(&other);
        return result;
    }
    *io = other; /* the caller sees that it is another image, and says which */
    return 0;
}

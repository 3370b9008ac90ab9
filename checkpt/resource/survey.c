#include "checkpt/resource/survey.h"

#include <errno.h>
#include <fcntl.h>
#include <inttypes.h>
#include <stdio.h>
#include <string.h>
#include <sys/mman.h>
#include <unistd.h>

struct survey *survey_create(struct arena *arena, int directory)
{
    struct survey *survey = arena_alloc(arena, sizeof(*survey));
    survey->arena = arena;
    survey->directory = directory;
    return survey;
}

/* Only regular files are opened: opening a device may do something. The inode tells whether the path still leads to the same file; the device numbers of
 * maps and stat differ on some file systems. */
static int open_path(const struct proc_mapping *mapping)
{
    struct stat status;
    if (mapping->deleted || mapping->path[0] != '/' || stat(mapping->path, &status) != 0)
        return -1;
    if (!S_ISREG(status.st_mode) || status.st_ino != mapping->inode) {
        errno = ESTALE;
        return -1;
    }
    return open(mapping->path, O_RDONLY | O_CLOEXEC | O_NOCTTY | O_NONBLOCK);
}

static int open_mapping(int directory, const struct proc_mapping *mapping)
{
    char name[64];
    struct stat status;
    snprintf(name, sizeof(name), "map_files/%" PRIx64 "-%" PRIx64, mapping->start, mapping->end);
    if (fstatat(directory, name, &status, 0) != 0)
        return -1;
    if (!S_ISREG(status.st_mode)) {
        errno = ENOTSUP;
        return -1;
    }
    return openat(directory, name, O_RDONLY | O_CLOEXEC | O_NOCTTY | O_NONBLOCK);
}

int survey_open(const struct survey *survey, const struct proc_mapping *mapping)
{
    int fd = open_path(mapping);
    return fd >= 0 ? fd : open_mapping(survey->directory, mapping);
}

/* The footer's magic, at a fixed distance from the end. */
static bool is_image(int fd, off_t size)
{
    static const unsigned char magic[8] = {0x89, 'C', 'K', 'P', 'T', '\r', '\n', 0x1a};
    unsigned char bytes[sizeof(magic)];
    return size > CKPT_FOOTER_SIZE && pread(fd, bytes, sizeof(bytes), size - CKPT_FOOTER_SIZE) == (ssize_t)sizeof(bytes) &&
           memcmp(bytes, magic, sizeof(magic)) == 0;
}

/* The C library calls madvise(MADV_DONTNEED) in ways that do not count on zeros; see "Memory" in DESIGN.md. */
static bool is_c_library(const char *path)
{
    static const char *const names[] = {"libc.so", "libc-", "libc.musl", "ld-linux", "ld-musl", "ld-2"};
    const char *name = strrchr(path, '/');
    name = name != NULL ? name + 1 : path;
    for (size_t i = 0; i < sizeof(names) / sizeof(names[0]); i++)
        if (strncmp(name, names[i], strlen(names[i])) == 0)
            return true;
    return false;
}

static void look_at(const struct survey *survey, struct survey_file *file, const struct proc_mapping *mapping)
{
    int fd = open_path(mapping);
    file->reachable = fd >= 0;
    if (fd < 0)
        fd = open_mapping(survey->directory, mapping);
    if (fd < 0)
        return;
    file->has_status = fstat(fd, &file->status) == 0;
    file->is_image = file->has_status && is_image(fd, file->status.st_size);
    if (!file->is_image && !mapping->shared)
        file->build_id_size = elf_build_id(fd, file->build_id);
    close(fd);
}

static bool is_behind(const struct survey_file *file, const struct proc_mapping *mapping)
{
    return file->inode == mapping->inode && file->device == mapping->device && strcmp(file->path, mapping->path) == 0;
}

static struct survey_file *known(struct survey *survey, const struct proc_mapping *mapping)
{
    if (survey->last != NULL && is_behind(survey->last, mapping))
        return survey->last;
    for (size_t i = 0; i < survey->count; i++)
        if (is_behind(survey->files[i], mapping))
            return survey->files[i];
    return NULL;
}

static struct survey_file *add(struct survey *survey, const struct proc_mapping *mapping)
{
    struct survey_file *file = arena_alloc(survey->arena, sizeof(*file));
    file->device = mapping->device;
    file->inode = mapping->inode;
    file->path = mapping->path;
    look_at(survey, file, mapping);
    if (survey->count == survey->room) {
        survey->room = survey->room == 0 ? 16 : survey->room * 2;
        survey->files = arena_grow(survey->arena, survey->files, survey->count, survey->room, sizeof(struct survey_file *));
    }
    survey->files[survey->count++] = file;
    return file;
}

/* Whether code is mapped is known only when its own mapping comes by: an object's first mapping is its read-only header. A static program may do
 * what it likes. */
static void look_at_code(const struct survey *survey, struct survey_file *file, const struct proc_mapping *mapping)
{
    file->code_seen = true;
    int fd = file->is_image || is_c_library(file->path) ? -1 : survey_open(survey, mapping);
    if (fd < 0)
        return;
    bool dynamic = false;
    file->discards = elf_imports(fd, "madvise", &dynamic) || !dynamic;
    close(fd);
}

struct survey_file *survey_find(struct survey *survey, const struct proc_mapping *mapping)
{
    struct survey_file *file = known(survey, mapping);
    if (file == NULL)
        file = add(survey, mapping);
    if ((mapping->protection & PROT_EXEC) != 0 && !file->code_seen)
        look_at_code(survey, file, mapping);
    survey->last = file;
    return file;
}

/* Content spaces: shared memory, memfds, deleted files. Read from a descriptor where there is a way to open one, else through a mapping. */
#include <errno.h>
#include <fcntl.h>
#include <inttypes.h>
#include <stdio.h>
#include <stdlib.h>
#include <sys/mman.h>
#include <unistd.h>

#include "checkpt/freeze/extents.h"

enum { GAP_MAX = 1 << 20 };

static uint64_t page_end(uint64_t offset)
{
    return (offset + CKPT_PAGE_SIZE - 1) / CKPT_PAGE_SIZE * CKPT_PAGE_SIZE;
}

/* A descriptor of the program that has the file open leads to it by itself; so does a mapping, given rights. */
static int open_content(const struct freeze *freeze, const Ckpt__File *file)
{
    const struct model *model = freeze->model;
    char name[64];
    for (size_t i = 0; i < model->descriptors.n_descriptors; i++) {
        const Ckpt__OpenFile *open_file = model_open_file(model, model->descriptors.descriptors[i]->open_file);
        if (open_file == NULL || open_file->file != file->id || (open_file->flags & O_PATH) != 0)
            continue;
        snprintf(name, sizeof(name), "fd/%u", model->descriptors.descriptors[i]->number);
        int fd = openat(freeze->directory, name, O_RDONLY | O_CLOEXEC | O_NOCTTY);
        if (fd >= 0)
            return fd;
    }
    for (size_t i = 0; i < model->memory.n_mappings; i++) {
        const Ckpt__Mapping *m = model->memory.mappings[i];
        if (m->file != file->id)
            continue;
        snprintf(name, sizeof(name), "map_files/%" PRIx64 "-%" PRIx64, m->start, m->end);
        int fd = openat(freeze->directory, name, O_RDONLY | O_CLOEXEC | O_NOCTTY);
        if (fd >= 0)
            return fd;
    }
    return -1;
}

/* Runs of data with small gaps joined; where the file system cannot tell, all of it. */
static bool add_file(struct extents *extents, const Ckpt__File *file, int fd, struct failure *why)
{
    uint64_t size = page_end(file->size);
    struct extent run = {.space = file->space, .source = EXTENT_FILE, .fd = fd};
    for (uint64_t at = 0; at < size;) {
        off_t data = lseek(fd, (off_t)at, SEEK_DATA);
        if (data < 0 && errno == ENXIO)
            break;
        off_t hole = data < 0 ? -1 : lseek(fd, data, SEEK_HOLE);
        uint64_t start = data < 0 ? at : (uint64_t)data / CKPT_PAGE_SIZE * CKPT_PAGE_SIZE, end = hole < 0 ? size : page_end((uint64_t)hole);
        end = end < size ? end : size;
        if (run.length > 0 && start - (run.address + run.length) >= GAP_MAX) {
            if (!extents_add(extents, &run, why))
                return false;
            run.length = 0;
        }
        if (run.length == 0)
            run.address = start;
        run.length = end - run.address;
        at = end;
    }
    return run.length == 0 || extents_add(extents, &run, why);
}

static int compare_offsets(const void *a, const void *b)
{
    const struct extent *x = a, *y = b;
    return (x->address > y->address) - (x->address < y->address);
}

/* What its mappings show, each part of it once. */
static bool add_mappings(struct extents *extents, const struct model *model, const Ckpt__File *file, struct failure *why)
{
    struct extents seen = {0};
    bool done = true;
    for (size_t i = 0; i < model->memory.n_mappings && done; i++) {
        const Ckpt__Mapping *m = model->memory.mappings[i];
        if (m->file == file->id && (m->flags & MAP_SHARED) != 0)
            done = extents_add(&seen, &(struct extent){.address = m->offset, .length = m->end - m->start, .shift = m->start - m->offset,
                                                       .space = file->space, .source = EXTENT_THROUGH}, why);
    }
    if (seen.count > 0)
        qsort(seen.list, seen.count, sizeof(*seen.list), compare_offsets);
    uint64_t reached = 0;
    for (size_t i = 0; i < seen.count && done; i++) {
        struct extent part = seen.list[i];
        uint64_t end = part.address + part.length;
        part.address = part.address > reached ? part.address : reached;
        if (part.address >= end)
            continue;
        part.length = end - part.address;
        reached = end;
        done = extents_add(extents, &part, why);
    }
    extents_deinit(&seen);
    return done;
}

static bool add_content(struct extents *extents, struct freeze *freeze, Ckpt__File *file, struct failure *why)
{
    const struct freeze_content *content = freeze_content(freeze, file->space);
    if (content != NULL)
        return extents_add(extents, &(struct extent){.space = file->space, .source = EXTENT_BYTES, .bytes = content->bytes, .length = content->length}, why);
    int fd = open_content(freeze, file);
    if (fd < 0)
        return add_mappings(extents, freeze->model, file, why);
    int seals = fcntl(fd, F_GET_SEALS);
    if (seals > 0)
        file->seals = (uint32_t)seals;
    size_t before = extents->count;
    bool done = add_file(extents, file, fd, why);
    if (extents->count == before)
        close(fd);
    return done;
}

static int compare_spaces(const void *a, const void *b)
{
    uint32_t x = (*(Ckpt__File *const *)a)->space, y = (*(Ckpt__File *const *)b)->space;
    return (x > y) - (x < y);
}

bool extents_of_contents(struct extents *extents, struct freeze *freeze, struct failure *why)
{
    struct model *model = freeze->model;
    Ckpt__File **files = arena_copy(&model->arena, model->files, model->file_count * sizeof(*files));
    if (model->file_count > 0)
        qsort(files, model->file_count, sizeof(*files), compare_spaces);
    for (size_t i = 0; i < model->file_count; i++)
        if (files[i]->space != 0 && !add_content(extents, freeze, files[i], why))
            return failure_prepend(why, "%.*s", (int)files[i]->path.len, (const char *)files[i]->path.data);
    return true;
}

void extents_close(struct extents *extents)
{
    for (size_t i = 0; i < extents->count; i++) {
        const struct extent *extent = &extents->list[i];
        bool last = i + 1 == extents->count || extents->list[i + 1].space != extent->space;
        if (extent->source == EXTENT_FILE && last)
            close(extent->fd);
    }
}

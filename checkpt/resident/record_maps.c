#include <inttypes.h>
#include <string.h>
#include <stdlib.h>
#include <sys/mman.h>

#include "checkpt/resident/recording.h"

/* Fewer bytes than this are read into place sooner than they are mapped, where they will be written to anyway; what the dynamic linker has allocated is written to by every
 * run. */
enum { READ_BELOW = 8192, READ_LINKER_BELOW = 1 << 18 };
/* What a single page fault would map of a file in memory, the kernel is asked to map at once: code, which every constructor is in, and relocated tables of it. */
enum { FAULT_AROUND = 1 << 16 };

static bool add_mapped(struct recording *recording, const Ckpt__File *file, int32_t *index, struct failure *why)
{
    char *path = arena_printf(recording->arena, "%.*s", (int)file->path.len, (const char *)file->path.data);
    struct start_identity identity;
    for (size_t i = 0; i < recording->mapped.count; i++)
        if (strcmp(recording->paths[i], path) == 0) {
            *index = (int32_t)i;
            return true;
        }
    if (recording->mapped.count == START_MAPPED_MAX)
        return failure_set(why, "it maps more than %d files", START_MAPPED_MAX);
    if (!record_identify(path, &identity, why))
        return false;
    *index = (int32_t)recording->mapped.count;
    recording->paths[*index] = path;
    struct start_mapped *mapped = recording_add(recording, &recording->mapped);
    mapped->identity = identity;
    return true;
}

static void add_map(struct recording *recording, uint64_t start, uint64_t end, uint32_t protection, uint32_t flags, int32_t file, uint64_t offset)
{
    if (start >= end)
        return;
    struct start_map *map = recording_add(recording, &recording->maps);
    bool is_read = file == START_IMAGE || (protection & PROT_EXEC) != 0;
    if (is_read && (protection & PROT_WRITE) == 0 && end - start <= FAULT_AROUND)
        flags |= MAP_POPULATE;
    *map = (struct start_map){.start = start, .length = end - start, .offset = offset, .protection = protection, .flags = flags, .file = file};
}

/* One mapping under way. */
struct piece {
    const Ckpt__Mapping *mapping;
    int32_t file;
    uint32_t protection, flags; /* while it is filled */
};

static void add_own(struct recording *recording, const struct piece *piece, uint64_t start, uint64_t end)
{
    uint64_t offset = piece->file >= 0 ? piece->mapping->offset + (start - piece->mapping->start) : 0;
    add_map(recording, start, end, piece->protection, piece->flags, piece->file, offset);
}

/* The parts of a mapping that lie in the image, and between them its own. What is not written by the program itself stays shared among all runs. */
static void add_parts(struct recording *recording, const struct piece *piece)
{
    const Ckpt__Mapping *mapping = piece->mapping;
    bool read_only = (mapping->protection & PROT_WRITE) == 0, of_linker = mapping->file == 0 && recording->request->kind == START_RELOCATED;
    uint64_t read_below = of_linker ? READ_LINKER_BELOW : READ_BELOW;
    uint64_t at = mapping->start;
    for (size_t i = 0; i < recording->stored.count; i++) {
        const struct stored_run *run = &recording->stored.list[i];
        uint64_t start = run->address > mapping->start ? run->address : mapping->start;
        uint64_t end = run->address + run->length < mapping->end ? run->address + run->length : mapping->end;
        if (start >= end)
            continue;
        uint64_t offset = run->offset + (start - run->address);
        if (!read_only && end - start < read_below) {
            struct start_read *read = recording_add(recording, &recording->reads);
            *read = (struct start_read){start, end - start, offset};
            continue;
        }
        add_own(recording, piece, at, start);
        add_map(recording, start, end, piece->protection, MAP_PRIVATE, START_IMAGE, offset);
        at = end;
    }
    add_own(recording, piece, at, mapping->end);
}

static bool add_mapping(struct recording *recording, const Ckpt__Mapping *mapping, struct failure *why)
{
    const Ckpt__File *file = model_file(recording->model, mapping->file);
    struct piece piece = {.mapping = mapping, .file = START_ANONYMOUS, .protection = mapping->protection, .flags = mapping->flags & (MAP_SHARED | MAP_PRIVATE | MAP_NORESERVE)};
    bool shared = (mapping->flags & MAP_SHARED) != 0;
    if (file != NULL && file->space != 0 && shared)
        return failure_set(why, "mapping %" PRIx64 "-%" PRIx64 ": memory that it shares with others cannot be resident", mapping->start, mapping->end);
    if (file != NULL && !file->deleted && file->space == 0 && !add_mapped(recording, file, &piece.file, why))
        return false;
    if (piece.file == START_ANONYMOUS)
        piece.flags |= MAP_ANONYMOUS;
    bool patched = recording_is_patched(recording, mapping->start, mapping->end);
    if (patched && (mapping->protection & PROT_WRITE) == 0) {
        piece.protection |= PROT_READ | PROT_WRITE;
        struct start_protect *protect = recording_add(recording, &recording->protects);
        *protect = (struct start_protect){mapping->start, mapping->end - mapping->start, mapping->protection};
    }
    if (shared)
        add_own(recording, &piece, mapping->start, mapping->end);
    else
        add_parts(recording, &piece);
    return true;
}

static int compare(const void *a, const void *b)
{
    const struct start_map *x = a, *y = b;
    if (x->file != y->file)
        return x->file < y->file ? -1 : 1;
    return (x->start > y->start) - (x->start < y->start);
}

bool recording_maps(struct recording *recording, struct failure *why)
{
    const Ckpt__Memory *memory = &recording->model->memory;
    for (size_t i = 0; i < memory->n_mappings; i++) {
        const Ckpt__Mapping *mapping = memory->mappings[i];
        if (!mapping->special && mapping != recording->stack && !add_mapping(recording, mapping, why))
            return false;
    }
    qsort(recording->maps.elements, recording->maps.count, sizeof(struct start_map), compare);
    return true;
}

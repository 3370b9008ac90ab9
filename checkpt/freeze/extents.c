#include "checkpt/freeze/extents.h"

#include <inttypes.h>
#include <stdlib.h>
#include <string.h>
#include <sys/mman.h>

#include "checkpt/resource/memory.h"

/* Gaps between stored runs of anonymous memory that stay inside one extent, as holes: fewer program headers, and fewer mappings at the thaw. */
enum { GAP_MAX = 1 << 20 };

void extents_deinit(struct extents *extents)
{
    free(extents->list);
    *extents = (struct extents){0};
}

bool extents_add(struct extents *extents, const struct extent *extent, struct failure *why)
{
    if (extents->count == extents->room) {
        size_t room = extents->room == 0 ? 64 : extents->room * 2;
        struct extent *list = realloc(extents->list, room * sizeof(*list));
        if (list == NULL)
            return failure_set(why, "list of %zu ranges to copy: out of memory", room);
        extents->list = list;
        extents->room = room;
    }
    extents->list[extents->count++] = *extent;
    extents->bytes += extent->length;
    return true;
}

/* Page runs and mappings both ascend: one pass over both. */
struct walk {
    struct extents *extents;
    struct freeze *freeze;
    const void *vdso;
    size_t next;              /* mapping of the model that comes next */
    size_t mapping_extents;   /* how many extents there were when the mapping began */
    bool wants_runs;          /* its pages are looked for */
    struct failure *why;
};

static bool is_stored_whole(const struct model *model, const Ckpt__Mapping *mapping, const struct freeze *freeze)
{
    if ((mapping->flags & MAP_SHARED) != 0 || mapping->special || !memory_is_anonymous(model, mapping))
        return false;
    if (mapping->file != 0)
        return true;
    /* Memory that a thaw mapped from its image shows no file in the record, but it has one. */
    size_t low = 0, high = freeze->map_count;
    while (low < high) {
        size_t middle = low + (high - low) / 2;
        if (freeze->maps[middle].end <= mapping->start)
            low = middle + 1;
        else
            high = middle;
    }
    const struct proc_mapping *map = low < freeze->map_count ? &freeze->maps[low] : NULL;
    return map != NULL && map->start == mapping->start && memory_kind(freeze->survey, map, NULL, NULL) == MEMORY_WHOLE;
}

static bool is_vdso(const Ckpt__Mapping *mapping)
{
    return mapping->special && mapping->name.len == strlen("[vdso]") && memcmp(mapping->name.data, "[vdso]", mapping->name.len) == 0;
}

/* The vdso and what is stored whole are added at once; for other private memory runs follow; the rest is not in this space. */
static bool begin_mapping(struct walk *walk)
{
    const struct model *model = walk->freeze->model;
    const Ckpt__Mapping *mapping = model->memory.mappings[walk->next];
    struct extent extent = {.address = mapping->start, .length = mapping->end - mapping->start, .space = model->memory.space};
    bool whole = is_stored_whole(model, mapping, walk->freeze), vdso = walk->vdso != NULL && is_vdso(mapping), done = true;
    if (vdso) {
        extent.source = EXTENT_BYTES;
        extent.bytes = walk->vdso;
    } else {
        extent.source = EXTENT_WHOLE;
        extent.writable = (mapping->protection & PROT_WRITE) != 0;
    }
    if (whole || vdso)
        done = extents_add(walk->extents, &extent, walk->why);
    walk->wants_runs = !whole && !mapping->special && (mapping->flags & MAP_SHARED) == 0;
    walk->mapping_extents = walk->extents->count;
    return done;
}

/* Goes on to the first mapping that ends behind `address`. */
static const Ckpt__Mapping *advance(struct walk *walk, uint64_t address)
{
    const Ckpt__Memory *memory = &walk->freeze->model->memory;
    while (walk->next < memory->n_mappings && memory->mappings[walk->next]->end <= address) {
        walk->next++;
        if (walk->next < memory->n_mappings && !begin_mapping(walk))
            return NULL;
    }
    return walk->next < memory->n_mappings ? memory->mappings[walk->next] : NULL;
}

static bool add_run(struct walk *walk, const Ckpt__Mapping *mapping, uint64_t start, uint64_t end)
{
    struct extents *extents = walk->extents;
    struct extent *last = extents->count > walk->mapping_extents ? &extents->list[extents->count - 1] : NULL;
    uint64_t gap = mapping->file == 0 ? GAP_MAX : 1;
    if (last != NULL && start - (last->address + last->length) < gap) {
        extents->bytes += end - start;
        last->length = end - last->address;
        return true;
    }
    return extents_add(extents,
                       &(struct extent){.address = start, .length = end - start, .space = walk->freeze->model->memory.space, .source = EXTENT_WRITTEN,
                                        .writable = (mapping->protection & PROT_WRITE) != 0},
                       walk->why);
}

static bool written_run(void *context, const struct proc_range *run)
{
    struct walk *walk = context;
    for (uint64_t at = run->start; at < run->end;) {
        const Ckpt__Mapping *mapping = advance(walk, at);
        if (mapping == NULL || mapping->start >= run->end)
            return mapping != NULL || walk->why->sentence[0] == '\0';
        uint64_t start = mapping->start > at ? mapping->start : at, end = mapping->end < run->end ? mapping->end : run->end;
        if (walk->wants_runs && !add_run(walk, mapping, start, end))
            return false;
        at = end;
    }
    return true;
}

static bool add_guard(struct walk *walk, Ckpt__Mapping *mapping, uint64_t start, uint64_t end)
{
    struct arena *arena = &walk->freeze->model->arena;
    Ckpt__Range *range = arena_alloc(arena, sizeof(*range));
    ckpt__range__init(range);
    range->start = start;
    range->end = end;
    if ((mapping->n_guards & (mapping->n_guards - 1)) == 0)
        mapping->guards = arena_grow(arena, mapping->guards, mapping->n_guards, mapping->n_guards == 0 ? 1 : mapping->n_guards * 2, sizeof(range));
    mapping->guards[mapping->n_guards++] = range;
    return true;
}

static bool guard_run(void *context, const struct proc_range *run)
{
    struct walk *walk = context;
    const Ckpt__Memory *memory = &walk->freeze->model->memory;
    for (uint64_t at = run->start; at < run->end;) {
        while (walk->next < memory->n_mappings && memory->mappings[walk->next]->end <= at)
            walk->next++;
        Ckpt__Mapping *mapping = walk->next < memory->n_mappings ? memory->mappings[walk->next] : NULL;
        if (mapping == NULL || mapping->start >= run->end)
            return true;
        uint64_t start = mapping->start > at ? mapping->start : at, end = mapping->end < run->end ? mapping->end : run->end;
        add_guard(walk, mapping, start, end);
        at = end;
    }
    return true;
}

bool extents_of_memory(struct extents *extents, struct freeze *freeze, int pagemap, const void *vdso, struct failure *why)
{
    const Ckpt__Memory *memory = &freeze->model->memory;
    if (memory->n_mappings == 0)
        return true;
    uint64_t start = memory->mappings[0]->start, end = memory->mappings[memory->n_mappings - 1]->end;
    struct walk guards = {.freeze = freeze, .why = why};
    struct walk walk = {.extents = extents, .freeze = freeze, .vdso = vdso, .why = why};
    why->sentence[0] = '\0';
    if (!proc_pages(pagemap, start, end, PROC_PAGE_GUARD, guard_run, &guards, why) || !begin_mapping(&walk))
        return false;
    if (!proc_pages(pagemap, start, end, PROC_PAGE_PRIVATE, written_run, &walk, why))
        return false;
    return advance(&walk, UINT64_MAX) == NULL && why->sentence[0] == '\0';
}

static bool refused(struct ckpt_writer *writer, struct failure *why)
{
    return failure_set(why, "%s", ckpt_writer_error(writer));
}

/* Where a page of zeros is not what a thaw would find without it. */
static bool is_over_file(const struct model *model, const struct extent *extent)
{
    const Ckpt__Mapping *mapping = extent->space == model->memory.space ? model_find_mapping(model, extent->address) : NULL;
    return mapping != NULL && !memory_is_anonymous(model, mapping);
}

bool extents_declare(const struct extents *extents, const struct model *model, struct ckpt_writer *writer, struct failure *why)
{
    for (size_t i = 0; i < model->memory.n_mappings; i++) {
        const Ckpt__Mapping *m = model->memory.mappings[i];
        const Ckpt__File *file = model_file(model, m->file);
        bool shared = (m->flags & MAP_SHARED) != 0;
        struct ckpt_mapping mapping = {.start = m->start, .end = m->end, .protection = m->protection};
        mapping.space = !shared ? model->memory.space : file != NULL ? file->space : 0;
        mapping.space_address = shared ? m->offset : m->start;
        if (ckpt_writer_mapping(writer, &mapping) != CKPT_OK)
            return refused(writer, why);
    }
    for (size_t i = 0; i < extents->count; i++) {
        const struct extent *e = &extents->list[i];
        enum ckpt_status status = is_over_file(model, e) ? ckpt_writer_extent_whole(writer, e->space, e->address, e->length)
                                                         : ckpt_writer_extent(writer, e->space, e->address, e->length);
        if (status != CKPT_OK)
            return refused(writer, why);
    }
    return true;
}

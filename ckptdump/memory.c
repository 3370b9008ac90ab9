#include "ckptdump/memory.h"

#include <string.h>
#include <sys/mman.h>

#include "ckptdump/pages.h"

const Ckpt__Memory *memory_of(struct image *image)
{
    const struct image_list *list = image_records(image, CKPT__KIND__KIND_MEMORY);
    for (size_t i = 0; i < list->count; i++) {
        const Ckpt__Memory *memory = (const void *)list->messages[i];
        if (memory->process == image->process)
            return memory;
    }
    return NULL;
}

/* The first mapping that ends behind the address, or NULL. */
static const Ckpt__Mapping *mapping_behind(const Ckpt__Memory *memory, uint64_t address)
{
    size_t low = 0, high = memory->n_mappings;
    while (low < high) {
        size_t middle = low + (high - low) / 2;
        if (memory->mappings[middle]->end > address)
            high = middle;
        else
            low = middle + 1;
    }
    return low < memory->n_mappings ? memory->mappings[low] : NULL;
}

/* Looks in one space, and narrows `run` to what is alike there. */
static bool look_in(struct image *image, uint32_t space, uint64_t address, struct memory_run *run, bool *stored)
{
    run->space = space;
    run->space_address = address;
    return pages_run(image, space, address, run->length, &run->length, stored);
}

static bool locate_in_mapping(struct image *image, const Ckpt__Memory *memory, uint64_t address, struct memory_run *run)
{
    bool stored = false, shared = (run->mapping->flags & MAP_SHARED) != 0;
    if (!shared && !look_in(image, memory->space, address, run, &stored))
        return false;
    if (!stored && run->file != NULL && run->file->space != 0 && !look_in(image, run->file->space, run->file_offset, run, &stored))
        return false;
    bool elsewhere = run->file != NULL && run->file->space == 0;
    enum memory_source nothing = image->foreign != NULL ? MEMORY_ABSENT : MEMORY_ZERO;
    run->source = stored ? MEMORY_STORED : run->mapping->special ? MEMORY_KERNEL : elsewhere ? MEMORY_FILE : nothing;
    return true;
}

bool memory_locate(struct image *image, uint64_t address, uint64_t length, struct memory_run *run)
{
    const Ckpt__Memory *memory = memory_of(image);
    const Ckpt__Mapping *next = memory != NULL ? mapping_behind(memory, address) : NULL;
    if (length > UINT64_MAX - address)
        length = UINT64_MAX - address + (address == UINT64_MAX);
    *run = (struct memory_run){.source = MEMORY_UNMAPPED, .length = length};
    if (next == NULL)
        return true;
    uint64_t most = (next->start > address ? next->start : next->end) - address;
    if (most < length)
        run->length = most;
    if (next->start > address)
        return true;
    run->mapping = next;
    run->file = image_file(image, next->file);
    run->file_offset = next->offset + (address - next->start);
    return locate_in_mapping(image, memory, address, run);
}

bool memory_read(struct image *image, uint64_t address, void *buffer, size_t length, struct memory_run *run)
{
    if (!memory_locate(image, address, length, run))
        return false;
    if (run->source == MEMORY_STORED)
        return pages_read(image, run->space, run->space_address, buffer, (size_t)run->length);
    memset(buffer, 0, (size_t)run->length);
    return true;
}

static bool overlaps(uint64_t start, uint64_t end, const Ckpt__Mapping *mapping)
{
    return mapping->start < end && start < mapping->end;
}

const char *memory_place(const Ckpt__Memory *memory, const Ckpt__Mapping *mapping)
{
    const Ckpt__Layout *layout = memory->layout;
    if (layout == NULL || mapping->file != 0 || mapping->special || mapping->name.len > 0)
        return NULL;
    if (layout->start_brk < layout->brk && overlaps(layout->start_brk, layout->brk, mapping))
        return "[heap]";
    return overlaps(layout->start_stack, layout->start_stack + 1, mapping) ? "[stack]" : NULL;
}

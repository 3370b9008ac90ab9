#include "layout.h"

#include <elf.h>
#include <stdlib.h>
#include <sys/mman.h>

void layout_deinit(struct layout *layout)
{
    free(layout->mappings);
    free(layout->extents);
    *layout = (struct layout){0};
}

static void *grown(void *array, size_t count, size_t *room, size_t element)
{
    if (count < *room)
        return array;
    size_t wanted = *room == 0 ? 64 : *room * 2;
    void *bigger = realloc(array, wanted * element);
    if (bigger != NULL)
        *room = wanted;
    return bigger;
}

bool layout_add_mapping(struct layout *layout, const struct ckpt_mapping *mapping)
{
    struct ckpt_mapping *mappings = grown(layout->mappings, layout->mapping_count, &layout->mapping_room, sizeof(*mappings));
    if (mappings == NULL)
        return false;
    layout->mappings = mappings;
    mappings[layout->mapping_count++] = *mapping;
    return true;
}

bool layout_add_extent(struct layout *layout, const struct extent *extent)
{
    struct extent *extents = grown(layout->extents, layout->extent_count, &layout->extent_room, sizeof(*extents));
    if (extents == NULL)
        return false;
    layout->extents = extents;
    extents[layout->extent_count++] = *extent;
    return true;
}

/* The first extent of the space that ends behind the address, or the first of a later space. */
static size_t first_behind(const struct layout *layout, uint32_t space, uint64_t address)
{
    size_t low = 0, high = layout->extent_count;
    while (low < high) {
        size_t middle = low + (high - low) / 2;
        const struct extent *e = &layout->extents[middle];
        bool behind = e->space != space ? e->space > space : e->address + e->length > address;
        if (behind)
            high = middle;
        else
            low = middle + 1;
    }
    return low;
}

const struct extent *layout_find(const struct layout *layout, uint32_t space, uint64_t address, uint64_t length)
{
    size_t i = first_behind(layout, space, address);
    if (i == layout->extent_count)
        return NULL;
    const struct extent *e = &layout->extents[i];
    bool inside = e->space == space && e->address <= address && e->length - (address - e->address) >= length;
    return inside ? e : NULL;
}

struct piece {
    uint64_t start, length;      /* in the space */
    const struct extent *extent; /* NULL: not stored */
};

/* The piece of a mapping that begins at `from`, an address in its space. */
static struct piece next_piece(const struct layout *layout, const struct ckpt_mapping *mapping, uint64_t from)
{
    uint64_t end = mapping->space_address + (mapping->end - mapping->start);
    size_t i = mapping->space == 0 || layout->packed ? layout->extent_count : first_behind(layout, mapping->space, from);
    if (i == layout->extent_count || layout->extents[i].space != mapping->space || layout->extents[i].address >= end)
        return (struct piece){from, end - from, NULL};
    const struct extent *e = &layout->extents[i];
    if (e->address > from)
        return (struct piece){from, e->address - from, NULL};
    uint64_t stop = e->address + e->length < end ? e->address + e->length : end;
    return (struct piece){from, stop - from, e};
}

void layout_count_loads(struct layout *layout)
{
    layout->load_count = 0;
    for (size_t i = 0; i < layout->mapping_count; i++) {
        const struct ckpt_mapping *m = &layout->mappings[i];
        uint64_t length = m->end - m->start;
        for (uint64_t done = 0; done < length; layout->load_count++)
            done += next_piece(layout, m, m->space_address + done).length;
    }
}

uint64_t layout_place(struct layout *layout, uint64_t start)
{
    for (size_t i = 0; i < layout->extent_count; i++) {
        layout->extents[i].offset = start;
        start += layout->extents[i].length;
    }
    return start;
}

static uint32_t segment_flags(uint32_t protection)
{
    return (protection & PROT_READ ? PF_R : 0u) | (protection & PROT_WRITE ? PF_W : 0u) | (protection & PROT_EXEC ? PF_X : 0u);
}

void layout_loads(const struct layout *layout, uint64_t nowhere, struct segment *segments)
{
    for (size_t i = 0; i < layout->mapping_count; i++) {
        const struct ckpt_mapping *m = &layout->mappings[i];
        uint64_t length = m->end - m->start;
        for (uint64_t done = 0; done < length;) {
            struct piece piece = next_piece(layout, m, m->space_address + done);
            uint64_t offset = piece.extent != NULL ? piece.extent->offset + (piece.start - piece.extent->address) : nowhere;
            *segments++ = (struct segment){.type = PT_LOAD, .flags = segment_flags(m->protection), .offset = offset, .address = m->start + done,
                                           .file_size = piece.extent != NULL ? piece.length : 0, .memory_size = piece.length,
                                           .alignment = CKPT_PAGE_SIZE};
            done += piece.length;
        }
    }
}

/* Where everything lies: extents get file ranges, mappings become program headers. */
#ifndef CKPTFMT_LAYOUT_H
#define CKPTFMT_LAYOUT_H

#include <ckptfmt/writer.h>

#include "header.h"

struct extent {
    uint32_t space;
    uint64_t address, length, offset; /* offset is set by layout_place() */
    bool whole;            /* pages of zeros are stored too */
};

struct layout {
    struct ckpt_mapping *mappings;
    size_t mapping_count, mapping_room;
    struct extent *extents;
    size_t extent_count, extent_room;
    uint64_t load_count;   /* PT_LOADs the mappings make */
    bool packed;
};

void layout_deinit(struct layout *layout);
bool layout_add_mapping(struct layout *layout, const struct ckpt_mapping *mapping);
bool layout_add_extent(struct layout *layout, const struct extent *extent);
/* Counts the PT_LOADs; before layout_place(). */
void layout_count_loads(struct layout *layout);
/* Gives the extents their offsets from `start` on and returns where they end. */
uint64_t layout_place(struct layout *layout, uint64_t start);
/* Fills load_count segments. `nowhere` is where those begin that have no bytes in the file. */
void layout_loads(const struct layout *layout, uint64_t nowhere, struct segment *segments);
/* The extent that holds [address, address + length) of a space, or NULL. */
const struct extent *layout_find(const struct layout *layout, uint32_t space, uint64_t address, uint64_t length);

#endif

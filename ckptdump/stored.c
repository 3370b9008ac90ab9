#include "ckptdump/stored.h"

#include <stdlib.h>
#include <sys/mman.h>

#include "ckptdump/pages.h"

bool stored_init(struct stored *stored, struct image *image)
{
    *stored = (struct stored){.count = pages_count(image)};
    stored->sums = calloc(stored->count + 1, sizeof(*stored->sums));
    if (stored->sums == NULL) {
        image_complain(image, "reading the index: out of memory");
        return false;
    }
    for (uint64_t i = 0; i < stored->count; i++) {
        struct ckpt_chunk chunk;
        if (!pages_chunk(image, i, &chunk))
            return false;
        stored->sums[i + 1] = stored->sums[i] + chunk.length;
    }
    return true;
}

void stored_deinit(struct stored *stored)
{
    free(stored->sums);
    *stored = (struct stored){0};
}

/* Bytes of the space stored below `address`, and of all spaces before it. */
static uint64_t stored_below(const struct stored *stored, struct image *image, uint32_t space, uint64_t address)
{
    uint64_t i = 0;
    if (!pages_seek(image, space, address, &i) || i > stored->count)
        return 0;
    struct ckpt_chunk chunk;
    bool inside = i < stored->count && pages_chunk(image, i, &chunk) && chunk.space == space && chunk.address < address;
    return stored->sums[i] + (inside ? address - chunk.address : 0);
}

uint64_t stored_bytes(const struct stored *stored, struct image *image, uint32_t space, uint64_t start, uint64_t end)
{
    uint64_t below = stored_below(stored, image, space, start), behind = stored_below(stored, image, space, end);
    return behind > below ? behind - below : 0;
}

uint64_t stored_of_mapping(const struct stored *stored, struct image *image, const Ckpt__Memory *memory, const Ckpt__Mapping *mapping)
{
    if ((mapping->flags & MAP_SHARED) == 0)
        return stored_bytes(stored, image, memory->space, mapping->start, mapping->end);
    const Ckpt__File *file = image_file(image, mapping->file);
    if (file == NULL || file->space == 0)
        return 0;
    return stored_bytes(stored, image, file->space, mapping->offset, mapping->offset + (mapping->end - mapping->start));
}

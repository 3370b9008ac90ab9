#include "ckptdump/memory.h"

#include <inttypes.h>
#include <string.h>
#include <sys/mman.h>

const Ckpt__Memory *memory_of(struct image *image)
{
    return image_record(image, CKPT__KIND__KIND_MEMORY);
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

/* Reads a run of one space, narrowing `run` to it. */
static bool read_space(struct image *image, uint32_t space, uint64_t address, void *buffer, struct memory_run *run, bool *stored)
{
    size_t length = 0;
    *stored = false;
    if (ckpt_reader_memory(image->reader, space, address, buffer, run->length, &length, stored) != CKPT_OK || length == 0) {
        image_complain(image, "reading memory at 0x%" PRIx64 ": %s", address, ckpt_reader_error(image->reader));
        return false;
    }
    run->length = length;
    return true;
}

static bool read_mapping(struct image *image, const Ckpt__Memory *memory, uint64_t address, void *buffer, struct memory_run *run)
{
    bool stored = false, shared = (run->mapping->flags & MAP_SHARED) != 0;
    if (!shared && !read_space(image, memory->space, address, buffer, run, &stored))
        return false;
    if (!stored && run->file != NULL && run->file->space != 0 && !read_space(image, run->file->space, run->file_offset, buffer, run, &stored))
        return false;
    bool elsewhere = run->file != NULL && run->file->space == 0;
    run->source = stored ? MEMORY_STORED : elsewhere || run->mapping->special ? MEMORY_FILE : MEMORY_ZERO;
    return true;
}

bool memory_read(struct image *image, uint64_t address, void *buffer, size_t length, struct memory_run *run)
{
    const Ckpt__Memory *memory = memory_of(image);
    const Ckpt__Mapping *next = memory != NULL ? mapping_behind(memory, address) : NULL;
    *run = (struct memory_run){.source = MEMORY_UNMAPPED, .length = length};
    memset(buffer, 0, length);
    if (next == NULL)
        return true;
    if (next->start > address) {
        if (next->start - address < length)
            run->length = (size_t)(next->start - address);
        return true;
    }
    if (next->end - address < length)
        run->length = (size_t)(next->end - address);
    run->mapping = next;
    run->file = image_file(image, next->file);
    run->file_offset = next->offset + (address - next->start);
    return read_mapping(image, memory, address, buffer, run);
}

#include "ckptdump/pages.h"

#include <inttypes.h>
#include <string.h>

#include "ckptdump/foreign.h"

uint64_t pages_count(const struct image *image)
{
    return image->foreign != NULL ? image->foreign->chunk_count : ckpt_reader_footer(image->reader)->index_count;
}

bool pages_chunk(struct image *image, uint64_t i, struct ckpt_chunk *chunk)
{
    if (image->foreign != NULL) {
        *chunk = image->foreign->chunks[i];
        return true;
    }
    size_t slot = (size_t)(i % IMAGE_CHUNKS_KEPT);
    if (image->chunks[slot].number != i + 1) {
        if (ckpt_reader_chunk(image->reader, i, &image->chunks[slot].chunk) != CKPT_OK) {
            image->chunks[slot].number = 0;
            image_complain(image, "reading the index: %s", ckpt_reader_error(image->reader));
            return false;
        }
        image->chunks[slot].number = i + 1;
    }
    *chunk = image->chunks[slot].chunk;
    return true;
}

static bool ends_behind(const struct ckpt_chunk *chunk, uint32_t space, uint64_t address)
{
    return chunk->space != space ? chunk->space > space : chunk->address + chunk->length > address;
}

/* Whether the search ends at *i, or right behind it; then *i is right. Damage is left to the search itself. */
static bool guess(struct image *image, uint32_t space, uint64_t address, uint64_t *i)
{
    struct ckpt_chunk chunk;
    uint64_t count = pages_count(image);
    if (*i >= count || (*i > 0 && (!pages_chunk(image, *i - 1, &chunk) || ends_behind(&chunk, space, address))))
        return false;
    for (unsigned tries = 0; tries < 2 && *i < count; tries++, ++*i) {
        if (!pages_chunk(image, *i, &chunk))
            return false;
        if (ends_behind(&chunk, space, address))
            return true;
    }
    return false;
}

static uint64_t seek_foreign(const struct foreign *foreign, uint64_t address)
{
    uint64_t low = 0, high = foreign->chunk_count;
    while (low < high) {
        uint64_t middle = low + (high - low) / 2;
        if (foreign->chunks[middle].address + foreign->chunks[middle].length > address)
            high = middle;
        else
            low = middle + 1;
    }
    return low;
}

bool pages_seek(struct image *image, uint32_t space, uint64_t address, uint64_t *i)
{
    if (image->foreign != NULL) {
        *i = space > FOREIGN_SPACE ? image->foreign->chunk_count : seek_foreign(image->foreign, address);
        return true;
    }
    uint64_t found = image->last_seek;
    if (guess(image, space, address, &found) || ckpt_reader_seek_chunk(image->reader, space, address, &found) == CKPT_OK) {
        image->last_seek = *i = found;
        return true;
    }
    image_complain(image, "reading the index: %s", ckpt_reader_error(image->reader));
    return false;
}

bool pages_bytes(struct image *image, const struct ckpt_chunk *chunk, void *buffer)
{
    if (image->foreign != NULL)
        return foreign_read(image, chunk->offset, buffer, chunk->length);
    if (ckpt_reader_chunk_bytes(image->reader, chunk, buffer) == CKPT_OK)
        return true;
    image_complain(image, "reading memory: %s", ckpt_reader_error(image->reader));
    return false;
}

bool pages_run(struct image *image, uint32_t space, uint64_t address, uint64_t length, uint64_t *run, bool *stored)
{
    uint64_t i = 0, most = UINT64_MAX;
    struct ckpt_chunk chunk = {0};
    if (!pages_seek(image, space, address, &i) || (i < pages_count(image) && !pages_chunk(image, i, &chunk)))
        return false;
    bool here = i < pages_count(image) && chunk.space == space;
    *stored = here && chunk.address <= address;
    if (here)
        most = *stored ? chunk.address + chunk.length - address : chunk.address - address;
    *run = most < length ? most : length;
    return true;
}

static bool read_foreign(struct image *image, uint64_t address, uint8_t *buffer, size_t length)
{
    while (length > 0) {
        uint64_t i = seek_foreign(image->foreign, address);
        const struct ckpt_chunk *chunk = &image->foreign->chunks[i];
        if (i == image->foreign->chunk_count || chunk->address > address)
            return false;
        uint64_t inside = address - chunk->address, left = chunk->length - inside;
        size_t part = left < length ? (size_t)left : length;
        if (!foreign_read(image, chunk->offset + inside, buffer, part))
            return false;
        buffer += part, address += part, length -= part;
    }
    return true;
}

bool pages_read(struct image *image, uint32_t space, uint64_t address, void *buffer, size_t length)
{
    if (image->foreign != NULL)
        return read_foreign(image, address, buffer, length);
    while (length > 0) {
        size_t run = 0;
        bool stored = false;
        if (ckpt_reader_memory(image->reader, space, address, buffer, length, &run, &stored) != CKPT_OK || run == 0) {
            image_complain(image, "reading memory at 0x%" PRIx64 ": %s", address, ckpt_reader_error(image->reader));
            return false;
        }
        buffer = (uint8_t *)buffer + run, address += run, length -= run;
    }
    return true;
}

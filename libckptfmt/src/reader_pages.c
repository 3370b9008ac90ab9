/* Chunks are found in the index where it lies, a block of entries at a time. */
#include <inttypes.h>
#include <stdlib.h>
#include <string.h>

#include "index.h"
#include "io.h"
#include "parents.h"
#include "reader_state.h"

enum ckpt_status reader_decode_entry(const struct ckpt_reader *r, const uint8_t *bytes, uint64_t i, struct ckpt_chunk *chunk, struct error *error)
{
    struct ckpt_chunk found;
    uint64_t at = r->footer.facts.index_offset + i * CKPT_INDEX_ENTRY_SIZE;
    if (!index_decode(bytes, &found))
        return error_set(error, CKPT_CORRUPT, "index entry %" PRIu64 " at 0x%" PRIx64 ": reserved bytes are not zero", i, at);
    enum ckpt_status status = index_check(&found, &r->footer.facts, error);
    if (status != CKPT_OK)
        return error_at(error, status, "index entry %" PRIu64 " at 0x%" PRIx64, i, at);
    *chunk = found;
    return CKPT_OK;
}

static enum ckpt_status load_block(struct ckpt_reader *r, uint64_t i)
{
    if (i >= r->index_first && i - r->index_first < r->index_loaded)
        return CKPT_OK;
    uint64_t first = i / READER_INDEX_BLOCK * READER_INDEX_BLOCK, left = r->footer.facts.index_count - first;
    uint64_t count = left < READER_INDEX_BLOCK ? left : READER_INDEX_BLOCK;
    uint64_t at = r->footer.facts.index_offset + first * CKPT_INDEX_ENTRY_SIZE;
    r->index_loaded = 0;
    int error = io_read_at(&r->io, r->index_block, count * CKPT_INDEX_ENTRY_SIZE, at);
    if (error != 0)
        return reader_io(r, error, "the index", at);
    r->index_first = first;
    r->index_loaded = count;
    return CKPT_OK;
}

enum ckpt_status ckpt_reader_chunk(struct ckpt_reader *r, uint64_t i, struct ckpt_chunk *chunk)
{
    if (i >= r->footer.facts.index_count)
        return CKPT_END;
    enum ckpt_status status = load_block(r, i);
    if (status != CKPT_OK)
        return status;
    return reader_decode_entry(r, r->index_block + (i - r->index_first) * CKPT_INDEX_ENTRY_SIZE, i, chunk, &r->error);
}

enum ckpt_status ckpt_reader_seek_chunk(struct ckpt_reader *r, uint32_t space, uint64_t address, uint64_t *i)
{
    uint64_t low = 0, high = r->footer.facts.index_count;
    while (low < high) {
        uint64_t middle = low + (high - low) / 2;
        struct ckpt_chunk chunk;
        enum ckpt_status status = ckpt_reader_chunk(r, middle, &chunk);
        if (status != CKPT_OK)
            return status;
        if (index_ends_behind(&chunk, space, address))
            high = middle;
        else
            low = middle + 1;
    }
    *i = low;
    return CKPT_OK;
}

enum ckpt_status ckpt_reader_chunk_stored(struct ckpt_reader *r, const struct ckpt_chunk *chunk, void *buffer)
{
    int error = io_read_at(&r->io, buffer, chunk->stored_length, chunk->offset);
    return error != 0 ? reader_io(r, error, "pages", chunk->offset) : CKPT_OK;
}

static enum ckpt_status check_owner(struct ckpt_reader *r, struct ckpt_reader *owner)
{
    enum ckpt_status status = owner == r || owner->index_checked ? CKPT_OK : ckpt_reader_check_index(owner);
    if (status != CKPT_OK)
        r->error = owner->error;
    else
        owner->index_checked = true;
    return status;
}

enum ckpt_status ckpt_reader_locate(struct ckpt_reader *r, const struct ckpt_chunk *chunk, struct ckpt_place *place)
{
    struct ckpt_reader *owner;
    struct ckpt_place found = {.reserved = 0};
    enum ckpt_status status = parents_resolve(r, chunk, &owner, &found.chunk);
    if (status != CKPT_OK)
        return status;
    status = check_owner(r, owner);
    if (status == CKPT_OK) {
        memcpy(found.image_id, owner->footer.facts.image_id, sizeof(found.image_id));
        found.fd = io_descriptor(&owner->io);
        *place = found;
    }
    parents_release(r, owner);
    return status == CKPT_OK ? status : error_at(&r->error, status, "the image that has pages 0x%" PRIx64 " of space %u", chunk->address, chunk->space);
}

enum ckpt_status ckpt_reader_chunk_bytes(struct ckpt_reader *r, const struct ckpt_chunk *chunk, void *buffer)
{
    struct ckpt_reader *owner;
    struct ckpt_chunk found;
    enum ckpt_status status = parents_resolve(r, chunk, &owner, &found);
    if (status != CKPT_OK)
        return status;
    status = fetch_bytes(&r->fetch, &owner->io, &found, buffer);
    if (status != CKPT_OK)
        r->error = r->fetch.error;
    parents_release(r, owner);
    return status;
}

/* Decodes entry i, unless it is the one that is there already. */
static enum ckpt_status decode(struct ckpt_reader *r, uint64_t i, const struct ckpt_chunk *chunk)
{
    if (r->chunk_number == i)
        return CKPT_OK;
    r->chunk_number = UINT64_MAX;
    uint8_t *bytes = realloc(r->chunk_bytes, chunk->length);
    if (bytes == NULL)
        return error_set(&r->error, CKPT_NO_MEMORY, "chunk of %" PRIu64 " bytes: out of memory", chunk->length);
    r->chunk_bytes = bytes;
    enum ckpt_status status = ckpt_reader_chunk_bytes(r, chunk, bytes);
    if (status == CKPT_OK)
        r->chunk_number = i;
    return status;
}

enum ckpt_status ckpt_reader_memory(struct ckpt_reader *r, uint32_t space, uint64_t address, void *buffer, size_t length, size_t *run, bool *stored)
{
    uint64_t i;
    struct ckpt_chunk chunk = {0};
    enum ckpt_status status = ckpt_reader_seek_chunk(r, space, address, &i);
    if (status == CKPT_OK && i < r->footer.facts.index_count)
        status = ckpt_reader_chunk(r, i, &chunk);
    if (status != CKPT_OK)
        return status;
    bool inside = chunk.space == space && chunk.address <= address;
    uint64_t most = inside                  ? chunk.address + chunk.length - address
                    : chunk.space == space ? chunk.address - address
                                           : UINT64_MAX;
    size_t count = most < length ? (size_t)most : length;
    if (inside) {
        status = decode(r, i, &chunk);
        if (status != CKPT_OK)
            return status;
        memcpy(buffer, r->chunk_bytes + (address - chunk.address), count);
    } else {
        memset(buffer, 0, count);
    }
    *run = count;
    *stored = inside;
    return CKPT_OK;
}

/* Chunks are found in the index where it lies, a block of entries at a time. */
#include <inttypes.h>
#include <stdlib.h>
#include <string.h>

#include "digest.h"
#include "index.h"
#include "io.h"
#include "packer.h"
#include "reader_state.h"

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
    struct ckpt_chunk found;
    uint64_t at = r->footer.facts.index_offset + i * CKPT_INDEX_ENTRY_SIZE;
    if (!index_decode(r->index_block + (i - r->index_first) * CKPT_INDEX_ENTRY_SIZE, &found))
        return error_set(&r->error, CKPT_CORRUPT, "index entry %" PRIu64 " at 0x%" PRIx64 ": reserved bytes are not zero", i, at);
    status = index_check(&found, &r->footer.facts, &r->error);
    if (status != CKPT_OK)
        return error_at(&r->error, status, "index entry %" PRIu64 " at 0x%" PRIx64, i, at);
    *chunk = found;
    return CKPT_OK;
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

static enum ckpt_status damaged(struct ckpt_reader *r, const struct ckpt_chunk *chunk, const char *why)
{
    return error_set(&r->error, CKPT_CORRUPT, "pages 0x%" PRIx64 "-0x%" PRIx64 " of space %u, at 0x%" PRIx64 " in the file: %s", chunk->address,
                     chunk->address + chunk->length, chunk->space, chunk->offset, why);
}

static enum ckpt_status unpack(struct ckpt_reader *r, const struct ckpt_chunk *chunk, void *buffer)
{
    uint8_t *stored = malloc(chunk->stored_length);
    if (stored == NULL)
        return error_set(&r->error, CKPT_NO_MEMORY, "chunk of %" PRIu64 " bytes: out of memory", chunk->stored_length);
    enum ckpt_status status = ckpt_reader_chunk_stored(r, chunk, stored);
    if (status == CKPT_OK && digest_check(stored, chunk->stored_length) != chunk->stored_check)
        status = damaged(r, chunk, "the packed bytes differ from their check");
    else if (status == CKPT_OK && !packer_unpack(stored, chunk->stored_length, buffer, chunk->length))
        status = damaged(r, chunk, "its zstd frame is damaged");
    free(stored);
    return status;
}

enum ckpt_status ckpt_reader_chunk_bytes(struct ckpt_reader *r, const struct ckpt_chunk *chunk, void *buffer)
{
    enum ckpt_status status;
    if (chunk->codec == CKPT_CODEC_RAW)
        status = ckpt_reader_chunk_stored(r, chunk, buffer);
    else if (chunk->codec == CKPT_CODEC_ZSTD)
        status = unpack(r, chunk, buffer);
    else
        status = error_set(&r->error, CKPT_UNSUPPORTED, "pages 0x%" PRIx64 " of space %u lie in a parent image, which this version does not open",
                           chunk->address, chunk->space);
    if (status != CKPT_OK)
        return status;
    uint8_t digest[CKPT_DIGEST_SIZE];
    digest_of(buffer, chunk->length, digest);
    return memcmp(digest, chunk->digest, sizeof(digest)) == 0 ? CKPT_OK : damaged(r, chunk, "digest differs");
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

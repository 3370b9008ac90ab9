/* Putting pages. Whatever is dear (finding zero pages, digests, compressing, raw writes) happens without the lock, in as many threads as call; only what must
 * be in order waits for its ticket's turn: index entries, and the places of packed frames. */
#include <inttypes.h>
#include <stdlib.h>
#include <string.h>

#include "index.h"
#include "io.h"
#include "packer.h"
#include "writer_state.h"

static bool is_zero(const uint8_t *page)
{
    static const uint8_t zeros[CKPT_PAGE_SIZE];
    return memcmp(page, zeros, CKPT_PAGE_SIZE) == 0;
}

/* The end of the run of pages from `at` that are all zero, or all not, within [at, end). */
static size_t run_end(const uint8_t *data, size_t at, size_t end, bool *zero)
{
    *zero = is_zero(data + at);
    do
        at += CKPT_PAGE_SIZE;
    while (at < end && is_zero(data + at) == *zero);
    return at;
}

/* Cuts [address, address + length) at chunk boundaries and zero pages; one entry for each run that is stored. */
static void find_chunks(const struct ckpt_writer *w, struct batch *batch, size_t length)
{
    uint64_t window = w->options.chunk_size, address = batch->address;
    const struct extent *extent = batch->extent;
    const uint8_t *data = batch->data;
    for (size_t at = 0; at < length;) {
        size_t end = at + (size_t)(window - (address + at) % window);
        end = end < length ? end : length;
        bool zero = false;
        size_t next = extent->whole ? end : run_end(data, at, end, &zero);
        if (!zero) {
            struct ckpt_chunk *chunk = &batch->chunks[batch->count++];
            *chunk = (struct ckpt_chunk){.space = extent->space, .address = address + at, .length = next - at, .stored_length = next - at};
            digest_of(data + at, next - at, chunk->digest);
        }
        at = next;
    }
}

/* Adjacent chunks are written with one call. */
static enum ckpt_status write_raw(struct ckpt_writer *w, struct batch *batch, const uint8_t *data)
{
    for (size_t i = 0; i < batch->count;) {
        const struct ckpt_chunk *first = &batch->chunks[i];
        uint64_t end = first->address;
        if (first->codec == CKPT_CODEC_PARENT) {
            i++;
            continue;
        }
        for (; i < batch->count && batch->chunks[i].address == end && batch->chunks[i].codec == CKPT_CODEC_RAW; i++) {
            batch->chunks[i].offset = batch->extent->offset + (end - batch->extent->address);
            end += batch->chunks[i].length;
        }
        int error = io_write_at(&w->sink, data + (first->address - batch->address), end - first->address, first->offset);
        if (error != 0) {
            pthread_mutex_lock(&w->lock);
            enum ckpt_status status = writer_io(w, error, "pages", first->offset);
            pthread_mutex_unlock(&w->lock);
            return status;
        }
    }
    return CKPT_OK;
}

enum ckpt_status writer_flush_index(struct ckpt_writer *w)
{
    uint64_t at = w->footer.facts.index_offset + w->index_written * CKPT_INDEX_ENTRY_SIZE;
    size_t size = w->index_count * CKPT_INDEX_ENTRY_SIZE;
    w->index_written += w->index_count;
    w->index_count = 0;
    return writer_write(w, w->index, size, at, "the index");
}

enum ckpt_status writer_add_entries(struct ckpt_writer *w, const struct ckpt_chunk *chunks, size_t count)
{
    for (size_t i = 0; i < count; i++) {
        if (!w->layout.packed && w->index_count == WRITER_INDEX_BUFFER) {
            enum ckpt_status status = writer_flush_index(w);
            if (status != CKPT_OK)
                return status;
        }
        if (w->index_count == w->index_room) {
            size_t room = w->index_room == 0 ? WRITER_INDEX_BUFFER : w->index_room * 2;
            uint8_t *index = realloc(w->index, room * CKPT_INDEX_ENTRY_SIZE);
            if (index == NULL)
                return error_set(&w->error, CKPT_NO_MEMORY, "index of %zu entries: out of memory", room);
            w->index = index;
            w->index_room = room;
        }
        uint8_t *entry = w->index + w->index_count++ * CKPT_INDEX_ENTRY_SIZE;
        index_encode(&chunks[i], entry);
        digest_update(w->index_digest, entry, CKPT_INDEX_ENTRY_SIZE);
    }
    w->footer.facts.index_count += count;
    return CKPT_OK;
}

static enum ckpt_status refuse(struct ckpt_writer *w, const char *why, uint32_t space, uint64_t address)
{
    pthread_mutex_lock(&w->lock);
    enum ckpt_status status = error_set(&w->error, CKPT_INVALID, "pages at 0x%" PRIx64 " of space %u: %s", address, space, why);
    pthread_mutex_unlock(&w->lock);
    return status;
}

static enum ckpt_status prepare(struct ckpt_writer *w, struct batch *batch, uint32_t space, size_t length)
{
    batch->extent = layout_find(&w->layout, space, batch->address, length);
    if (w->phase != WRITER_PAGES || batch->extent == NULL || length % CKPT_PAGE_SIZE != 0 || batch->address % CKPT_PAGE_SIZE != 0)
        return refuse(w, "they lie in no extent, or are not whole pages", space, batch->address);
    if (batch->data == NULL || length == 0)
        return CKPT_OK;
    batch->chunks = malloc(length / CKPT_PAGE_SIZE * sizeof(*batch->chunks));
    if (batch->chunks == NULL)
        return refuse(w, "out of memory", space, batch->address);
    find_chunks(w, batch, length);
    enum ckpt_status status = w->parent.reader != NULL ? writer_match_parent(w, batch) : CKPT_OK;
    if (status != CKPT_OK)
        return status;
    if (w->layout.packed)
        return writer_pack(w, batch) ? CKPT_OK : refuse(w, "out of memory", space, batch->address);
    return write_raw(w, batch, batch->data);
}

enum ckpt_status ckpt_writer_put(struct ckpt_writer *w, uint64_t ticket, uint32_t space, uint64_t address, const void *data, size_t length)
{
    struct batch batch = {.address = address, .data = data};
    return writer_take_turn(w, ticket, &batch, prepare(w, &batch, space, length));
}

static enum ckpt_status prepare_stored(struct ckpt_writer *w, struct batch *batch, const struct ckpt_chunk *chunk, const void *stored)
{
    batch->chunks = malloc(sizeof(*chunk));
    if (batch->chunks == NULL)
        return refuse(w, "out of memory", chunk->space, chunk->address);
    *batch->chunks = *chunk;
    batch->count = 1;
    if (!w->layout.packed)
        return write_raw(w, batch, stored);
    batch->packer = writer_borrow_packer(w);
    if (batch->packer == NULL || (chunk->stored_length > 0 && !packer_append_stored(batch->packer, batch->chunks, stored)))
        return refuse(w, "out of memory", chunk->space, chunk->address);
    return CKPT_OK;
}

static enum ckpt_status check_stored(struct ckpt_writer *w, struct batch *batch, const struct ckpt_chunk *chunk)
{
    struct error unused;
    batch->extent = layout_find(&w->layout, chunk->space, chunk->address, chunk->length);
    if (w->phase != WRITER_PAGES || batch->extent == NULL)
        return refuse(w, "they lie in no extent", chunk->space, chunk->address);
    if (index_check_shape(chunk, &w->footer.facts, &unused) != CKPT_OK)
        return refuse(w, "the chunk does not fit into this image", chunk->space, chunk->address);
    return CKPT_OK;
}

enum ckpt_status ckpt_writer_put_stored(struct ckpt_writer *w, uint64_t ticket, const struct ckpt_chunk *chunk, const void *stored)
{
    struct batch batch = {.address = chunk->address};
    enum ckpt_status status = check_stored(w, &batch, chunk);
    if (status == CKPT_OK)
        status = prepare_stored(w, &batch, chunk, stored);
    return writer_take_turn(w, ticket, &batch, status);
}

enum ckpt_status writer_put_salvaged(struct ckpt_writer *w, uint64_t ticket, const struct ckpt_chunk *chunk, const void *stored)
{
    struct batch batch = {.address = chunk->address};
    return writer_take_turn(w, ticket, &batch, prepare_stored(w, &batch, chunk, stored));
}

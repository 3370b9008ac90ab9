#include <inttypes.h>
#include <stdlib.h>
#include <string.h>

#include "digest.h"
#include "index.h"
#include "stream_state.h"

enum { MAGIC_SIZE = 8 };

static enum ckpt_status corrupt(struct ckpt_stream *s, uint64_t at, const char *why)
{
    return error_set(&s->records->error, CKPT_CORRUPT, "0x%" PRIx64 ": %s", at, why);
}

static bool in_order(const struct ckpt_chunk *last, const struct ckpt_chunk *chunk)
{
    if (last->length == 0 || last->space != chunk->space)
        return last->length == 0 || last->space < chunk->space;
    return last->address + last->length <= chunk->address;
}

/* The end of the pages, which must say what has been seen. */
static enum ckpt_status read_end(struct ckpt_stream *s, const uint8_t *bytes, const struct ckpt_chunk *entry)
{
    struct ckpt_footer *f = &s->records->footer.facts;
    uint8_t end[PACKER_DESCRIPTION_SIZE];
    digest_end(s->index_digest, s->records->footer.index_digest);
    packer_describe_end(end, s->position, s->count, s->records->footer.index_digest);
    bool ends = entry->codec == PACKER_END && entry->offset == s->position;
    if (!(s->lenient && ends) && memcmp(bytes, end, sizeof(end)) != 0)
        return s->final = corrupt(s, s->position, "the description that ends the pages is damaged");
    stream_skip(s, sizeof(end));
    f->index_count = s->lenient ? entry->address : s->count;
    f->pages_end = s->position;
    f->index_offset = (s->position + 7) & ~7ull;
    return s->final = stream_finish(s);
}

/* A chunk's entry by itself and in its place. */
static enum ckpt_status check_entry(struct ckpt_stream *s, const uint8_t *bytes, const struct ckpt_chunk *chunk, bool own)
{
    uint8_t expected[PACKER_DESCRIPTION_SIZE];
    struct error *error = &s->records->error;
    enum ckpt_status status = index_check(chunk, &s->records->footer.facts, error);
    packer_describe(expected, chunk, own);
    if (status == CKPT_OK && memcmp(bytes, expected, sizeof(expected)) != 0)
        status = error_set(error, CKPT_CORRUPT, "it does not go with its sizes");
    if (status == CKPT_OK && chunk->codec != CKPT_CODEC_PARENT && chunk->offset > s->position + sizeof(expected))
        status = error_set(error, CKPT_CORRUPT, "its bytes at 0x%" PRIx64 " do not follow it", chunk->offset);
    if (status == CKPT_OK && !in_order(&s->last, chunk))
        status = error_set(error, CKPT_CORRUPT, "not in order, or it overlaps the one before");
    return status == CKPT_OK ? status : error_at(error, status, "the description at 0x%" PRIx64, s->position);
}

static enum ckpt_status unpack(struct ckpt_stream *s, const struct ckpt_chunk *chunk, const uint8_t *stored)
{
    if (chunk->length > s->bytes_room) {
        free(s->bytes);
        s->bytes = malloc(chunk->length);
        s->bytes_room = s->bytes != NULL ? chunk->length : 0;
    }
    if (s->bytes == NULL)
        return error_set(&s->records->fetch.error, CKPT_NO_MEMORY, "chunk of %" PRIu64 " bytes: out of memory", chunk->length);
    return fetch_unpack(&s->records->fetch, chunk, stored, s->bytes);
}

/* The zstd frame or the bytes of a chunk, which come next. What is kept packed is unpacked nevertheless where nothing else vouches for its description. */
static enum ckpt_status read_bytes(struct ckpt_stream *s, struct ckpt_stream_chunk *out)
{
    struct fetch *fetch = &s->records->fetch;
    const struct ckpt_chunk *chunk = &out->chunk;
    const uint8_t *stored = stream_peek(s, chunk->stored_length, "pages");
    if (stored == NULL)
        return stream_failed(s);
    enum ckpt_status status = CKPT_OK;
    if (chunk->codec == CKPT_CODEC_RAW) {
        status = fetch_unpack(fetch, chunk, stored, (void *)(uintptr_t)stored);
        out->bytes = stored;
    } else if (!s->keep_packed || s->salvages) {
        status = unpack(s, chunk, stored);
        out->bytes = s->keep_packed ? NULL : s->bytes;
    } else if (digest_check(stored, chunk->stored_length) != chunk->stored_check) {
        status = fetch_damaged(&fetch->error, chunk, "the packed bytes differ from their check");
    }
    out->stored = stored;
    stream_skip(s, chunk->stored_length);
    if (status == CKPT_OK)
        return CKPT_OK;
    s->records->error = fetch->error;
    out->bytes = out->stored = NULL;
    if (status == CKPT_NO_MEMORY)
        s->final = status;
    return status;
}

static enum ckpt_status find_source(struct ckpt_stream *s, struct ckpt_stream_chunk *out)
{
    const struct ckpt_chunk *source = NULL;
    if (!shares_holds(s->shares, &out->chunk, &source))
        return error_set(&s->records->error, CKPT_CORRUPT, "pages 0x%" PRIx64 " of space %u: no chunk before them stored their bytes at 0x%" PRIx64,
                         out->chunk.address, out->chunk.space, out->chunk.offset);
    out->source_space = source->space;
    out->source_address = source->address;
    return CKPT_OK;
}

enum ckpt_status ckpt_stream_next(struct ckpt_stream *s, struct ckpt_stream_chunk *out)
{
    *out = (struct ckpt_stream_chunk){.bytes = NULL};
    if (s->raw)
        return error_set(&s->records->error, CKPT_UNSUPPORTED, "a raw image cannot be read in one pass: its index comes last");
    if (s->final != CKPT_OK)
        return s->final;
    if (!s->records->opened)
        return error_set(&s->records->error, CKPT_INVALID, "reading a stream that is not open");
    const uint8_t *bytes = stream_peek(s, PACKER_DESCRIPTION_SIZE, "a description");
    if (bytes == NULL)
        return stream_failed(s);
    struct ckpt_chunk chunk;
    if (!packer_is_description(bytes))
        return s->final = corrupt(s, s->position, "the description of what follows is damaged");
    if (!index_decode(bytes + MAGIC_SIZE, &chunk) && chunk.space != 0)
        return s->final = corrupt(s, s->position, "a description's reserved bytes are not zero");
    if (chunk.space == 0)
        return read_end(s, bytes, &chunk);
    uint64_t after = s->position + PACKER_DESCRIPTION_SIZE;
    bool own = chunk.codec != CKPT_CODEC_PARENT && chunk.offset >= after;
    enum ckpt_status status = check_entry(s, bytes, &chunk, own);
    if (status != CKPT_OK)
        return s->final = status;
    digest_update(s->index_digest, bytes + MAGIC_SIZE, CKPT_INDEX_ENTRY_SIZE);
    s->count++;
    s->last = out->chunk = chunk;
    stream_skip(s, PACKER_DESCRIPTION_SIZE);
    if (own)
        shares_add(s->shares, &chunk);
    if (chunk.codec == CKPT_CODEC_PARENT)
        return CKPT_OK;
    return own ? read_bytes(s, out) : find_source(s, out);
}

bool stream_resync(struct ckpt_stream *s)
{
    const uint8_t *bytes;
    s->final = CKPT_OK;
    s->lenient = true;
    if (s->end > s->begin)
        stream_skip(s, 1);
    while ((bytes = stream_peek(s, PACKER_DESCRIPTION_SIZE, "a description")) != NULL) {
        struct ckpt_chunk chunk;
        uint8_t expected[PACKER_DESCRIPTION_SIZE];
        if (!packer_is_description(bytes)) {
            size_t most = s->end - s->begin - PACKER_DESCRIPTION_SIZE + 1;
            const uint8_t *next = most > 1 ? memchr(bytes + 1, PACKER_DESCRIPTION_MAGIC & 0xff, most - 1) : NULL;
            stream_skip(s, next != NULL ? (size_t)(next - bytes) : most);
            continue;
        }
        uint64_t after = s->position + PACKER_DESCRIPTION_SIZE;
        bool plain = index_decode(bytes + MAGIC_SIZE, &chunk);
        bool ends = chunk.space == 0 && chunk.codec == PACKER_END && chunk.offset == s->position;
        bool own = chunk.space != 0 && chunk.codec <= CKPT_CODEC_ZSTD && chunk.offset == after;
        packer_describe(expected, &chunk, own);
        if ((ends || (plain && own)) && memcmp(bytes, expected, sizeof(expected)) == 0)
            return true;
        stream_skip(s, 1);
    }
    stream_failed(s);
    return false;
}

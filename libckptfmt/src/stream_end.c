/* Behind the pages: zeros, the index (whose entries have all been seen), the tail, the footer. */
#include <inttypes.h>
#include <stdlib.h>
#include <string.h>

#include "cursor.h"
#include "digest.h"
#include "parents.h"
#include "stream_state.h"
#include "verify_state.h"

enum { INDEX_STEP = 64 << 10 };

static enum ckpt_status read_index(struct ckpt_stream *s)
{
    struct ckpt_reader *r = s->records;
    uint64_t left = r->footer.facts.index_count;
    uint8_t digest[CKPT_DIGEST_SIZE];
    size_t padding = (size_t)(r->footer.facts.index_offset - s->position);
    const uint8_t *bytes = stream_peek(s, padding, "the index");
    if (bytes == NULL)
        return stream_failed(s);
    struct cursor c = cursor_over(bytes, padding);
    if (!cursor_zeros(&c, padding))
        return error_set(&r->error, CKPT_CORRUPT, "0x%" PRIx64 ": a byte that belongs to no chunk is not zero", s->position);
    stream_skip(s, padding);
    struct digest_stream *stream = digest_create();
    if (stream == NULL)
        return error_set(&r->error, CKPT_NO_MEMORY, "the index: out of memory");
    while (left > 0) {
        uint64_t count = left < INDEX_STEP / CKPT_INDEX_ENTRY_SIZE ? left : INDEX_STEP / CKPT_INDEX_ENTRY_SIZE;
        bytes = stream_peek(s, count * CKPT_INDEX_ENTRY_SIZE, "the index");
        if (bytes == NULL)
            break;
        digest_update(stream, bytes, count * CKPT_INDEX_ENTRY_SIZE);
        stream_skip(s, count * CKPT_INDEX_ENTRY_SIZE);
        left -= count;
    }
    digest_end(stream, digest);
    digest_destroy(stream);
    if (left > 0)
        return stream_failed(s);
    if (s->lenient)
        memcpy(r->footer.index_digest, digest, sizeof(digest));
    else if (memcmp(digest, r->footer.index_digest, sizeof(digest)) != 0)
        return error_set(&r->error, CKPT_CORRUPT, "index (0x%" PRIx64 " to 0x%" PRIx64 "): digest differs", r->footer.facts.index_offset, s->position);
    return CKPT_OK;
}

static bool is_what_was_read(const struct footer *footer, const struct footer *seen)
{
    const struct ckpt_footer *a = &footer->facts, *b = &seen->facts;
    return a->head_size == b->head_size && a->pages_end == b->pages_end && a->index_offset == b->index_offset && a->index_count == b->index_count &&
           a->version_major == b->version_major && a->version_minor == b->version_minor && a->incompatible_features == b->incompatible_features &&
           a->read_only_features == b->read_only_features && a->compatible_features == b->compatible_features && a->page_size == b->page_size &&
           a->chunk_size == b->chunk_size && memcmp(footer->head_digest, seen->head_digest, CKPT_DIGEST_SIZE) == 0 &&
           memcmp(footer->index_digest, seen->index_digest, CKPT_DIGEST_SIZE) == 0;
}

/* Everything that is left: the tail and the footer. */
static enum ckpt_status read_tail(struct ckpt_stream *s)
{
    struct ckpt_reader *r = s->records;
    uint8_t *bytes, digest[CKPT_DIGEST_SIZE];
    size_t length;
    struct footer footer = {.facts = {.page_size = 0}};
    enum ckpt_status status = stream_rest(s, READER_PART_MAX + CKPT_FOOTER_SIZE, &bytes, &length);
    if (status != CKPT_OK)
        return status;
    uint64_t end = s->position + length, at = end - CKPT_FOOTER_SIZE;
    if (length < CKPT_FOOTER_SIZE || !footer_has_magic(bytes + length - CKPT_FOOTER_SIZE))
        return error_set(&r->error, CKPT_TRUNCATED, "truncated: the stream ends at 0x%" PRIx64 ", without a footer", end);
    status = footer_decode(bytes + length - CKPT_FOOTER_SIZE, end, &footer, &r->error);
    if (status != CKPT_OK)
        return error_at(&r->error, status, "footer at 0x%" PRIx64, at);
    if (!is_what_was_read(&footer, &r->footer))
        return error_set(&r->error, CKPT_CORRUPT, "footer at 0x%" PRIx64 ": it contradicts what came before it", at);
    digest_of(bytes, length - CKPT_FOOTER_SIZE, digest);
    if (memcmp(digest, footer.tail_digest, sizeof(digest)) != 0)
        return error_set(&r->error, CKPT_CORRUPT, "tail records (0x%" PRIx64 " to 0x%" PRIx64 "): digest differs", s->position, at);
    r->tail = malloc(length);
    if (r->tail == NULL)
        return error_set(&r->error, CKPT_NO_MEMORY, "tail records of %zu bytes: out of memory", length);
    memcpy(r->tail, bytes, length);
    r->footer = footer;
    r->file_size = end;
    stream_skip(s, length);
    status = reader_decode_tail_notes(r);
    return status == CKPT_OK ? reader_check_image_record(r) : status;
}

enum ckpt_status stream_finish(struct ckpt_stream *s)
{
    enum ckpt_status status = read_index(s);
    if (status == CKPT_OK)
        status = read_tail(s);
    if (status != CKPT_OK)
        return status;
    s->records->footer.facts.index_count = 0; /* the records' reader has no chunks */
    return CKPT_END;
}

static void check_parent(struct verify *v, const struct ckpt_chunk *chunk)
{
    struct ckpt_reader *owner;
    struct ckpt_chunk found;
    if (chunk->codec != CKPT_CODEC_PARENT)
        return;
    enum ckpt_status status = parents_resolve(v->reader, chunk, &owner, &found);
    if (status == CKPT_OK)
        parents_release(v->reader, owner);
    else
        verify_fault(v, &v->reader->error, status, 0, chunk);
}

enum ckpt_status ckpt_stream_verify(struct ckpt_stream *s, const struct ckpt_verify_options *options, uint64_t *faults)
{
    struct ckpt_reader *r = s->records;
    struct verify v = {.reader = r, .first = CKPT_OK, .total = 0};
    if (!verify_begin(&v, options))
        return CKPT_INVALID;
    for (;;) {
        struct ckpt_stream_chunk c;
        enum ckpt_status status = ckpt_stream_next(s, &c);
        verify_progress(&v, s->position - v.done);
        if (status == CKPT_END || v.stopped)
            break;
        if (status == CKPT_OK)
            check_parent(&v, &c.chunk);
        else
            verify_fault(&v, &r->error, status, c.chunk.length > 0 ? c.chunk.offset : s->position, c.chunk.length > 0 ? &c.chunk : NULL);
        if (s->final != CKPT_OK)
            break;
    }
    if (!v.stopped)
        verify_records(&v, r);
    return verify_end(&v, faults);
}

/* Verifying what opening did not: the index with its digest and order, every chunk, and that what no chunk covers is zero. Head, tail and footer were checked when
 * the image was opened; their records and references are checked here. */
#include <inttypes.h>
#include <stdlib.h>
#include <string.h>

#include <ckptfmt/verify.h>

#include "cursor.h"
#include "digest.h"
#include "index.h"
#include "io.h"
#include "packer.h"
#include "reader_state.h"
#include "verify_records.h"

enum { ZERO_BUFFER = 65536, PROGRESS_STEP = 64 << 20 };

struct verify {
    struct ckpt_reader *reader;
    struct ckpt_verify_options options;
    uint64_t faults, done, total, reported;
    enum ckpt_status first;
    struct error first_error;
    bool stopped;
    uint8_t *buffer;
    size_t room;
};

static void fault(struct verify *v, enum ckpt_status status, uint64_t offset, const struct ckpt_chunk *chunk)
{
    if (v->faults++ == 0) {
        v->first = status;
        v->first_error = v->reader->error;
    }
    struct ckpt_fault f = {.status = status, .offset = offset, .space = chunk != NULL ? chunk->space : 0,
                           .address = chunk != NULL ? chunk->address : 0, .sentence = v->reader->error.sentence};
    if (v->options.fault != NULL && !v->options.fault(v->options.context, &f))
        v->stopped = true;
}

void verify_record_fault(struct verify *v, enum ckpt_status status, uint64_t offset)
{
    fault(v, status, offset, NULL);
}

static void progress(struct verify *v, uint64_t bytes)
{
    v->done += bytes;
    if (v->options.progress == NULL || v->done - v->reported < PROGRESS_STEP)
        return;
    v->reported = v->done;
    if (!v->options.progress(v->options.context, v->done, v->total))
        v->stopped = true;
}

/* Bytes that no chunk covers are zero; holes are passed over without reading them where the file can tell. */
static void check_gap(struct verify *v, uint64_t from, uint64_t to)
{
    struct ckpt_reader *r = v->reader;
    while (from < to && !v->stopped) {
        uint64_t data = from;
        if (r->io.next_data != NULL && r->io.next_data(r->io.context, from, &data) == 0 && data > from) {
            from = data;
            continue;
        }
        uint8_t bytes[ZERO_BUFFER];
        size_t length = to - from < sizeof(bytes) ? (size_t)(to - from) : sizeof(bytes);
        int error = io_read_at(&r->io, bytes, length, from);
        if (error != 0) {
            fault(v, reader_io(r, error, "pages", from), from, NULL);
            return;
        }
        struct cursor c = cursor_over(bytes, length);
        if (!cursor_zeros(&c, length)) {
            size_t at = 0;
            while (bytes[at] == 0)
                at++;
            fault(v, error_set(&r->error, CKPT_CORRUPT, "0x%" PRIx64 ": a byte that belongs to no chunk is not zero", from + at), from + at, NULL);
            return;
        }
        from += length;
    }
}

static bool in_order(const struct ckpt_chunk *last, const struct ckpt_chunk *chunk)
{
    if (last->space != chunk->space)
        return last->space < chunk->space;
    return last->address + last->length <= chunk->address;
}

static bool room_for(struct verify *v, size_t length)
{
    if (length <= v->room)
        return true;
    uint8_t *buffer = realloc(v->buffer, length);
    if (buffer == NULL)
        return false;
    v->buffer = buffer;
    v->room = length;
    return true;
}

static void check_chunk(struct verify *v, const struct ckpt_chunk *chunk)
{
    if (chunk->codec == CKPT_CODEC_PARENT)
        return;
    enum ckpt_status status = room_for(v, chunk->length) ? ckpt_reader_chunk_bytes(v->reader, chunk, v->buffer)
                                                         : error_set(&v->reader->error, CKPT_NO_MEMORY, "verifying: out of memory");
    if (status != CKPT_OK)
        fault(v, status, chunk->offset, chunk);
    progress(v, chunk->stored_length);
}

/* Raw chunks lie in the order of the index. The descriptions in front of packed frames are part of the gaps and checked against their entries. */
static uint64_t check_place(struct verify *v, uint64_t position, const struct ckpt_chunk *chunk)
{
    if (chunk->codec == CKPT_CODEC_PARENT || chunk->stored_length == 0)
        return position;
    uint64_t front = chunk->codec == CKPT_CODEC_ZSTD ? PACKER_DESCRIPTION_SIZE : 0;
    if (chunk->offset < position || chunk->offset - position < front) {
        fault(v, error_set(&v->reader->error, CKPT_CORRUPT, "pages 0x%" PRIx64 " of space %u: their bytes at 0x%" PRIx64 " overlap those before them",
                           chunk->address, chunk->space, chunk->offset),
              chunk->offset, chunk);
        return position;
    }
    check_gap(v, position, chunk->offset - front);
    if (front > 0) {
        uint8_t expected[PACKER_DESCRIPTION_SIZE], found[PACKER_DESCRIPTION_SIZE];
        packer_describe(expected, chunk);
        int error = io_read_at(&v->reader->io, found, sizeof(found), chunk->offset - front);
        if (error != 0)
            fault(v, reader_io(v->reader, error, "a frame's description", chunk->offset - front), chunk->offset - front, chunk);
        else if (memcmp(found, expected, sizeof(found)) != 0)
            fault(v, error_set(&v->reader->error, CKPT_CORRUPT, "0x%" PRIx64 ": the frame's description differs from its index entry",
                               chunk->offset - front),
                  chunk->offset - front, chunk);
    }
    return chunk->offset + chunk->stored_length;
}

static void check_index(struct verify *v)
{
    struct ckpt_reader *r = v->reader;
    const struct ckpt_footer *f = &r->footer.facts;
    struct ckpt_chunk last = {0}, chunk;
    uint64_t position = f->head_size;
    for (uint64_t i = 0; i < f->index_count && !v->stopped; i++) {
        uint64_t at = f->index_offset + i * CKPT_INDEX_ENTRY_SIZE;
        enum ckpt_status status = ckpt_reader_chunk(r, i, &chunk);
        if (status == CKPT_OK && i > 0 && !in_order(&last, &chunk))
            status = error_set(&r->error, CKPT_CORRUPT, "index entry %" PRIu64 " at 0x%" PRIx64 ": not in order, or it overlaps the one before", i,
                               at);
        if (status != CKPT_OK) {
            fault(v, status, at, NULL);
            if (status == CKPT_IO || status == CKPT_TRUNCATED)
                return;
            continue;
        }
        last = chunk;
        position = check_place(v, position, &chunk);
        check_chunk(v, &chunk);
    }
    check_gap(v, position, f->index_offset);
}

static void check_index_digest(struct verify *v)
{
    struct ckpt_reader *r = v->reader;
    const struct ckpt_footer *f = &r->footer.facts;
    struct digest_stream *stream = digest_create();
    uint8_t bytes[ZERO_BUFFER], digest[CKPT_DIGEST_SIZE];
    uint64_t at = f->index_offset, end = f->tail_offset;
    int error = stream != NULL ? 0 : -12;
    while (at < end && error == 0) {
        size_t length = end - at < sizeof(bytes) ? (size_t)(end - at) : sizeof(bytes);
        error = io_read_at(&r->io, bytes, length, at);
        if (error == 0)
            digest_update(stream, bytes, length);
        at += length;
    }
    if (error != 0) {
        fault(v, reader_io(r, error, "the index", at), at, NULL);
    } else {
        digest_end(stream, digest);
        if (memcmp(digest, r->footer.index_digest, sizeof(digest)) != 0)
            fault(v, error_set(&r->error, CKPT_CORRUPT, "index (0x%" PRIx64 " to 0x%" PRIx64 "): digest differs", f->index_offset, end),
                  f->index_offset, NULL);
    }
    digest_destroy(stream);
}

enum ckpt_status ckpt_reader_verify(struct ckpt_reader *r, const struct ckpt_verify_options *options, uint64_t *faults)
{
    if (!r->opened)
        return error_set(&r->error, CKPT_INVALID, "verifying a reader that is not open");
    struct verify v = {.reader = r, .first = CKPT_OK, .total = r->file_size};
    if (options != NULL)
        memcpy(&v.options, options, options->struct_size < sizeof(v.options) ? options->struct_size : sizeof(v.options));
    verify_records(&v, r);
    if (!v.stopped)
        check_index_digest(&v);
    if (!v.stopped)
        check_index(&v);
    free(v.buffer);
    if (v.options.progress != NULL && !v.stopped)
        v.options.progress(v.options.context, v.total, v.total);
    if (faults != NULL)
        *faults = v.faults;
    if (v.faults > 0)
        r->error = v.first_error;
    return v.first;
}

/* The head may grow or shrink by whole pages, and everything behind it moves by as much. So raw pages stay aligned and are copied in long runs; packed ones are
 * copied one by one, because the description in front of each chunk says where it lies. */
#include <elf.h>
#include <inttypes.h>
#include <stdlib.h>
#include <string.h>

#include "digest.h"
#include "index.h"
#include "io.h"
#include "packer.h"
#include "rewrite_state.h"

enum { COPY_BUFFER = 1 << 16, COPY_STEP = 8 << 20, INDEX_BUFFER = 256 };

static enum ckpt_status written(struct rewrite *w, int error, const char *what, uint64_t offset)
{
    if (error == 0)
        return CKPT_OK;
    return error_set(&w->reader->error, CKPT_IO, "writing %s at 0x%" PRIx64 ": %s", what, offset, strerror(-error));
}

static void place_parts(struct rewrite *w)
{
    const struct ckpt_footer *old = &w->reader->footer.facts;
    struct ckpt_footer *f = &w->footer.facts;
    uint64_t head = header_size(w->reader->segment_count) + w->head.length + w->process.length;
    f->head_size = f->tail_size = 0;
    f->head_size = (head + CKPT_PAGE_SIZE - 1) / CKPT_PAGE_SIZE * CKPT_PAGE_SIZE;
    w->shift = f->head_size - old->head_size;
    f->pages_end += w->shift;
    f->index_offset = (f->pages_end + 7) & ~7ull;
    f->tail_offset = f->index_offset + f->index_count * CKPT_INDEX_ENTRY_SIZE;
    f->tail_size = w->tail.length;
    f->file_size = f->tail_offset + f->tail_size + CKPT_FOOTER_SIZE;
}

/* Through memory, for callers that know no better way. Zeros at the sink's end are the sink's own. */
static int copy_bytes(struct rewrite *w, uint64_t from, uint64_t to, uint64_t length)
{
    uint8_t buffer[COPY_BUFFER];
    const struct ckpt_io *in = &w->reader->io;
    for (uint64_t done = 0; done < length;) {
        uint64_t data = from + done;
        if (in->next_data != NULL && in->next_data(in->context, from + done, &data) == 0 && data >= from + length)
            return 0;
        done = data - from;
        size_t step = length - done < sizeof(buffer) ? (size_t)(length - done) : sizeof(buffer);
        int error = io_read_at(in, buffer, step, from + done);
        if (error == 0)
            error = io_write_at(&w->sink, buffer, step, to + done);
        if (error != 0)
            return error;
        done += step;
    }
    return 0;
}

static enum ckpt_status copy_run(struct rewrite *w, uint64_t from, uint64_t to, uint64_t length)
{
    int error = w->options.copy != NULL ? w->options.copy(w->options.context, from, to, length) : copy_bytes(w, from, to, length);
    return written(w, error, "pages", to);
}

static bool go_on(struct rewrite *w, uint64_t done)
{
    return rewrite_go_on(w, done, w->footer.facts.pages_end - w->footer.facts.head_size);
}

static enum ckpt_status copy_raw_pages(struct rewrite *w)
{
    const struct ckpt_footer *old = &w->reader->footer.facts;
    uint64_t length = old->pages_end - old->head_size;
    for (uint64_t done = 0; done < length; done += COPY_STEP) {
        uint64_t step = length - done < COPY_STEP ? length - done : COPY_STEP;
        if (!go_on(w, done))
            return rewrite_stopped(w);
        enum ckpt_status status = copy_run(w, old->head_size + done, w->footer.facts.head_size + done, step);
        if (status != CKPT_OK)
            return status;
    }
    return CKPT_OK;
}

static bool is_packed(const struct rewrite *w)
{
    return (w->footer.facts.incompatible_features & CKPT_FEATURE_PACKED) != 0;
}

/* A packed chunk: its description, and its bytes unless an earlier chunk has them. */
static enum ckpt_status move_packed(struct rewrite *w, struct ckpt_chunk *chunk)
{
    uint64_t from = chunk->offset, after = w->position + PACKER_DESCRIPTION_SIZE, at = w->position + w->shift;
    bool own = chunk->codec != CKPT_CODEC_PARENT && from >= after;
    uint8_t description[PACKER_DESCRIPTION_SIZE];
    if (own && from != after)
        return error_set(&w->reader->error, CKPT_CORRUPT, "pages 0x%" PRIx64 " of space %u: their bytes at 0x%" PRIx64 " do not follow those before them",
                         chunk->address, chunk->space, from);
    if (chunk->codec != CKPT_CODEC_PARENT)
        chunk->offset += w->shift;
    packer_describe(description, chunk, own);
    w->position = after + (own ? chunk->stored_length : 0);
    enum ckpt_status status = written(w, io_write_at(&w->sink, description, sizeof(description), at), "pages", at);
    return status == CKPT_OK && own ? copy_run(w, from, chunk->offset, chunk->stored_length) : status;
}

static enum ckpt_status move_chunk(struct rewrite *w, struct ckpt_chunk *chunk)
{
    if (is_packed(w))
        return move_packed(w, chunk);
    if (chunk->codec != CKPT_CODEC_PARENT)
        chunk->offset += w->shift;
    return CKPT_OK;
}

static enum ckpt_status begin_packed(struct rewrite *w)
{
    const struct ckpt_footer *f = &w->footer.facts;
    uint8_t begin[PACKER_DESCRIPTION_SIZE];
    packer_describe_begin(begin, f->head_size, w->footer.head_digest);
    w->position = w->reader->footer.facts.head_size + sizeof(begin);
    return written(w, io_write_at(&w->sink, begin, sizeof(begin), f->head_size), "the beginning of pages", f->head_size);
}

static enum ckpt_status end_packed(struct rewrite *w)
{
    const struct ckpt_footer *f = &w->footer.facts;
    uint64_t at = w->position + w->shift;
    uint8_t end[PACKER_DESCRIPTION_SIZE];
    if (at + sizeof(end) != f->pages_end)
        return error_set(&w->reader->error, CKPT_CORRUPT, "packed pages end at 0x%" PRIx64 ", not where the footer says", w->position);
    packer_describe_end(end, at, f->index_count, w->footer.index_digest);
    return written(w, io_write_at(&w->sink, end, sizeof(end), at), "the end of the pages", at);
}

/* Packed pages are copied on the way. */
static enum ckpt_status copy_index(struct rewrite *w)
{
    struct ckpt_reader *r = w->reader;
    uint8_t entries[INDEX_BUFFER * CKPT_INDEX_ENTRY_SIZE];
    struct digest_stream *digest = digest_create();
    enum ckpt_status status = digest != NULL ? CKPT_OK : error_set(&r->error, CKPT_NO_MEMORY, "the index: out of memory");
    size_t held = 0;
    uint64_t at = w->footer.facts.index_offset;
    for (uint64_t i = 0; i < w->footer.facts.index_count && status == CKPT_OK; i++) {
        struct ckpt_chunk chunk;
        status = ckpt_reader_chunk(r, i, &chunk);
        if (status == CKPT_OK)
            status = move_chunk(w, &chunk);
        if (status != CKPT_OK)
            break;
        index_encode(&chunk, entries + held++ * CKPT_INDEX_ENTRY_SIZE);
        if (held < INDEX_BUFFER && i + 1 < w->footer.facts.index_count)
            continue;
        digest_update(digest, entries, held * CKPT_INDEX_ENTRY_SIZE);
        status = written(w, io_write_at(&w->sink, entries, held * CKPT_INDEX_ENTRY_SIZE, at), "the index", at);
        at += held * CKPT_INDEX_ENTRY_SIZE;
        held = 0;
        if (status == CKPT_OK && !go_on(w, chunk.codec == CKPT_CODEC_PARENT ? 0 : chunk.offset - w->footer.facts.head_size))
            status = rewrite_stopped(w);
    }
    if (digest != NULL)
        digest_end(digest, w->footer.index_digest);
    digest_destroy(digest);
    return status;
}

/* Where a program header points to now. */
static void move_segment(const struct rewrite *w, uint64_t i, struct segment *s)
{
    const struct ckpt_footer *f = &w->footer.facts;
    uint64_t notes = header_size(w->reader->segment_count);
    if (i == 0 && s->type == PT_NOTE) {
        s->offset = notes;
        s->file_size = w->head.length;
    } else if (s->type == CKPT_PT_NOTE) {
        s->offset = notes + w->head.length;
        s->file_size = w->process.length;
    } else if (i == 1 && (s->type == PT_NOTE || s->type == PT_NULL)) {
        *s = f->tail_size > 0 && !is_packed(w) ? (struct segment){.type = PT_NOTE, .flags = PF_R, .offset = f->tail_offset, .file_size = f->tail_size,
                                                                  .alignment = NOTE_ALIGNMENT}
                                               : (struct segment){.type = PT_NULL};
    } else if (s->type == CKPT_PT_INDEX && !is_packed(w)) {
        s->offset = f->index_offset;
    } else if (s->file_size > 0) {
        s->offset += w->shift;
    } else if (s->type == PT_LOAD) {
        s->offset = f->head_size;
    }
}

static enum ckpt_status write_head(struct rewrite *w)
{
    struct ckpt_reader *r = w->reader;
    uint64_t size = w->footer.facts.head_size, count = r->segment_count, notes = header_size(count);
    struct segment *segments = malloc((count > 0 ? count : 1) * sizeof(*segments));
    uint8_t *bytes = calloc(1, size);
    enum ckpt_status status = CKPT_OK;
    if (segments != NULL && bytes != NULL) {
        memcpy(segments, r->segments, count * sizeof(*segments));
        for (uint64_t i = 0; i < count; i++)
            move_segment(w, i, &segments[i]);
        header_encode(segments, count, bytes, notes);
        if (w->head.length > 0)
            memcpy(bytes + notes, w->head.bytes, w->head.length);
        if (w->process.length > 0)
            memcpy(bytes + notes + w->head.length, w->process.bytes, w->process.length);
        digest_of(bytes, size, w->footer.head_digest);
        status = written(w, io_write_at(&w->sink, bytes, size, 0), "the head", 0);
    } else {
        status = error_set(&r->error, CKPT_NO_MEMORY, "head of %" PRIu64 " bytes: out of memory", size);
    }
    free(segments);
    free(bytes);
    return status;
}

static enum ckpt_status write_end(struct rewrite *w)
{
    struct ckpt_footer *f = &w->footer.facts;
    uint8_t bytes[CKPT_FOOTER_SIZE];
    digest_of(w->tail.bytes, w->tail.length, w->footer.tail_digest);
    digest_image_id(w->footer.head_digest, w->footer.index_digest, w->footer.tail_digest, f->image_id);
    footer_encode(&w->footer, bytes);
    enum ckpt_status status = written(w, io_write_at(&w->sink, w->tail.bytes, w->tail.length, f->tail_offset), "the tail records", f->tail_offset);
    uint64_t at = f->file_size - CKPT_FOOTER_SIZE;
    return status == CKPT_OK ? written(w, io_write_at(&w->sink, bytes, sizeof(bytes), at), "the footer", at) : status;
}

enum ckpt_status rewrite_copy(struct rewrite *w)
{
    place_parts(w);
    enum ckpt_status status = written(w, io_resize(&w->sink, w->footer.facts.pages_end), "pages", w->footer.facts.pages_end);
    if (status == CKPT_OK && is_packed(w))
        status = write_head(w);
    if (status == CKPT_OK)
        status = is_packed(w) ? begin_packed(w) : copy_raw_pages(w);
    if (status == CKPT_OK)
        status = copy_index(w);
    if (status == CKPT_OK)
        status = is_packed(w) ? end_packed(w) : write_head(w);
    return status == CKPT_OK ? write_end(w) : status;
}

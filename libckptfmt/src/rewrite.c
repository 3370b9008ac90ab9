/* The head may grow or shrink by whole pages, and everything behind it moves by as much. So raw pages stay aligned and are copied in long runs; packed ones are
 * copied one by one, because the description in front of each frame says where it lies. */
#include <elf.h>
#include <errno.h>
#include <inttypes.h>
#include <stdlib.h>
#include <string.h>

#include <ckptfmt/edit.h>

#include "digest.h"
#include "index.h"
#include "io.h"
#include "notes.h"
#include "packer.h"
#include "reader_state.h"

enum { COPY_BUFFER = 1 << 16, COPY_STEP = 8 << 20, INDEX_BUFFER = 256 };

struct rewrite {
    struct ckpt_reader *reader;
    struct ckpt_io sink;
    struct ckpt_rewrite_options options;
    struct note_area head, process, tail;
    struct footer footer;   /* the new one */
    uint64_t shift;         /* what to add to offsets behind the head, modulo 2^64 */
};

static enum ckpt_status written(struct rewrite *w, int error, const char *what, uint64_t offset)
{
    if (error == 0)
        return CKPT_OK;
    return error_set(&w->reader->error, CKPT_IO, "writing %s at 0x%" PRIx64 ": %s", what, offset, strerror(-error));
}

static enum ckpt_status filter_note(struct rewrite *w, const struct ckpt_note *note)
{
    struct note_area *const areas[] = {[CKPT_SEGMENT_HEAD] = &w->head, [CKPT_SEGMENT_PROCESS] = &w->process, [CKPT_SEGMENT_TAIL] = &w->tail};
    const void *body = note->body;
    size_t length = note->length;
    enum ckpt_edit edit = w->options.note != NULL ? w->options.note(w->options.context, note, &body, &length) : CKPT_EDIT_KEEP;
    if (edit == CKPT_EDIT_DROP)
        return CKPT_OK;
    if (!note_append(areas[note->segment], note->name, note->type | (note->critical ? CKPT_RECORD_CRITICAL : 0), body, length))
        return error_set(&w->reader->error, CKPT_NO_MEMORY, "note of %zu bytes: out of memory", length);
    return CKPT_OK;
}

static enum ckpt_status filter_notes(struct rewrite *w)
{
    enum ckpt_status status = CKPT_OK;
    for (size_t i = 0; i < w->reader->note_count && status == CKPT_OK; i++)
        status = filter_note(w, &w->reader->notes[i]);
    return status;
}

static void place_parts(struct rewrite *w)
{
    const struct ckpt_footer *old = &w->reader->footer.facts;
    struct ckpt_footer *f = &w->footer.facts;
    uint64_t head = header_size(w->reader->segment_count) + w->head.length + w->process.length;
    *f = *old;
    f->head_size = (head + CKPT_PAGE_SIZE - 1) / CKPT_PAGE_SIZE * CKPT_PAGE_SIZE;
    w->shift = f->head_size - old->head_size;
    f->pages_end += w->shift;
    f->index_offset = (f->pages_end + 7) & ~7ull;
    f->tail_offset = f->index_offset + f->index_count * CKPT_INDEX_ENTRY_SIZE;
    f->tail_size = w->tail.length;
    f->file_size = f->tail_offset + f->tail_size + CKPT_FOOTER_SIZE;
}

static bool go_on(struct rewrite *w, uint64_t done)
{
    uint64_t total = w->footer.facts.pages_end - w->footer.facts.head_size;
    return w->options.progress == NULL || w->options.progress(w->options.context, done, total);
}

static enum ckpt_status stopped(struct rewrite *w)
{
    return error_set(&w->reader->error, CKPT_REFUSED, "writing pages: stopped as asked");
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

static enum ckpt_status copy_raw_pages(struct rewrite *w)
{
    const struct ckpt_footer *old = &w->reader->footer.facts;
    uint64_t length = old->pages_end - old->head_size;
    for (uint64_t done = 0; done < length; done += COPY_STEP) {
        uint64_t step = length - done < COPY_STEP ? length - done : COPY_STEP;
        if (!go_on(w, done))
            return stopped(w);
        enum ckpt_status status = copy_run(w, old->head_size + done, w->footer.facts.head_size + done, step);
        if (status != CKPT_OK)
            return status;
    }
    return CKPT_OK;
}

/* Sets chunk->offset to its new place, and copies a packed chunk there. */
static enum ckpt_status move_chunk(struct rewrite *w, struct ckpt_chunk *chunk)
{
    if (chunk->codec == CKPT_CODEC_PARENT)
        return CKPT_OK;
    uint64_t from = chunk->offset;
    chunk->offset += w->shift;
    if (!(w->footer.facts.incompatible_features & CKPT_FEATURE_PACKED))
        return CKPT_OK;
    enum ckpt_status status = CKPT_OK;
    if (chunk->codec == CKPT_CODEC_ZSTD) {
        uint8_t description[PACKER_DESCRIPTION_SIZE];
        uint64_t at = chunk->offset - sizeof(description);
        packer_describe(description, chunk);
        status = written(w, io_write_at(&w->sink, description, sizeof(description), at), "pages", at);
    }
    return status == CKPT_OK ? copy_run(w, from, chunk->offset, chunk->stored_length) : status;
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
            status = stopped(w);
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
    if (s->type == PT_NOTE && i == 0) {
        s->offset = notes;
        s->file_size = w->head.length;
    } else if (s->type == CKPT_PT_NOTE) {
        s->offset = notes + w->head.length;
        s->file_size = w->process.length;
    } else if (s->type == PT_NOTE) {
        s->offset = f->tail_offset;
        s->file_size = f->tail_size;
    } else if (s->type == CKPT_PT_INDEX) {
        s->offset = f->index_offset;
    } else if (s->file_size > 0) {
        s->offset += w->shift;
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

static enum ckpt_status check(struct rewrite *w)
{
    struct error *error = &w->reader->error;
    uint64_t unknown = w->reader->footer.facts.read_only_features & ~(CKPT_FEATURE_REDACTED | CKPT_FEATURE_SALVAGED);
    if (!w->reader->opened || w->sink.write_at == NULL)
        return error_set(error, CKPT_INVALID, "editing needs an open image and a file that can seek to write to");
    if (w->options.pages != 0 || w->options.change != NULL || w->options.append != NULL || w->options.read_only_features != 0)
        return error_set(error, CKPT_UNSUPPORTED, "this library does not change pages yet");
    if (unknown != 0)
        return error_set(error, CKPT_UNSUPPORTED, "read-only feature bits 0x%" PRIx64 " are not known to this library: the image can be dumped "
                         "and verified, not edited", unknown);
    return CKPT_OK;
}

static enum ckpt_status rewrite(struct rewrite *w)
{
    enum ckpt_status status = check(w);
    if (status == CKPT_OK)
        status = filter_notes(w);
    if (status != CKPT_OK)
        return status;
    place_parts(w);
    bool packed = (w->footer.facts.incompatible_features & CKPT_FEATURE_PACKED) != 0;
    if (w->sink.resize != NULL)
        status = written(w, w->sink.resize(w->sink.context, w->footer.facts.pages_end), "pages", w->footer.facts.pages_end);
    if (status == CKPT_OK && !packed)
        status = copy_raw_pages(w);
    if (status == CKPT_OK)
        status = copy_index(w);
    if (status == CKPT_OK)
        status = write_head(w);
    return status == CKPT_OK ? write_end(w) : status;
}

enum ckpt_status ckpt_reader_rewrite(struct ckpt_reader *reader, const struct ckpt_io *sink, const struct ckpt_rewrite_options *options)
{
    struct rewrite w = {.reader = reader, .footer = reader->footer};
    if (!io_adopt(&w.sink, sink))
        return error_set(&reader->error, CKPT_INVALID, "struct ckpt_io has an impossible size");
    if (options != NULL)
        memcpy(&w.options, options, options->struct_size < sizeof(w.options) ? options->struct_size : sizeof(w.options));
    enum ckpt_status status = rewrite(&w);
    note_area_deinit(&w.head);
    note_area_deinit(&w.process);
    note_area_deinit(&w.tail);
    return status;
}

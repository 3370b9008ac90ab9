/* A damaged or truncated image. A packed one: its head is whole (opening checked that), then chunks as far as they can be read. They ascend, so what
 * lies between two chunks that were read was not stored, but where descriptions were lost, and behind the last one, nobody knows. */
#include <inttypes.h>
#include <stdlib.h>
#include <string.h>
#include <sys/mman.h>

#include "adopt.h"
#include "grow.h"
#include "io.h"
#include "salvage_state.h"
#include "schemas/files.pb-c.h"
#include "schemas/image.pb-c.h"
#include "schemas/memory.pb-c.h"
#include "schemas/record.pb-c.h"

void ranges_add(struct salvage *s, struct ranges *ranges, uint32_t space, uint64_t start, uint64_t end)
{
    if (space == 0 || start >= end)
        return;
    struct range *list = grow(ranges->list, ranges->count, &ranges->room, sizeof(*list));
    if (list == NULL) {
        s->no_memory = true;
        return;
    }
    ranges->list = list;
    ranges->list[ranges->count++] = (struct range){space, start, end};
}

static void add_memory(struct salvage *s, const Ckpt__Memory *memory)
{
    for (size_t i = 0; i < memory->n_mappings; i++) {
        const Ckpt__Mapping *m = memory->mappings[i];
        if ((m->flags & MAP_SHARED) != 0)
            continue;
        ranges_add(s, &s->ranges, memory->space, m->start, m->end);
        if (m->file != 0)
            ranges_add(s, &s->over_files, memory->space, m->start, m->end);
    }
}

static int compare_ranges(const void *a, const void *b)
{
    const struct range *x = a, *y = b;
    if (x->space != y->space)
        return x->space < y->space ? -1 : 1;
    return (x->start > y->start) - (x->start < y->start);
}

void ranges_settle(struct ranges *ranges)
{
    size_t kept = 0;
    if (ranges->count > 0)
        qsort(ranges->list, ranges->count, sizeof(*ranges->list), compare_ranges);
    for (size_t i = 0; i < ranges->count; i++) {
        struct range *last = kept > 0 ? &ranges->list[kept - 1] : NULL, *r = &ranges->list[i];
        if (last != NULL && last->space == r->space && r->start <= last->end)
            last->end = r->end > last->end ? r->end : last->end;
        else
            ranges->list[kept++] = *r;
    }
    ranges->count = kept;
}

static void find_ranges(struct salvage *s)
{
    for (size_t i = 0; i < s->records->note_count; i++) {
        const struct ckpt_note *note = &s->records->notes[i];
        bool ours = strcmp(note->name, CKPT_NOTE_NAME) == 0;
        if (!ours || (note->type != CKPT__KIND__KIND_MEMORY && note->type != CKPT__KIND__KIND_FILE))
            continue;
        ProtobufCMessage *message = ckpt_record_unpack(note->type, note->body, note->length);
        if (message == NULL)
            continue;
        const Ckpt__File *file = (const Ckpt__File *)message;
        if (note->type == CKPT__KIND__KIND_MEMORY)
            add_memory(s, (const Ckpt__Memory *)message);
        else if (file->size <= UINT64_MAX - CKPT_PAGE_SIZE)
            ranges_add(s, &s->ranges, file->space, 0, (file->size + CKPT_PAGE_SIZE - 1) / CKPT_PAGE_SIZE * CKPT_PAGE_SIZE);
        protobuf_c_message_free_unpacked(message, NULL);
    }
    ranges_settle(&s->ranges);
    ranges_settle(&s->over_files);
}

enum ckpt_status salvage_failed(struct salvage *s, enum ckpt_status status)
{
    return error_set(&s->records->error, status, "%s", ckpt_writer_error(s->writer));
}

enum ckpt_status salvage_say(struct salvage *s, uint32_t space, uint64_t start, uint64_t end, const char *what)
{
    Ckpt__Missing missing = CKPT__MISSING__INIT;
    missing.space = space;
    missing.address = start;
    missing.length = end - start;
    missing.what = (ProtobufCBinaryData){strlen(what), (uint8_t *)(uintptr_t)what};
    if (space != 0) {
        s->report.missing_bytes += end - start;
        s->report.missing_ranges++;
    }
    size_t length = ckpt__missing__get_packed_size(&missing);
    uint8_t *body = malloc(length);
    if (body == NULL)
        return error_set(&s->records->error, CKPT_NO_MEMORY, "a MISSING record: out of memory");
    ckpt__missing__pack(&missing, body);
    bool added = note_append(&s->writer->tail, CKPT_NOTE_NAME, CKPT__KIND__KIND_MISSING | CKPT_RECORD_CRITICAL, body, length);
    free(body);
    return added ? CKPT_OK : error_set(&s->records->error, CKPT_NO_MEMORY, "a MISSING record: out of memory");
}

static bool is_before(const struct range *r, const struct ckpt_chunk *chunk)
{
    return chunk->length > 0 && (r->space < chunk->space || (r->space == chunk->space && r->end <= chunk->address + chunk->length));
}

enum ckpt_status salvage_say_unknown(struct salvage *s, const struct ckpt_chunk *from, const struct ckpt_chunk *to)
{
    enum ckpt_status status = CKPT_OK;
    while (s->first < s->ranges.count && is_before(&s->ranges.list[s->first], from))
        s->first++;
    for (size_t i = s->first; i < s->ranges.count && status == CKPT_OK; i++) {
        struct range r = s->ranges.list[i];
        if (to != NULL && (r.space > to->space || (r.space == to->space && r.start >= to->address)))
            break;
        if (from->length > 0 && r.space == from->space && r.start < from->address + from->length)
            r.start = from->address + from->length;
        if (to != NULL && r.space == to->space && r.end > to->address)
            r.end = to->address;
        if (r.start < r.end)
            status = salvage_say(s, r.space, r.start, r.end, "pages: whether and with what they were stored is lost");
    }
    return status;
}

static enum ckpt_status keep_chunk(struct salvage *s, const struct ckpt_stream_chunk *c)
{
    bool shares = c->stored == NULL && c->chunk.codec != CKPT_CODEC_PARENT;
    if (shares && shares_find(s->writer->shares, &c->chunk) == NULL) {
        s->report.lost_chunks++;
        return salvage_say(s, c->chunk.space, c->chunk.address, c->chunk.address + c->chunk.length, "pages: they shared a copy that is damaged");
    }
    struct ckpt_chunk chunk = c->chunk;
    if (shares)
        chunk.stored_length = 0;
    enum ckpt_status status = writer_put_salvaged(s->writer, s->ticket++, &chunk, c->stored);
    s->report.chunks++;
    return status == CKPT_OK ? status : salvage_failed(s, status);
}

enum ckpt_status salvage_lose(struct salvage *s, const struct ckpt_chunk *chunk)
{
    s->report.lost_chunks++;
    return salvage_say(s, chunk->space, chunk->address, chunk->address + chunk->length, "pages: they are damaged");
}

static enum ckpt_status copy_chunks(struct salvage *s)
{
    struct ckpt_chunk last = {.length = 0};
    bool gap = false, ended = false;
    enum ckpt_status result = CKPT_OK;
    while (result == CKPT_OK && !ended) {
        struct ckpt_stream_chunk c;
        enum ckpt_status status = ckpt_stream_next(s->stream, &c);
        bool chunk = c.chunk.length > 0 && (status == CKPT_OK || status == CKPT_CORRUPT);
        if (status == CKPT_NO_MEMORY)
            return status;
        if (chunk && gap)
            result = salvage_say_unknown(s, &last, &c.chunk);
        if (chunk) {
            gap = false;
            last = c.chunk;
            if (result == CKPT_OK)
                result = status == CKPT_OK ? keep_chunk(s, &c) : salvage_lose(s, &c.chunk);
        } else if (status == CKPT_END || s->records->footer.facts.pages_end != UINT64_MAX / 2) {
            ended = true;
            s->report.tail_lost = status != CKPT_END;
        } else {
            gap = true;
            s->report.stopped_at = s->stream->position;
            ended = !stream_resync(s->stream);
            s->report.tail_lost = ended;
        }
    }
    return result == CKPT_OK && gap ? salvage_say_unknown(s, &last, NULL) : result;
}

/* The tail's records were copied with the head's where they could be read; those come first. */
static enum ckpt_status add_tail(struct salvage *s)
{
    const struct ckpt_reader *r = s->records;
    for (size_t i = 0; i < r->note_count; i++) {
        const struct ckpt_note *n = &r->notes[i];
        bool second = strcmp(n->name, CKPT_NOTE_NAME) == 0 && n->type == CKPT__KIND__KIND_IMAGE;
        if (n->segment == CKPT_SEGMENT_TAIL && !second &&
            !note_append(&s->writer->tail, n->name, n->type | (n->critical ? CKPT_RECORD_CRITICAL : 0), n->body, n->length))
            return error_set(&s->records->error, CKPT_NO_MEMORY, "the tail records: out of memory");
    }
    return s->report.tail_lost ? salvage_say(s, 0, 0, 0, "tail records") : CKPT_OK;
}

static enum ckpt_status salvage_packed(struct salvage *s)
{
    enum ckpt_status status = ckpt_writer_begin_pages(s->writer);
    return status == CKPT_OK ? copy_chunks(s) : salvage_failed(s, status);
}

static enum ckpt_status write_image(struct salvage *s, struct rewrite *w)
{
    enum ckpt_status status = rewrite_notes(w);
    if (status != CKPT_OK)
        return status;
    s->writer->head = w->head;
    s->writer->process = w->process;
    w->head = w->process = (struct note_area){.bytes = NULL};
    status = rewrite_mappings(w, s->writer);
    if (status != CKPT_OK)
        return status;
    find_ranges(s);
    if (s->stream->raw)
        status = salvage_raw(s, w);
    else
        status = salvage_packed(s);
    if (status == CKPT_OK && s->no_memory)
        status = error_set(&s->records->error, CKPT_NO_MEMORY, "salvaging: out of memory");
    if (status == CKPT_OK)
        status = add_tail(s);
    if (status != CKPT_OK)
        return status;
    status = ckpt_writer_finish(s->writer, false, NULL);
    return status == CKPT_OK ? status : salvage_failed(s, status);
}

enum ckpt_status ckpt_stream_salvage(struct ckpt_stream *stream, const struct ckpt_io *sink, struct ckpt_salvage_report *report)
{
    struct salvage s = {.stream = stream, .records = stream->records};
    struct rewrite w = {.reader = stream->records, .footer = stream->records->footer};
    struct ckpt_footer *f = &w.footer.facts;
    if (!(stream->records->opened || stream->raw) || stream->count > 0 || !adopt_options(&s.report, sizeof(s.report), report))
        return error_set(&stream->records->error, CKPT_INVALID, "salvaging needs a stream that was opened and not read from, and a report of a possible size");
    f->read_only_features |= CKPT_FEATURE_SALVAGED;
    struct ckpt_writer_options options = {.struct_size = sizeof(options), .chunk_size = f->chunk_size, .compression = stream->raw ? 0 : CKPT_COMPRESSION_DEFAULT,
                                          .read_only_features = f->read_only_features, .compatible_features = f->compatible_features,
                                          .incompatible_features = f->incompatible_features};
    s.report = (struct ckpt_salvage_report){.struct_size = sizeof(s.report)};
    s.writer = ckpt_writer_create(sink, &options);
    if (s.writer == NULL)
        return error_set(&stream->records->error, CKPT_NO_MEMORY, "salvaging: out of memory, or an impossible io");
    s.writer->footer.facts.version_minor = f->version_minor;
    stream->keep_packed = stream->salvages = true;
    enum ckpt_status status = write_image(&s, &w);
    if (s.report.stopped_at == 0)
        s.report.stopped_at = stream->position;
    s.report.whole = s.report.missing_ranges == 0 && !s.report.tail_lost && !s.report.unverified && s.report.unverified_bytes == 0;
    if (status == CKPT_OK && report != NULL) {
        size_t size = report->struct_size;
        memcpy(report, &s.report, size < sizeof(s.report) ? size : sizeof(s.report));
        report->struct_size = size;
    }
    note_area_deinit(&w.head);
    note_area_deinit(&w.process);
    note_area_deinit(&w.tail);
    free(s.ranges.list);
    free(s.over_files.list);
    ckpt_writer_destroy(s.writer);
    return status;
}

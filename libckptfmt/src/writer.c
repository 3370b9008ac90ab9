#include <elf.h>
#include <errno.h>
#include <inttypes.h>
#include <stdlib.h>
#include <string.h>
#include <zstd.h>

#include "adopt.h"
#include "cursor.h"
#include "index.h"
#include "io.h"
#include "packer.h"
#include "schemas/image.pb-c.h"
#include "shares.h"
#include "writer_state.h"

enum { HIGH_LEVEL = 7 }; /* where zstd's window becomes 4 MiB */

uint32_t ckpt_default_chunk_size(uint32_t compression)
{
    if (compression == 0)
        return CKPT_CHUNK_SIZE_DEFAULT;
    return compression < HIGH_LEVEL ? CKPT_CHUNK_SIZE_PACKED : CKPT_CHUNK_SIZE_MAX;
}

struct ckpt_writer *ckpt_writer_create(const struct ckpt_io *sink, const struct ckpt_writer_options *options)
{
    struct ckpt_writer *w = calloc(1, sizeof(*w));
    if (w == NULL)
        return NULL;
    w->misused = !adopt_options(&w->options, sizeof(w->options), options);
    if (w->options.chunk_size == 0)
        w->options.chunk_size = ckpt_default_chunk_size(w->options.compression);
    w->layout.packed = w->options.compression > 0;
    w->index_digest = digest_create();
    pthread_mutex_init(&w->lock, NULL);
    pthread_cond_init(&w->turn, NULL);
    struct ckpt_footer *f = &w->footer.facts;
    f->version_major = CKPT_FORMAT_MAJOR;
    f->version_minor = CKPT_FORMAT_MINOR;
    f->page_size = CKPT_PAGE_SIZE;
    f->chunk_size = w->options.chunk_size;
    f->digest_algorithm = DIGEST_XXH3_128;
    f->incompatible_features = (w->layout.packed ? CKPT_FEATURE_PACKED : 0) | (w->options.incompatible_features & CKPT_FEATURE_PARENT);
    f->read_only_features = w->options.read_only_features;
    f->compatible_features = w->options.compatible_features;
    if (w->index_digest == NULL || !io_adopt(&w->sink, sink)) {
        ckpt_writer_destroy(w);
        return NULL;
    }
    return w;
}

void ckpt_writer_destroy(struct ckpt_writer *w)
{
    if (w == NULL)
        return;
    note_area_deinit(&w->head);
    note_area_deinit(&w->process);
    note_area_deinit(&w->tail);
    layout_deinit(&w->layout);
    packer_destroy_all(w->packers);
    writer_free_deferred(w);
    shares_destroy(w->shares);
    writer_parent_deinit(&w->parent);
    digest_destroy(w->index_digest);
    free(w->index);
    pthread_mutex_destroy(&w->lock);
    pthread_cond_destroy(&w->turn);
    free(w);
}

const char *ckpt_writer_error(const struct ckpt_writer *w)
{
    return w->error.sentence;
}

enum ckpt_status writer_write(struct ckpt_writer *w, const void *bytes, size_t length, uint64_t at, const char *what)
{
    int error = w->sink.write_at != NULL ? io_write_at(&w->sink, bytes, length, at) : io_write(&w->sink, bytes, length);
    return error != 0 ? writer_io(w, error, what, at) : CKPT_OK;
}

enum ckpt_status writer_io(struct ckpt_writer *w, int error, const char *what, uint64_t offset)
{
    errno = -error;
    return error_set(&w->error, CKPT_IO, "writing %s at 0x%" PRIx64 ": %s", what, offset, strerror(-error));
}

static enum ckpt_status append(struct ckpt_writer *w, struct note_area *area, const char *name, uint32_t type, const void *body, size_t length)
{
    if (!note_append(area, name, type, body, length))
        return error_set(&w->error, CKPT_NO_MEMORY, "note %s 0x%x of %zu bytes: out of memory", name, type, length);
    return CKPT_OK;
}

static enum ckpt_status in_head(struct ckpt_writer *w, const char *what)
{
    if (w->phase == WRITER_HEAD)
        return CKPT_OK;
    return error_set(&w->error, CKPT_INVALID, "%s after the pages have begun", what);
}

enum ckpt_status ckpt_writer_note(struct ckpt_writer *w, const char *name, uint32_t type, const void *body, size_t length)
{
    enum ckpt_status status = in_head(w, "a debugger's note");
    return status != CKPT_OK ? status : append(w, &w->head, name, type, body, length);
}

/* Each process's notes begin with one of our own that has its number. */
enum ckpt_status ckpt_writer_process_note(struct ckpt_writer *w, uint32_t process, const char *name, uint32_t type, const void *body, size_t length)
{
    enum ckpt_status status = in_head(w, "a debugger's note");
    if (status == CKPT_OK && process < 2)
        status = error_set(&w->error, CKPT_INVALID, "process %u: the root process has its notes in the head", process);
    if (status == CKPT_OK && process != w->last_process) {
        uint8_t number[4];
        struct cursor c = cursor_over(number, sizeof(number));
        cursor_put(&c, process, 4);
        status = append(w, &w->process, CKPT_NOTE_NAME, CKPT_NOTE_PROCESS, number, sizeof(number));
        w->last_process = process;
    }
    return status != CKPT_OK ? status : append(w, &w->process, name, type, body, length);
}

enum ckpt_status ckpt_writer_record(struct ckpt_writer *w, uint32_t kind, bool critical, const void *body, size_t length)
{
    if (w->phase == WRITER_FINISHED || (kind & CKPT_RECORD_CRITICAL) != 0)
        return error_set(&w->error, CKPT_INVALID, "record of kind %u after the end, or with the critical bit in its kind", kind);
    struct note_area *area = w->phase == WRITER_HEAD ? &w->head : &w->tail;
    return append(w, area, CKPT_NOTE_NAME, kind | (critical ? CKPT_RECORD_CRITICAL : 0), body, length);
}

enum ckpt_status ckpt_writer_message(struct ckpt_writer *w, uint32_t kind, bool critical, const void *message)
{
    size_t length = protobuf_c_message_get_packed_size(message);
    uint8_t *body = malloc(length > 0 ? length : 1);
    if (body == NULL)
        return error_set(&w->error, CKPT_NO_MEMORY, "record of kind %u: out of memory", kind);
    protobuf_c_message_pack(message, body);
    enum ckpt_status status = ckpt_writer_record(w, kind, critical, body, length);
    free(body);
    return status;
}

void ckpt_writer_fill_image(const struct ckpt_writer *w, void *image)
{
    const struct ckpt_footer *f = &w->footer.facts;
    Ckpt__Image *message = image;
    message->version_major = f->version_major;
    message->version_minor = f->version_minor;
    message->incompatible_features = f->incompatible_features;
    message->read_only_features = f->read_only_features;
    message->compatible_features = f->compatible_features;
    message->page_size = f->page_size;
    message->chunk_size = f->chunk_size;
    writer_fill_parents(&w->parent, image);
}

static bool page_aligned(uint64_t value)
{
    return value % CKPT_PAGE_SIZE == 0;
}

enum ckpt_status ckpt_writer_mapping(struct ckpt_writer *w, const struct ckpt_mapping *m)
{
    enum ckpt_status status = in_head(w, "a mapping");
    if (status != CKPT_OK)
        return status;
    const struct ckpt_mapping *last = w->layout.mapping_count > 0 ? &w->layout.mappings[w->layout.mapping_count - 1] : NULL;
    if (m->start >= m->end || !page_aligned(m->start | m->end | m->space_address) || (last != NULL && m->start < last->end))
        return error_set(&w->error, CKPT_INVALID, "mapping %" PRIx64 "-%" PRIx64 ": empty, not in order, or not whole pages", m->start, m->end);
    if (!layout_add_mapping(&w->layout, m))
        return error_set(&w->error, CKPT_NO_MEMORY, "mapping %" PRIx64 "-%" PRIx64 ": out of memory", m->start, m->end);
    return CKPT_OK;
}

static enum ckpt_status add_extent(struct ckpt_writer *w, uint32_t space, uint64_t address, uint64_t length, bool whole)
{
    enum ckpt_status status = in_head(w, "an extent");
    if (status != CKPT_OK)
        return status;
    const struct extent *last = w->layout.extent_count > 0 ? &w->layout.extents[w->layout.extent_count - 1] : NULL;
    bool ordered = last == NULL || space > last->space || (space == last->space && address >= last->address + last->length);
    if (space == 0 || length == 0 || !page_aligned(address | length) || address + length < address || !ordered)
        return error_set(&w->error, CKPT_INVALID, "extent 0x%" PRIx64 "+0x%" PRIx64 " of space %u: empty, not in order, or not whole pages",
                         address, length, space);
    if (!layout_add_extent(&w->layout, &(struct extent){.space = space, .address = address, .length = length, .whole = whole}))
        return error_set(&w->error, CKPT_NO_MEMORY, "extent 0x%" PRIx64 ": out of memory", address);
    return CKPT_OK;
}

enum ckpt_status ckpt_writer_extent(struct ckpt_writer *w, uint32_t space, uint64_t address, uint64_t length)
{
    return add_extent(w, space, address, length, false);
}

enum ckpt_status ckpt_writer_extent_whole(struct ckpt_writer *w, uint32_t space, uint64_t address, uint64_t length)
{
    return add_extent(w, space, address, length, true);
}

/* Program headers: [0] head notes, [1] tail notes, [2] index, [3] notes of other processes where there are some, then the loads. */
static uint64_t segment_count(const struct ckpt_writer *w)
{
    return 3 + (w->process.length > 0) + w->layout.load_count;
}

static void fill_segments(const struct ckpt_writer *w, struct segment *s)
{
    const struct ckpt_footer *f = &w->footer.facts;
    uint64_t notes = header_size(segment_count(w));
    uint64_t index_size = f->index_count * CKPT_INDEX_ENTRY_SIZE;
    bool known = !w->layout.packed;
    *s++ = (struct segment){.type = PT_NOTE, .flags = PF_R, .offset = notes, .file_size = w->head.length, .alignment = NOTE_ALIGNMENT};
    *s++ = known && f->tail_size > 0 ? (struct segment){.type = PT_NOTE, .flags = PF_R, .offset = f->tail_offset, .file_size = f->tail_size,
                                                        .alignment = NOTE_ALIGNMENT}
                                     : (struct segment){.type = PT_NULL};
    *s++ = known ? (struct segment){.type = CKPT_PT_INDEX, .flags = PF_R, .offset = f->index_offset, .file_size = index_size, .alignment = 8}
                 : (struct segment){.type = CKPT_PT_INDEX, .flags = PF_R, .alignment = 8};
    if (w->process.length > 0)
        *s++ = (struct segment){.type = CKPT_PT_NOTE, .flags = PF_R, .offset = notes + w->head.length, .file_size = w->process.length,
                                .alignment = NOTE_ALIGNMENT};
    layout_loads(&w->layout, f->head_size, s);
}

static uint64_t head_length(const struct ckpt_writer *w)
{
    uint64_t length = header_size(segment_count(w)) + w->head.length + w->process.length;
    return (length + CKPT_PAGE_SIZE - 1) / CKPT_PAGE_SIZE * CKPT_PAGE_SIZE;
}

uint8_t *writer_head(const struct ckpt_writer *w)
{
    uint64_t count = segment_count(w), notes = header_size(count);
    struct segment *segments = calloc(count, sizeof(*segments));
    uint8_t *bytes = calloc(1, w->footer.facts.head_size);
    if (segments == NULL || bytes == NULL) {
        free(segments);
        free(bytes);
        return NULL;
    }
    fill_segments(w, segments);
    header_encode(segments, count, bytes, notes);
    if (w->head.length > 0)
        memcpy(bytes + notes, w->head.bytes, w->head.length);
    if (w->process.length > 0)
        memcpy(bytes + notes + w->head.length, w->process.bytes, w->process.length);
    free(segments);
    return bytes;
}

static enum ckpt_status check_begin(struct ckpt_writer *w)
{
    enum ckpt_status status = in_head(w, "the beginning of pages");
    if (status != CKPT_OK)
        return status;
    uint32_t chunk = w->options.chunk_size;
    if (w->misused)
        return error_set(&w->error, CKPT_INVALID, "struct ckpt_writer_options has an impossible size, or asks for what this library does not know");
    if (chunk < CKPT_PAGE_SIZE || (chunk & (chunk - 1)) != 0 || chunk > CKPT_CHUNK_SIZE_MAX)
        return error_set(&w->error, CKPT_INVALID, "chunk size %u is not a power of two between the page size and 16 MiB", chunk);
    if (w->options.compression > (uint32_t)ZSTD_maxCLevel())
        return error_set(&w->error, CKPT_INVALID, "compression level %u: zstd has 1 to %d", w->options.compression, ZSTD_maxCLevel());
    if (w->sink.write_at == NULL && (!w->layout.packed || w->sink.write == NULL))
        return error_set(&w->error, CKPT_INVALID, "raw pages need a file that can seek; compressed ones do not");
    if (w->layout.packed && (w->shares = shares_create()) == NULL)
        return error_set(&w->error, CKPT_NO_MEMORY, "the beginning of pages: out of memory");
    return CKPT_OK;
}

enum ckpt_status ckpt_writer_begin_pages(struct ckpt_writer *w)
{
    enum ckpt_status status = check_begin(w);
    if (status != CKPT_OK)
        return status;
    struct ckpt_footer *f = &w->footer.facts;
    layout_count_loads(&w->layout);
    f->head_size = head_length(w);
    w->position = f->head_size;
    w->phase = WRITER_PAGES;
    if (!w->layout.packed) {
        f->pages_end = layout_place(&w->layout, f->head_size);
        f->index_offset = f->pages_end;
        int error = io_resize(&w->sink, f->pages_end);
        return error != 0 ? writer_io(w, error, "pages", f->pages_end) : CKPT_OK;
    }
    uint8_t *head = writer_head(w);
    if (head == NULL)
        return error_set(&w->error, CKPT_NO_MEMORY, "head of %" PRIu64 " bytes: out of memory", f->head_size);
    digest_of(head, f->head_size, w->footer.head_digest);
    status = writer_write(w, head, f->head_size, 0, "the head");
    free(head);
    uint8_t begin[PACKER_DESCRIPTION_SIZE];
    packer_describe_begin(begin, f->head_size, w->footer.head_digest);
    w->position += sizeof(begin);
    return status == CKPT_OK ? writer_write(w, begin, sizeof(begin), f->head_size, "the beginning of pages") : status;
}

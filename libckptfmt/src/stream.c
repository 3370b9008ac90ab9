/* Bytes arrive in a buffer that grows to the largest piece that is looked at in one go. The head comes first; it says itself how long it is. */
#include <elf.h>
#include <errno.h>
#include <inttypes.h>
#include <stdlib.h>
#include <string.h>

#include "digest.h"
#include "io.h"
#include "schemas/image.pb-c.h"
#include "schemas/record.pb-c.h"
#include "stream_state.h"

enum { BUFFER_LEAST = 256 << 10 };

struct ckpt_stream *ckpt_stream_create(void)
{
    struct ckpt_stream *s = calloc(1, sizeof(*s));
    if (s == NULL)
        return NULL;
    s->records = ckpt_reader_create();
    s->shares = shares_create();
    s->index_digest = digest_create();
    if (s->records == NULL || s->shares == NULL || s->index_digest == NULL) {
        ckpt_stream_destroy(s);
        return NULL;
    }
    return s;
}

void ckpt_stream_destroy(struct ckpt_stream *s)
{
    if (s == NULL)
        return;
    ckpt_io_close(&s->io);
    ckpt_reader_destroy(s->records);
    shares_destroy(s->shares);
    digest_destroy(s->index_digest);
    free(s->buffer);
    free(s->bytes);
    free(s);
}

const char *ckpt_stream_error(const struct ckpt_stream *s)
{
    return s->records->error.sentence;
}

struct ckpt_reader *ckpt_stream_records(struct ckpt_stream *s)
{
    return s->records;
}

void ckpt_stream_set_unpack(struct ckpt_stream *s, bool unpack)
{
    s->keep_packed = !unpack;
}

void ckpt_stream_allow_raw(struct ckpt_stream *s)
{
    s->allow_raw = true;
}

uint64_t ckpt_stream_position(const struct ckpt_stream *s)
{
    return s->position;
}

enum ckpt_status stream_failed(struct ckpt_stream *s)
{
    if (s->final == CKPT_OK)
        s->final = CKPT_TRUNCATED;
    return s->final;
}

static ssize_t read_some(struct ckpt_stream *s, void *buffer, size_t length)
{
    ssize_t n;
    do
        n = s->io.read != NULL ? s->io.read(s->io.context, buffer, length)
                               : s->io.read_at(s->io.context, buffer, length, s->position + (s->end - s->begin));
    while (n == -EINTR);
    return n > (ssize_t)length ? -EIO : n;
}

static bool make_room(struct ckpt_stream *s, size_t length)
{
    if (s->room - s->begin >= length)
        return true;
    if (s->begin > 0)
        memmove(s->buffer, s->buffer + s->begin, s->end - s->begin);
    s->end -= s->begin;
    s->begin = 0;
    if (s->room >= length)
        return true;
    size_t room = length > BUFFER_LEAST ? length : BUFFER_LEAST;
    uint8_t *buffer = realloc(s->buffer, room);
    if (buffer == NULL)
        return false;
    s->buffer = buffer;
    s->room = room;
    return true;
}

const uint8_t *stream_peek(struct ckpt_stream *s, size_t length, const char *what)
{
    struct error *error = &s->records->error;
    for (size_t have; (have = s->end - s->begin) < length;) {
        size_t most = 2 * have > BUFFER_LEAST ? 2 * have : BUFFER_LEAST; /* a length that is not true costs no memory */
        if (!make_room(s, length < most ? length : most)) {
            s->final = error_set(error, CKPT_NO_MEMORY, "%s of %zu bytes: out of memory", what, length);
            return NULL;
        }
        ssize_t n = s->ended ? 0 : read_some(s, s->buffer + s->end, s->room - s->end);
        if (n < 0) {
            s->final = fetch_io(error, (int)n, what, s->position);
            return NULL;
        }
        if (n == 0) {
            s->ended = true;
            fetch_io(error, -ENODATA, what, s->position);
            return NULL;
        }
        s->end += (size_t)n;
    }
    return s->buffer + s->begin;
}

void stream_skip(struct ckpt_stream *s, size_t length)
{
    s->begin += length;
    s->position += length;
}

enum ckpt_status stream_rest(struct ckpt_stream *s, size_t most, uint8_t **bytes, size_t *length)
{
    size_t room = BUFFER_LEAST;
    for (;;) {
        if (stream_peek(s, room, "the end") == NULL && !s->ended)
            return stream_failed(s);
        size_t have = s->end - s->begin;
        if (s->ended && have <= most) {
            s->records->error.sentence[0] = 0;
            *bytes = s->buffer + s->begin;
            *length = have;
            return CKPT_OK;
        }
        if (have > most)
            return error_set(&s->records->error, CKPT_UNSUPPORTED, "tail records of more than %zu bytes: this library reads at most 256 MiB", most);
        room *= 2;
    }
}

/* How long the head must be, from its program headers. */
static enum ckpt_status find_head_size(struct ckpt_stream *s, const struct header *header, uint64_t *size)
{
    struct error *error = &s->records->error;
    uint64_t notes = header_size(header->segment_count), end = notes;
    if (header->segments_offset != HEADER_EHDR_SIZE)
        return error_set(error, CKPT_CORRUPT, "program headers at 0x%" PRIx64 " instead of 0x%x", header->segments_offset, (unsigned)HEADER_EHDR_SIZE);
    const uint8_t *bytes = notes <= READER_PART_MAX ? stream_peek(s, notes, "the program headers") : NULL;
    if (bytes == NULL)
        return notes <= READER_PART_MAX ? stream_failed(s) : error_set(error, CKPT_UNSUPPORTED, "head of %" PRIu64 " bytes: this library reads at most 256 MiB", notes);
    for (uint64_t i = 0; i < header->segment_count; i++) {
        struct segment segment;
        header_decode_segment(bytes + HEADER_EHDR_SIZE + i * HEADER_PHDR_SIZE, &segment);
        if ((segment.type != PT_NOTE || i != 0) && segment.type != CKPT_PT_NOTE)
            continue;
        if (segment.offset != end || segment.file_size > READER_PART_MAX)
            return error_set(error, CKPT_CORRUPT, "program header %" PRIu64 ": its notes at 0x%" PRIx64 " instead of 0x%" PRIx64, i, segment.offset, end);
        end += segment.file_size;
    }
    *size = (end + CKPT_PAGE_SIZE - 1) / CKPT_PAGE_SIZE * CKPT_PAGE_SIZE;
    return *size <= READER_PART_MAX ? CKPT_OK
                                    : error_set(error, CKPT_UNSUPPORTED, "head of %" PRIu64 " bytes: this library reads at most 256 MiB", *size);
}

static enum ckpt_status read_head(struct ckpt_stream *s, struct header *header)
{
    struct ckpt_reader *r = s->records;
    uint64_t section_offset, size = 0;
    const uint8_t *bytes = stream_peek(s, HEADER_EHDR_SIZE, "the ELF header");
    if (bytes == NULL && !s->ended)
        return stream_failed(s);
    enum ckpt_status status = header_decode(s->buffer, bytes != NULL ? HEADER_EHDR_SIZE : s->end, header, &section_offset, &r->error);
    if (status == CKPT_OK && section_offset != 0) {
        bytes = section_offset <= READER_PART_MAX ? stream_peek(s, section_offset + HEADER_SHDR_SIZE, "the section header") : NULL;
        if (bytes == NULL)
            return s->final != CKPT_OK || s->ended ? stream_failed(s)
                                                   : error_set(&r->error, CKPT_UNSUPPORTED, "section header at 0x%" PRIx64 ": too far away", section_offset);
        header->segment_count = header_decode_count(bytes + section_offset);
    }
    if (status == CKPT_OK)
        status = find_head_size(s, header, &size);
    if (status != CKPT_OK)
        return status;
    bytes = stream_peek(s, size, "the head");
    if (bytes == NULL)
        return stream_failed(s);
    r->head = malloc(size);
    if (r->head == NULL)
        return error_set(&r->error, CKPT_NO_MEMORY, "head of %" PRIu64 " bytes: out of memory", size);
    memcpy(r->head, bytes, size);
    r->footer.facts.head_size = size;
    digest_of(r->head, size, r->footer.head_digest);
    stream_skip(s, size);
    return CKPT_OK;
}

/* Until the footer comes, the IMAGE record says what it will say. */
static enum ckpt_status take_facts(struct ckpt_stream *s)
{
    struct ckpt_reader *r = s->records;
    struct ckpt_note note;
    size_t i = 0;
    ProtobufCMessage *message;
    if (ckpt_reader_find_record(r, CKPT__KIND__KIND_IMAGE, &i, &note) != CKPT_OK)
        return error_set(&r->error, CKPT_CORRUPT, "there is no IMAGE record");
    enum ckpt_status status = ckpt_reader_unpack(r, &note, &message);
    if (status != CKPT_OK)
        return status;
    const Ckpt__Image *image = (const Ckpt__Image *)message;
    struct ckpt_footer *f = &r->footer.facts;
    f->version_major = (uint16_t)image->version_major;
    f->version_minor = (uint16_t)image->version_minor;
    f->incompatible_features = image->incompatible_features;
    f->read_only_features = image->read_only_features;
    f->compatible_features = image->compatible_features;
    f->page_size = image->page_size;
    f->chunk_size = image->chunk_size;
    f->digest_algorithm = DIGEST_XXH3_128;
    f->pages_end = UINT64_MAX / 2;
    protobuf_c_message_free_unpacked(message, NULL);
    status = footer_check_facts(f, &r->error);
    if (status != CKPT_OK)
        return error_at(&r->error, status, "record IMAGE at 0x%" PRIx64, note.offset);
    s->raw = (f->incompatible_features & CKPT_FEATURE_PACKED) == 0;
    if (s->raw && (!s->allow_raw || s->io.read_at == NULL || s->io.size == NULL))
        return error_set(&r->error, CKPT_UNSUPPORTED, "a raw image cannot be read from a pipe: its index comes last, and needs a file that can seek");
    return reader_check_image_record(r);
}

static enum ckpt_status read_begin(struct ckpt_stream *s)
{
    struct ckpt_reader *r = s->records;
    uint8_t begin[PACKER_DESCRIPTION_SIZE];
    packer_describe_begin(begin, r->footer.facts.head_size, r->footer.head_digest);
    const uint8_t *bytes = stream_peek(s, sizeof(begin), "the description that begins the pages");
    if (bytes == NULL)
        return stream_failed(s);
    if (memcmp(bytes, begin, sizeof(begin)) != 0)
        return error_set(&r->error, CKPT_CORRUPT, "head (0x0 to 0x%" PRIx64 "): digest differs, or the description that begins the pages is damaged", s->position);
    stream_skip(s, sizeof(begin));
    return CKPT_OK;
}

enum ckpt_status ckpt_stream_open(struct ckpt_stream *s, const struct ckpt_io *io)
{
    struct ckpt_reader *r = s->records;
    struct header header = {.segment_count = 0};
    if (s->io.struct_size != 0)
        return error_set(&r->error, CKPT_INVALID, "a stream opens once");
    if (!io_adopt(&s->io, io) || (s->io.read == NULL && s->io.read_at == NULL))
        return error_set(&r->error, CKPT_INVALID, "struct ckpt_io has an impossible size, or cannot read");
    enum ckpt_status status = read_head(s, &header);
    if (status == CKPT_OK)
        status = reader_decode_segments(r, &header);
    if (status == CKPT_OK)
        status = reader_decode_head_notes(r);
    if (status == CKPT_OK)
        status = take_facts(s);
    if (status == CKPT_OK && !s->raw)
        status = read_begin(s);
    r->opened = status == CKPT_OK && !s->raw;
    s->raw = s->raw && status == CKPT_OK;
    s->final = status;
    if (s->raw)
        s->final = CKPT_UNSUPPORTED;
    return status;
}

enum ckpt_status ckpt_stream_open_fd(struct ckpt_stream *s, int fd)
{
    struct ckpt_io io;
    int error = ckpt_io_from_fd(&io, fd);
    if (error != 0)
        return error_set(&s->records->error, CKPT_IO, "looking at the descriptor: %s", strerror(-error));
    return ckpt_stream_open(s, &io);
}

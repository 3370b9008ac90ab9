/* Opening: the ELF header, the footer, then head and tail with their digests, then every note. The index stays where it is. */
#include <elf.h>
#include <errno.h>
#include <inttypes.h>
#include <stdlib.h>
#include <string.h>

#include "digest.h"
#include "io.h"
#include "notes.h"
#include "parents.h"
#include "reader_state.h"
#include "schemas/image.pb-c.h"
#include "schemas/record.pb-c.h"

struct ckpt_reader *ckpt_reader_create(void)
{
    struct ckpt_reader *r = calloc(1, sizeof(*r));
    if (r != NULL)
        r->chunk_number = UINT64_MAX;
    return r;
}

void ckpt_reader_destroy(struct ckpt_reader *r)
{
    if (r == NULL)
        return;
    ckpt_io_close(&r->io);
    free(r->head);
    free(r->tail);
    free(r->segments);
    free(r->notes);
    free(r->chunk_bytes);
    free(r->directory);
    parents_forget(&r->known);
    fetch_deinit(&r->fetch);
    reader_free_parents(r);
    parents_destroy(r->parents);
    free(r);
}

const char *ckpt_reader_error(const struct ckpt_reader *r)
{
    return r->error.sentence;
}

const struct ckpt_footer *ckpt_reader_footer(const struct ckpt_reader *r)
{
    return &r->footer.facts;
}

enum ckpt_status reader_io(struct ckpt_reader *r, int error, const char *what, uint64_t offset)
{
    return fetch_io(&r->error, error, what, offset);
}

/* Reads `length` bytes, which the caller has checked against the file's size, into new memory. */
static enum ckpt_status read_part(struct ckpt_reader *r, uint64_t offset, uint64_t length, const char *what, uint8_t **bytes)
{
    if (length > READER_PART_MAX)
        return error_set(&r->error, CKPT_UNSUPPORTED, "%s of %" PRIu64 " bytes: this library reads at most 256 MiB", what, length);
    uint8_t *part = malloc(length > 0 ? length : 1);
    if (part == NULL)
        return error_set(&r->error, CKPT_NO_MEMORY, "%s of %" PRIu64 " bytes: out of memory", what, length);
    int error = io_read_at(&r->io, part, length, offset);
    if (error != 0) {
        free(part);
        return reader_io(r, error, what, offset);
    }
    *bytes = part;
    return CKPT_OK;
}

static enum ckpt_status read_header(struct ckpt_reader *r, struct header *header)
{
    uint8_t bytes[HEADER_EHDR_SIZE], section[HEADER_SHDR_SIZE];
    size_t length = r->file_size < sizeof(bytes) ? (size_t)r->file_size : sizeof(bytes);
    int error = io_read_at(&r->io, bytes, length, 0);
    if (error != 0)
        return reader_io(r, error, "the ELF header", 0);
    uint64_t section_offset;
    enum ckpt_status status = header_decode(bytes, length, header, &section_offset, &r->error);
    if (status != CKPT_OK || section_offset == 0)
        return status;
    if (section_offset > r->file_size || r->file_size - section_offset < sizeof(section))
        return error_set(&r->error, CKPT_TRUNCATED, "truncated: the section header at 0x%" PRIx64 " lies behind the end of the file",
                         section_offset);
    error = io_read_at(&r->io, section, sizeof(section), section_offset);
    if (error != 0)
        return reader_io(r, error, "the section header", section_offset);
    header->segment_count = header_decode_count(section);
    return CKPT_OK;
}

enum { LOOKED_AT = 65536 }; /* program headers of a file that is perhaps not ours */

/* For a file without a footer: is it one of ours that was cut off, or an ordinary core file? */
static enum ckpt_status explain_no_footer(struct ckpt_reader *r, const struct header *header)
{
    bool ours = false, sane = header->segments_offset <= UINT64_MAX / 2;
    uint64_t described = sane ? header->segments_offset + header->segment_count * HEADER_PHDR_SIZE : 0;
    for (uint64_t i = 0; i < header->segment_count && i < LOOKED_AT; i++) {
        uint8_t bytes[HEADER_PHDR_SIZE];
        struct segment s;
        if (io_read_at(&r->io, bytes, sizeof(bytes), header->segments_offset + i * HEADER_PHDR_SIZE) != 0)
            break;
        header_decode_segment(bytes, &s);
        ours = ours || s.type == CKPT_PT_INDEX;
        if (s.offset <= UINT64_MAX / 2 && s.file_size <= UINT64_MAX / 2 && s.offset + s.file_size > described)
            described = s.offset + s.file_size;
    }
    if (ours && described + CKPT_FOOTER_SIZE <= r->file_size)
        return error_set(&r->error, CKPT_TRUNCATED, "truncated: the file ends at 0x%" PRIx64 ", without a footer", r->file_size);
    if (ours || described > r->file_size)
        return error_set(&r->error, CKPT_TRUNCATED, "truncated: the file has %" PRIu64 " bytes, but its headers describe %" PRIu64, r->file_size,
                         described + (ours ? CKPT_FOOTER_SIZE : 0));
    return error_set(&r->error, CKPT_NOT_IMAGE, "an ordinary core file, not a checkpoint image: it can be looked at, but not resumed");
}

static enum ckpt_status read_footer(struct ckpt_reader *r, const struct header *header)
{
    uint8_t bytes[CKPT_FOOTER_SIZE];
    if (r->file_size < HEADER_EHDR_SIZE + CKPT_FOOTER_SIZE)
        return explain_no_footer(r, header);
    uint64_t at = r->file_size - CKPT_FOOTER_SIZE;
    int error = io_read_at(&r->io, bytes, sizeof(bytes), at);
    if (error != 0)
        return reader_io(r, error, "the footer", at);
    enum ckpt_status status = footer_decode(bytes, r->file_size, &r->footer, &r->error);
    if (status == CKPT_OK)
        return CKPT_OK;
    if (!footer_has_magic(bytes))
        return explain_no_footer(r, header);
    return error_at(&r->error, status, "footer at 0x%" PRIx64, at);
}

static enum ckpt_status read_digested(struct ckpt_reader *r, uint64_t offset, uint64_t length, const uint8_t digest[CKPT_DIGEST_SIZE],
                                      const char *what, uint8_t **bytes)
{
    enum ckpt_status status = read_part(r, offset, length, what, bytes);
    if (status != CKPT_OK)
        return status;
    uint8_t found[CKPT_DIGEST_SIZE];
    digest_of(*bytes, length, found);
    if (memcmp(found, digest, sizeof(found)) != 0)
        return error_set(&r->error, CKPT_CORRUPT, "%s (0x%" PRIx64 " to 0x%" PRIx64 "): digest differs", what, offset, offset + length);
    return CKPT_OK;
}

enum ckpt_status reader_decode_segments(struct ckpt_reader *r, const struct header *header)
{
    uint64_t head = r->footer.facts.head_size, at = header->segments_offset;
    if (at != HEADER_EHDR_SIZE)
        return error_set(&r->error, CKPT_CORRUPT, "program headers at 0x%" PRIx64 " instead of 0x%x", at, (unsigned)HEADER_EHDR_SIZE);
    if (at > head || header->segment_count > (head - at) / HEADER_PHDR_SIZE)
        return error_set(&r->error, CKPT_CORRUPT, "program headers at 0x%" PRIx64 " reach beyond the head", at);
    r->segments = malloc((header->segment_count > 0 ? header->segment_count : 1) * sizeof(*r->segments));
    if (r->segments == NULL)
        return error_set(&r->error, CKPT_NO_MEMORY, "%" PRIu64 " program headers: out of memory", header->segment_count);
    r->segment_count = header->segment_count;
    for (uint64_t i = 0; i < r->segment_count; i++)
        header_decode_segment(r->head + at + i * HEADER_PHDR_SIZE, &r->segments[i]);
    return CKPT_OK;
}

static enum ckpt_status decode_notes(struct ckpt_reader *r, enum ckpt_segment segment, const uint8_t *bytes, size_t length, uint64_t offset)
{
    size_t position = 0;
    for (;;) {
        if (r->note_count == r->note_room) {
            size_t room = r->note_room == 0 ? 64 : r->note_room * 2;
            struct ckpt_note *notes = realloc(r->notes, room * sizeof(*notes));
            if (notes == NULL)
                return error_set(&r->error, CKPT_NO_MEMORY, "%zu notes: out of memory", room);
            r->notes = notes;
            r->note_room = room;
        }
        struct ckpt_note *note = &r->notes[r->note_count];
        enum ckpt_status status = note_decode(bytes, length, offset, &position, note, &r->error);
        if (status == CKPT_END)
            return CKPT_OK;
        if (status != CKPT_OK)
            return status;
        note->segment = segment;
        r->note_count++;
    }
}

/* The notes follow the program headers, and they alone make the head as long as it is: a stream's reader counts on it. */
static enum ckpt_status check_head_size(struct ckpt_reader *r, uint64_t notes_end)
{
    uint64_t head = r->footer.facts.head_size;
    if (head == (notes_end + CKPT_PAGE_SIZE - 1) / CKPT_PAGE_SIZE * CKPT_PAGE_SIZE)
        return CKPT_OK;
    return error_set(&r->error, CKPT_CORRUPT, "the head's notes do not fill it: they end at 0x%" PRIx64 ", the head at 0x%" PRIx64, notes_end, head);
}

enum ckpt_status reader_decode_head_notes(struct ckpt_reader *r)
{
    uint64_t end = header_size(r->segment_count);
    for (uint64_t i = 0; i < r->segment_count; i++) {
        const struct segment *s = &r->segments[i];
        bool head = s->type == PT_NOTE && i == 0, process = s->type == CKPT_PT_NOTE;
        if (!head && !process)
            continue;
        uint64_t size = r->footer.facts.head_size;
        if (s->offset > size || s->file_size > size - s->offset)
            return error_set(&r->error, CKPT_CORRUPT, "program header %" PRIu64 ": its notes at 0x%" PRIx64 " reach beyond the head", i, s->offset);
        if (s->offset != end)
            return error_set(&r->error, CKPT_CORRUPT, "program header %" PRIu64 ": its notes at 0x%" PRIx64 " instead of 0x%" PRIx64, i, s->offset, end);
        end += s->file_size;
        enum ckpt_status status = decode_notes(r, head ? CKPT_SEGMENT_HEAD : CKPT_SEGMENT_PROCESS, r->head + s->offset, s->file_size, s->offset);
        if (status != CKPT_OK)
            return status;
    }
    return check_head_size(r, end);
}

enum ckpt_status reader_decode_tail_notes(struct ckpt_reader *r)
{
    return decode_notes(r, CKPT_SEGMENT_TAIL, r->tail, r->footer.facts.tail_size, r->footer.facts.tail_offset);
}

static bool image_agrees(const Ckpt__Image *image, const struct ckpt_footer *f)
{
    return image->version_major == f->version_major && image->version_minor == f->version_minor && image->page_size == f->page_size &&
           image->chunk_size == f->chunk_size && image->incompatible_features == f->incompatible_features &&
           image->read_only_features == f->read_only_features && image->compatible_features == f->compatible_features;
}

/* Exactly one IMAGE record, the first of ours, which says what the footer says. */
enum ckpt_status reader_check_image_record(struct ckpt_reader *r)
{
    const struct ckpt_note *image = NULL;
    for (size_t i = 0; i < r->note_count; i++) {
        const struct ckpt_note *note = &r->notes[i];
        if (strcmp(note->name, CKPT_NOTE_NAME) != 0)
            continue;
        bool is_image = note->type == CKPT__KIND__KIND_IMAGE;
        if (image == NULL && !is_image)
            return error_set(&r->error, CKPT_CORRUPT, "record at 0x%" PRIx64 ": the first record is not the IMAGE record", note->offset);
        if (image != NULL && is_image)
            return error_set(&r->error, CKPT_CORRUPT, "record at 0x%" PRIx64 ": a second IMAGE record", note->offset);
        if (image == NULL)
            image = note;
    }
    if (image == NULL)
        return error_set(&r->error, CKPT_CORRUPT, "there is no IMAGE record");
    if (image->segment != CKPT_SEGMENT_HEAD)
        return error_set(&r->error, CKPT_CORRUPT, "record at 0x%" PRIx64 ": the IMAGE record does not lie in the head's notes", image->offset);
    ProtobufCMessage *message;
    enum ckpt_status status = ckpt_reader_unpack(r, image, &message);
    if (status != CKPT_OK)
        return status;
    const Ckpt__Image *facts = (const Ckpt__Image *)message;
    bool named = facts->n_parents > 0, wanted = (r->footer.facts.incompatible_features & CKPT_FEATURE_PARENT) != 0;
    if (!image_agrees(facts, &r->footer.facts))
        status = error_set(&r->error, CKPT_CORRUPT, "record IMAGE at 0x%" PRIx64 ": it contradicts the footer", image->offset);
    else if (named != wanted)
        status = error_set(&r->error, CKPT_CORRUPT, "record IMAGE at 0x%" PRIx64 ": its parents do not go with its features", image->offset);
    else
        status = reader_take_parents(r, facts, image->offset);
    protobuf_c_message_free_unpacked(message, NULL);
    return status;
}

static enum ckpt_status open_parts(struct ckpt_reader *r)
{
    if (r->io.read_at == NULL || r->io.size == NULL)
        return error_set(&r->error, CKPT_IO, "it cannot seek: this needs a regular file");
    int error = io_size(&r->io, &r->file_size);
    if (error != 0)
        return reader_io(r, error, "its size", 0);
    struct header header = {0};
    const struct ckpt_footer *f = &r->footer.facts;
    enum ckpt_status status = read_header(r, &header);
    if (status == CKPT_OK)
        status = read_footer(r, &header);
    if (status == CKPT_OK)
        status = read_digested(r, 0, f->head_size, r->footer.head_digest, "head", &r->head);
    if (status == CKPT_OK)
        status = read_digested(r, f->tail_offset, f->tail_size, r->footer.tail_digest, "tail records", &r->tail);
    if (status == CKPT_OK)
        status = reader_decode_segments(r, &header);
    if (status == CKPT_OK)
        status = reader_decode_head_notes(r);
    if (status == CKPT_OK)
        status = reader_decode_tail_notes(r);
    return status == CKPT_OK ? reader_check_image_record(r) : status;
}

enum ckpt_status ckpt_reader_open(struct ckpt_reader *r, const struct ckpt_io *io)
{
    if (r->io.context != NULL || r->io.read_at != NULL)
        return error_set(&r->error, CKPT_INVALID, "a reader opens once");
    if (!io_adopt(&r->io, io))
        return error_set(&r->error, CKPT_INVALID, "struct ckpt_io has an impossible size");
    enum ckpt_status status = open_parts(r);
    r->opened = status == CKPT_OK;
    return status;
}

static bool take_directory(struct ckpt_reader *r, const char *path)
{
    const char *slash = strrchr(path, '/');
    r->directory = slash == NULL ? strdup(".") : strndup(path, slash == path ? 1 : (size_t)(slash - path));
    return r->directory != NULL;
}

enum ckpt_status ckpt_reader_open_path(struct ckpt_reader *r, const char *path)
{
    struct ckpt_io io;
    int error = ckpt_io_open(&io, path);
    if (error != 0)
        return error_set(&r->error, CKPT_IO, "opening: %s", strerror(-error));
    if (r->directory == NULL && !take_directory(r, path)) {
        ckpt_io_close(&io);
        return error_set(&r->error, CKPT_NO_MEMORY, "opening: out of memory");
    }
    return ckpt_reader_open(r, &io);
}

enum ckpt_status ckpt_reader_open_fd(struct ckpt_reader *r, int fd)
{
    struct ckpt_io io;
    int error = ckpt_io_from_fd(&io, fd);
    if (error != 0)
        return error_set(&r->error, CKPT_IO, "looking at the descriptor: %s", strerror(-error));
    return ckpt_reader_open(r, &io);
}

/* Packed images through a pipe: whole, cut, damaged; and what salvaging makes of them. */
#include <endian.h>
#include <errno.h>
#include <stdio.h>
#include <unistd.h>
#include <xxhash.h>

#include "fmt_image.h"

enum { CHECKED_SIZE = 72, CHECK_SIZE = 8 }; /* of a description */

/* A pipe that gives what it likes. */
struct pipe_source {
    const uint8_t *bytes;
    size_t length, at;
    unsigned calls;
};

static ssize_t pipe_read(void *context, void *buffer, size_t length)
{
    struct pipe_source *p = context;
    size_t n = p->length - p->at, piece = 1 + p->calls++ * 7919 % 60000;
    if (p->calls % 5 == 0)
        return -EINTR;
    n = n < length ? n : length;
    n = n < piece ? n : piece;
    memcpy(buffer, p->bytes + p->at, n);
    p->at += n;
    return (ssize_t)n;
}

static uint8_t memory[FMT_LENGTH], found[FMT_LENGTH];
static struct ckpt_io image;
static const uint8_t *bytes;
static size_t length;

static void build(uint32_t level)
{
    fmt_fill(memory, 1);
    fmt_build(&image, &(struct fmt_spec){.memory = memory, .level = level, .chunk_size = CKPT_CHUNK_SIZE_DEFAULT});
    bytes = ckpt_io_buffer_data(&image, &length);
}

static struct ckpt_stream *open_stream(struct pipe_source *p, enum ckpt_status *status)
{
    struct ckpt_io io = {.struct_size = sizeof(io), .context = p, .read = pipe_read};
    struct ckpt_stream *s = ckpt_stream_create();
    *status = ckpt_stream_open(s, &io);
    return s;
}

static enum ckpt_status read_all(struct ckpt_stream *s)
{
    struct ckpt_stream_chunk c;
    enum ckpt_status status;
    memset(found, 0, sizeof(found));
    while ((status = ckpt_stream_next(s, &c)) == CKPT_OK) {
        uint8_t *at = found + (c.chunk.address - FMT_BASE);
        memcpy(at, c.bytes != NULL ? (const uint8_t *)c.bytes : found + (c.source_address - FMT_BASE), c.chunk.length);
    }
    return status;
}

Test(fmt_stream, whole)
{
    struct ckpt_note note;
    size_t i = 0;
    enum ckpt_status status;
    build(3);
    struct pipe_source p = {bytes, length, 0, 0};
    struct ckpt_stream *s = open_stream(&p, &status);
    cr_assert_eq(status, CKPT_OK, "%s", ckpt_stream_error(s));
    struct ckpt_reader *records = ckpt_stream_records(s);
    cr_assert_eq(ckpt_reader_find_record(records, CKPT__KIND__KIND_MEMORY, &i, &note), CKPT_OK);
    cr_assert_eq(ckpt_reader_find_record(records, CKPT__KIND__KIND_REDACTION, &i, &note), CKPT_END);
    cr_assert_eq(read_all(s), CKPT_END, "%s", ckpt_stream_error(s));
    cr_assert_eq(memcmp(found, memory, sizeof(found)), 0);
    cr_assert_eq(ckpt_reader_find_record(records, CKPT__KIND__KIND_REDACTION, &i, &note), CKPT_OK);
    cr_assert_eq(ckpt_stream_position(s), length);
    ckpt_stream_destroy(s);
    ckpt_io_close(&image);
}

struct sink {
    uint8_t *bytes;
    size_t length;
};

static ssize_t sink_write(void *context, const void *data, size_t n)
{
    struct sink *sink = context;
    n = n > 1000 ? n - 777 : n;
    memcpy(sink->bytes + sink->length, data, n);
    sink->length += n;
    return (ssize_t)n;
}

Test(fmt_stream, written_to_a_pipe_it_has_the_same_bytes)
{
    build(3);
    struct sink sink = {malloc(length), 0};
    struct ckpt_io io = {.struct_size = sizeof(io), .context = &sink, .write = sink_write};
    cr_assert_eq(fmt_write(&io, &(struct fmt_spec){.memory = memory, .level = 3, .chunk_size = CKPT_CHUNK_SIZE_DEFAULT}), CKPT_OK);
    cr_assert_eq(sink.length, length);
    cr_assert_eq(memcmp(sink.bytes, bytes, length), 0);
    free(sink.bytes);
    ckpt_io_close(&image);
}

Test(fmt_stream, raw_images_are_refused)
{
    enum ckpt_status status;
    build(0);
    struct pipe_source p = {bytes, length, 0, 0};
    struct ckpt_stream *s = open_stream(&p, &status);
    cr_assert_eq(status, CKPT_UNSUPPORTED);
    cr_assert_str_eq(ckpt_stream_error(s), "a raw image cannot be read from a pipe: its index comes last, and needs a file that can seek");
    ckpt_stream_destroy(s);
    ckpt_io_close(&image);
}

static enum ckpt_status verify(const uint8_t *from, size_t n, uint64_t *faults)
{
    enum ckpt_status status;
    struct pipe_source p = {from, n, 0, 0};
    struct ckpt_stream *s = open_stream(&p, &status);
    *faults = 1;
    if (status == CKPT_OK)
        status = ckpt_stream_verify(s, NULL, faults);
    cr_assert_eq(ckpt_stream_error(s)[0] == 0, status == CKPT_OK);
    ckpt_stream_destroy(s);
    return status;
}

Test(fmt_stream, cut_anywhere)
{
    uint64_t faults;
    build(3);
    cr_assert_eq(verify(bytes, length, &faults), CKPT_OK);
    for (size_t n = 0; n < length; n += n < 20000 || length - n < 20000 ? 61 : 4099)
        cr_assert_neq(verify(bytes, n, &faults), CKPT_OK, "cut to %zu", n);
    ckpt_io_close(&image);
}

Test(fmt_stream, bits_flipped)
{
    uint64_t faults;
    build(3);
    uint8_t *copy = malloc(length);
    memcpy(copy, bytes, length);
    for (size_t bit = 3; bit < length * 8; bit += bit < 160000 || length * 8 - bit < 160000 ? 1237 : 40009) {
        copy[bit / 8] ^= (uint8_t)(1u << bit % 8);
        cr_assert_neq(verify(copy, length, &faults), CKPT_OK, "bit %zu of byte 0x%zx", bit % 8, bit / 8);
        cr_assert_gt(faults, 0u);
        copy[bit / 8] ^= (uint8_t)(1u << bit % 8);
    }
    free(copy);
    ckpt_io_close(&image);
}

/* Every page of the old memory is in the new image, or said to be missing. */
static void expect_honest(struct ckpt_reader *r)
{
    static uint8_t known[FMT_PAGES];
    struct ckpt_note note;
    memset(known, 1, sizeof(known));
    for (size_t i = 0; ckpt_reader_find_record(r, CKPT__KIND__KIND_MISSING, &i, &note) == CKPT_OK; i++) {
        Ckpt__Missing *m = (Ckpt__Missing *)ckpt_record_unpack(note.type, note.body, note.length);
        if (m->space == 1)
            memset(known + (m->address - FMT_BASE) / CKPT_PAGE_SIZE, 0, m->length / CKPT_PAGE_SIZE);
        protobuf_c_message_free_unpacked(&m->base, NULL);
    }
    bool stored;
    for (size_t done = 0, run; done < FMT_LENGTH; done += run)
        cr_assert_eq(ckpt_reader_memory(r, 1, FMT_BASE + done, found + done, FMT_LENGTH - done, &run, &stored), CKPT_OK);
    for (size_t page = 0; page < FMT_PAGES; page++)
        if (known[page])
            cr_assert_eq(memcmp(found + page * CKPT_PAGE_SIZE, memory + page * CKPT_PAGE_SIZE, CKPT_PAGE_SIZE), 0, "page %zu", page);
}

/* A sound image that says nothing about memory that is not so. Closes it. */
static void expect_salvaged(struct ckpt_io *out, size_t n)
{
    struct ckpt_reader *r = fmt_open(out);
    cr_assert_eq(ckpt_reader_verify(r, NULL, NULL), CKPT_OK, "cut or changed at %zu: %s", n, ckpt_reader_error(r));
    cr_assert(ckpt_reader_footer(r)->read_only_features & CKPT_FEATURE_SALVAGED);
    expect_honest(r);
    ckpt_reader_destroy(r);
    ckpt_io_close(out);
}

/* false where the head is not to be trusted. */
static bool salvage(const uint8_t *from, size_t n, struct ckpt_salvage_report *report)
{
    struct pipe_source p = {from, n, 0, 0};
    struct ckpt_io out;
    enum ckpt_status status;
    struct ckpt_stream *s = open_stream(&p, &status);
    if (status != CKPT_OK) {
        ckpt_stream_destroy(s);
        return false;
    }
    *report = (struct ckpt_salvage_report){.struct_size = sizeof(*report)};
    cr_assert_eq(ckpt_io_to_buffer(&out), 0);
    status = ckpt_stream_salvage(s, &out, report);
    cr_assert_eq(status, CKPT_OK, "%s", ckpt_stream_error(s));
    ckpt_stream_destroy(s);
    expect_salvaged(&out, n);
    return true;
}

static struct ckpt_stream *open_raw(const uint8_t *from, size_t n, enum ckpt_status *status)
{
    struct ckpt_io in;
    struct ckpt_stream *s = ckpt_stream_create();
    cr_assert_eq(ckpt_io_from_memory(&in, from, n), 0);
    ckpt_stream_allow_raw(s);
    *status = ckpt_stream_open(s, &in);
    return s;
}

/* The same for a raw image. Its head may turn out not to be right when its footer is there. */
static bool salvage_raw(const uint8_t *from, size_t n, struct ckpt_salvage_report *report)
{
    struct ckpt_io out;
    enum ckpt_status status;
    struct ckpt_stream *s = open_raw(from, n, &status);
    *report = (struct ckpt_salvage_report){.struct_size = sizeof(*report)};
    cr_assert_eq(ckpt_io_to_buffer(&out), 0);
    if (status == CKPT_OK)
        status = ckpt_stream_salvage(s, &out, report);
    cr_assert(status == CKPT_OK || ckpt_stream_error(s)[0] != '\0');
    ckpt_stream_destroy(s);
    if (status == CKPT_OK)
        expect_salvaged(&out, n);
    else
        ckpt_io_close(&out);
    return status == CKPT_OK;
}

Test(fmt_stream, salvaged_after_a_cut)
{
    struct ckpt_salvage_report report;
    uint64_t least = UINT64_MAX;
    build(3);
    for (size_t n = 0; n < length; n += length / 97 + 1) {
        if (!salvage(bytes, n, &report))
            continue;
        cr_assert_eq(report.whole, 0u);
        cr_assert_eq(report.tail_lost, 1u);
        cr_assert_leq(report.missing_bytes, least);
        least = report.missing_bytes;
    }
    cr_assert_lt(least, FMT_LENGTH / 4);
    cr_assert(salvage(bytes, length, &report));
    cr_assert_eq(report.whole, 1u);
    cr_assert_eq(report.missing_ranges, 0u);
    ckpt_io_close(&image);
}

Test(fmt_stream, salvaged_around_damage)
{
    struct ckpt_salvage_report report;
    unsigned salvaged = 0;
    build(3);
    uint8_t *copy = malloc(length);
    memcpy(copy, bytes, length);
    for (size_t at = 9; at < length; at += length / 211) {
        copy[at] ^= 0x10;
        if (salvage(copy, length, &report)) {
            cr_assert_lt(report.missing_bytes, FMT_LENGTH / 2, "byte 0x%zx: 0x%zx", at, (size_t)report.missing_bytes);
            salvaged++;
        }
        copy[at] ^= 0x10;
    }
    cr_assert_gt(salvaged, 150u);
    free(copy);
    ckpt_io_close(&image);
}

static uint64_t index_of(const struct ckpt_io *io)
{
    struct ckpt_reader *r = fmt_open(io);
    uint64_t offset = ckpt_reader_footer(r)->index_offset;
    ckpt_reader_destroy(r);
    return offset;
}

Test(fmt_stream, salvaged_raw_after_a_cut)
{
    struct ckpt_salvage_report report;
    uint64_t least = UINT64_MAX;
    build(0);
    for (size_t n = 0; n < length; n += length / 97 + 1) {
        if (!salvage_raw(bytes, n, &report))
            continue;
        cr_assert_eq(report.whole, 0u);
        cr_assert_eq(report.unverified, 1u);
        cr_assert_leq(report.missing_bytes, least);
        least = report.missing_bytes;
    }
    for (size_t n = index_of(&image); n < length; n += 37) {
        cr_assert(salvage_raw(bytes, n, &report));
        cr_assert_eq(report.missing_bytes, 0u);
        cr_assert_leq(report.unverified_bytes, (uint64_t)FMT_LENGTH);
    }
    cr_assert(salvage_raw(bytes, length - 1, &report));
    cr_assert_eq(report.unverified_bytes, 0u);
    cr_assert(salvage_raw(bytes, length, &report));
    cr_assert_eq(report.whole, 1u);
    ckpt_io_close(&image);
}

Test(fmt_stream, salvaged_raw_around_damage)
{
    struct ckpt_salvage_report report;
    unsigned salvaged = 0;
    build(0);
    uint8_t *copy = malloc(length);
    memcpy(copy, bytes, length);
    for (size_t at = 9; at < length; at += length / 211) {
        copy[at] ^= 0x10;
        salvaged += salvage_raw(copy, length, &report);
        copy[at] ^= 0x10;
    }
    for (size_t at = index_of(&image); at < length; at += 41) {
        copy[at] ^= 0x10;
        cr_assert(salvage_raw(copy, length, &report), "byte 0x%zx", at);
        cr_assert_eq(report.missing_bytes, 0u, "byte 0x%zx", at);
        copy[at] ^= 0x10;
    }
    cr_assert_gt(salvaged, 150u);
    free(copy);
    ckpt_io_close(&image);
}

Test(fmt_stream, raw_is_only_salvaged)
{
    enum ckpt_status status;
    struct ckpt_stream_chunk chunk;
    build(0);
    struct ckpt_stream *s = open_raw(bytes, length, &status);
    cr_assert_eq(status, CKPT_OK);
    cr_assert_eq(ckpt_stream_next(s, &chunk), CKPT_UNSUPPORTED);
    cr_assert_eq(ckpt_stream_verify(s, NULL, NULL), CKPT_UNSUPPORTED);
    cr_assert_neq(ckpt_stream_error(s)[0], '\0');
    ckpt_stream_destroy(s);
    ckpt_io_close(&image);
}

/* A description, sound by itself, whose digest is not that of its frame, which is whole: nothing else than the frame's own bytes can tell. */
Test(fmt_stream, salvaged_without_a_chunk_whose_description_lies)
{
    struct ckpt_salvage_report report;
    struct ckpt_chunk chunk;
    build(3);
    struct ckpt_reader *r = fmt_open(&image);
    uint8_t *copy = malloc(length);
    memcpy(copy, bytes, length);
    for (uint64_t i = 0; ckpt_reader_chunk(r, i, &chunk) == CKPT_OK; i++)
        if (chunk.codec == CKPT_CODEC_ZSTD && memcmp(copy + chunk.offset - CHECK_SIZE - CKPT_DIGEST_SIZE, chunk.digest, CKPT_DIGEST_SIZE) == 0)
            break;
    cr_assert_eq(chunk.codec, CKPT_CODEC_ZSTD);
    uint8_t *check = copy + chunk.offset - CHECK_SIZE;
    check[-1] ^= 1;
    uint64_t value = htole64(XXH3_64bits(check - CHECKED_SIZE, CHECKED_SIZE));
    memcpy(check, &value, CHECK_SIZE);
    cr_assert(salvage(copy, length, &report));
    cr_assert_eq(report.lost_chunks, 1u);
    free(copy);
    ckpt_reader_destroy(r);
    ckpt_io_close(&image);
}

Test(fmt_stream, spooled)
{
    build(0);
    struct pipe_source p = {bytes, length, 0, 0};
    struct ckpt_io io = {.struct_size = sizeof(io), .context = &p, .read = pipe_read}, file;
    cr_assert_eq(ckpt_io_spool(&file, &io, NULL, 0), 0);
    struct ckpt_reader *r = ckpt_reader_create();
    cr_assert_eq(ckpt_reader_open(r, &file), CKPT_OK, "%s", ckpt_reader_error(r));
    fmt_expect(r, memory);
    ckpt_reader_destroy(r);
    p.at = 0;
    cr_assert_eq(ckpt_io_spool(&file, &io, NULL, 1000), -EFBIG);
    ckpt_io_close(&image);
}

/* Images that were made to hurt: what they say of themselves is consistent where it must be, and a lie elsewhere. They cost little and get a sentence. */
#include <fcntl.h>
#include <stdio.h>
#include <sys/resource.h>
#include <time.h>
#include <unistd.h>
#include <xxhash.h>

#include "fmt_image.h"

enum { HEAD_SIZE_AT = 72, PAGES_END_AT = 80, INDEX_OFFSET_AT = 88, INDEX_COUNT_AT = 96, TAIL_OFFSET_AT = 104, TAIL_SIZE_AT = 112, MEGABYTE = 1 << 20 };
enum { ENTRY_ADDRESS = 8, ENTRY_LENGTH = 16, ENTRY_OFFSET = 24 };

static uint8_t memory[FMT_LENGTH];
static struct ckpt_io image;
static uint8_t *bytes, *footer;
static size_t length;
static char sentence[600];

static void hold(void)
{
    bytes = (uint8_t *)(uintptr_t)ckpt_io_buffer_data(&image, &length);
    footer = bytes + length - CKPT_FOOTER_SIZE;
}

static void build(uint32_t level)
{
    fmt_fill(memory, 1);
    fmt_build(&image, &(struct fmt_spec){.memory = memory, .level = level, .chunk_size = CKPT_CHUNK_SIZE_DEFAULT});
    hold();
}

static uint64_t fact(size_t at)
{
    uint64_t value;
    memcpy(&value, footer + at, sizeof(value));
    return value;
}

static void set_fact(size_t at, uint64_t value)
{
    memcpy(footer + at, &value, sizeof(value));
}

static void digest(size_t to, const uint8_t *from, size_t n)
{
    XXH128_canonicalFromHash((XXH128_canonical_t *)(footer + to), XXH3_128bits(from, n));
}

/* Makes digests and id true again. */
static void seal_footer(void)
{
    uint8_t all[48];
    memcpy(all, footer + 128, 16);
    memcpy(all + 16, footer + 160, 16);
    memcpy(all + 32, footer + 144, 16);
    digest(40, all, sizeof(all));
    digest(240, footer, 240);
}

static void seal(void)
{
    digest(128, bytes, fact(HEAD_SIZE_AT));
    digest(144, bytes + fact(TAIL_OFFSET_AT), fact(TAIL_SIZE_AT));
    digest(160, bytes + fact(INDEX_OFFSET_AT), fact(INDEX_COUNT_AT) * CKPT_INDEX_ENTRY_SIZE);
    seal_footer();
}

static long peak(void)
{
    struct rusage usage;
    getrusage(RUSAGE_SELF, &usage);
    return usage.ru_maxrss / 1024;
}

static bool sanitized(void)
{
#ifdef __SANITIZE_ADDRESS__
    return true;
#else
    return false;
#endif
}

/* Opens and verifies with at most `most` MiB beside the image. */
static enum ckpt_status judge(long most)
{
    long before = peak();
    struct ckpt_io io;
    cr_assert_eq(ckpt_io_from_memory(&io, bytes, length), 0);
    struct ckpt_reader *r = ckpt_reader_create();
    struct ckpt_verify_options options = {.struct_size = sizeof(options), .threads = 2};
    enum ckpt_status status = ckpt_reader_open(r, &io);
    if (status == CKPT_OK)
        status = ckpt_reader_verify(r, &options, NULL);
    snprintf(sentence, sizeof(sentence), "%s", ckpt_reader_error(r));
    ckpt_reader_destroy(r);
    if (!sanitized())
        cr_assert_leq(peak() - before, most, "%ld MiB", peak() - before);
    return status;
}

static void expect(enum ckpt_status wanted, const char *text)
{
    cr_assert_eq(judge(16), wanted, "%s", sentence);
    cr_assert(strstr(sentence, text) != NULL, "%s", sentence);
    ckpt_io_close(&image);
}

Test(fmt_hostile, more_program_headers_than_the_file_has_bytes)
{
    build(0);
    static const uint8_t many[4] = {0xff, 0xff, 0xff, 0xff};
    uint64_t at = 0x200;
    memcpy(bytes + 40, &at, 8);
    memset(bytes + 56, 0xff, 2);
    memcpy(bytes + at + 44, many, 4);
    seal();
    expect(CKPT_CORRUPT, "program headers at 0x40 reach beyond the head");
}

Test(fmt_hostile, more_entries_than_numbers)
{
    static const uint64_t counts[] = {1ull << 58, UINT64_MAX, UINT64_MAX / 64, 1ull << 32};
    for (size_t i = 0; i < sizeof(counts) / sizeof(counts[0]); i++) {
        build(0);
        set_fact(INDEX_COUNT_AT, counts[i]);
        seal_footer();
        expect(CKPT_CORRUPT, "head, pages, index and tail do not lie in order inside the file");
    }
}

Test(fmt_hostile, parts_beyond_the_end)
{
    static const size_t facts[] = {HEAD_SIZE_AT, PAGES_END_AT, INDEX_OFFSET_AT, TAIL_OFFSET_AT, TAIL_SIZE_AT};
    for (size_t i = 0; i < sizeof(facts) / sizeof(facts[0]); i++) {
        build(1);
        set_fact(facts[i], 0xfffffffffffff000u);
        seal_footer();
        expect(CKPT_CORRUPT, "do not lie in order");
    }
}

static void set_entry(uint64_t i, size_t field, uint64_t value)
{
    memcpy(bytes + fact(INDEX_OFFSET_AT) + i * CKPT_INDEX_ENTRY_SIZE + field, &value, sizeof(value));
}

static uint64_t entry(uint64_t i, size_t field)
{
    uint64_t value;
    memcpy(&value, bytes + fact(INDEX_OFFSET_AT) + i * CKPT_INDEX_ENTRY_SIZE + field, sizeof(value));
    return value;
}

Test(fmt_hostile, raw_chunks_that_overlap)
{
    build(0);
    set_entry(3, ENTRY_OFFSET, entry(2, ENTRY_OFFSET));
    seal();
    expect(CKPT_CORRUPT, "overlap those before them");
}

Test(fmt_hostile, chunks_of_the_same_memory)
{
    build(0);
    set_entry(3, ENTRY_ADDRESS, entry(2, ENTRY_ADDRESS));
    seal();
    expect(CKPT_CORRUPT, "not in order, or it overlaps the one before");
}

/* A shared chunk whose source is its own description, or nothing that is stored. */
Test(fmt_hostile, packed_chunks_that_share_what_is_not_there)
{
    for (uint64_t shift = 1; shift < 200; shift += 71) {
        build(3);
        uint64_t shared = 0, end = 0;
        for (uint64_t i = 0; shared == 0 && i < fact(INDEX_COUNT_AT); i++) {
            shared = entry(i, ENTRY_OFFSET) < end ? i : 0;
            end = entry(i, ENTRY_OFFSET);
        }
        cr_assert_gt(shared, 0u);
        set_entry(shared, ENTRY_OFFSET, entry(shared, ENTRY_OFFSET) + shift);
        seal();
        expect(CKPT_CORRUPT, "no chunk before them stored their bytes at");
    }
}

/* 1 GiB of memory in some kilobytes: verifying needs neither the memory nor the time. */
Test(fmt_hostile, a_gigabyte_in_a_small_file)
{
    enum { CHUNK = 2 << 20, CHUNKS = 512 };
    uint8_t *page = malloc(CHUNK);
    memset(page, 'x', CHUNK);
    cr_assert_eq(ckpt_io_to_buffer(&image), 0);
    struct ckpt_writer_options options = {.struct_size = sizeof(options), .compression = 1, .chunk_size = CHUNK};
    struct ckpt_writer *w = ckpt_writer_create(&image, &options);
    Ckpt__Image record = CKPT__IMAGE__INIT;
    ckpt_writer_fill_image(w, &record);
    ckpt_writer_message(w, CKPT__KIND__KIND_IMAGE, true, &record);
    cr_assert_eq(ckpt_writer_extent(w, 1, 0, (uint64_t)CHUNK * CHUNKS), CKPT_OK);
    cr_assert_eq(ckpt_writer_begin_pages(w), CKPT_OK);
    for (uint64_t i = 0; i < CHUNKS; i++) {
        page[0] = (uint8_t)(i % 2);
        cr_assert_eq(ckpt_writer_put(w, i, 1, i * CHUNK, page, CHUNK), CKPT_OK);
    }
    cr_assert_eq(ckpt_writer_finish(w, false, NULL), CKPT_OK);
    ckpt_writer_destroy(w);
    free(page);
    hold();
    cr_assert_lt(length, 200000u);
    cr_assert_eq(judge(16), CKPT_OK, "%s", sentence);
    ckpt_io_close(&image);
}

Test(fmt_hostile, a_frame_that_unpacks_to_more_than_it_may)
{
    build(3);
    set_entry(0, ENTRY_LENGTH, entry(0, ENTRY_LENGTH) - CKPT_PAGE_SIZE);
    seal();
    cr_assert_eq(judge(16), CKPT_CORRUPT, "%s", sentence);
    ckpt_io_close(&image);
}

/* A body of two-byte submessages asks for a hundred times its size. */
Test(fmt_hostile, a_record_that_swells)
{
    enum { BODY = 4 << 20 };
    uint8_t *body = malloc(BODY);
    for (size_t i = 0; i < BODY; i += 2) {
        body[i] = 4 << 3 | 2;
        body[i + 1] = 0;
    }
    long before = peak();
    cr_assert_null(ckpt_record_unpack(CKPT__KIND__KIND_MEMORY, body, 4 * 1024 * 1024 - 1)); /* ends in the middle */
    ProtobufCMessage *message = ckpt_record_unpack(CKPT__KIND__KIND_MEMORY, body, BODY);
    if (message != NULL)
        protobuf_c_message_free_unpacked(message, NULL);
    if (!sanitized())
        cr_assert_leq(peak() - before, 128L * BODY / MEGABYTE + 8);
    free(body);
}

/* 100 GiB, of which three pages are stored: opening and verifying pass over the holes. */
Test(fmt_hostile, a_sparse_file_costs_nothing)
{
    const uint64_t size = 100ull << 30;
    char path[] = "/var/tmp/ckptsparseXXXXXX";
    int fd = mkstemp(path);
    unlink(path);
    struct ckpt_io io;
    struct timespec from, to;
    cr_assert_eq(ckpt_io_from_fd(&io, fd), 0);
    struct ckpt_writer *w = ckpt_writer_create(&io, NULL);
    Ckpt__Image record = CKPT__IMAGE__INIT;
    ckpt_writer_fill_image(w, &record);
    ckpt_writer_message(w, CKPT__KIND__KIND_IMAGE, true, &record);
    ckpt_writer_extent(w, 1, 0x10000, size);
    cr_assert_eq(ckpt_writer_begin_pages(w), CKPT_OK, "%s", ckpt_writer_error(w));
    memset(memory, 7, CKPT_PAGE_SIZE);
    for (uint64_t i = 0; i < 3; i++)
        cr_assert_eq(ckpt_writer_put(w, i, 1, 0x10000 + i * 0xa0000 * 0xf000, memory, CKPT_PAGE_SIZE), CKPT_OK, "%s", ckpt_writer_error(w));
    cr_assert_eq(ckpt_writer_finish(w, false, NULL), CKPT_OK);
    ckpt_writer_destroy(w);
    long before = peak();
    struct ckpt_reader *r = ckpt_reader_create();
    clock_gettime(CLOCK_THREAD_CPUTIME_ID, &from);
    cr_assert_eq(ckpt_reader_open_fd(r, fd), CKPT_OK, "%s", ckpt_reader_error(r));
    cr_assert_eq(ckpt_reader_verify(r, NULL, NULL), CKPT_OK, "%s", ckpt_reader_error(r));
    clock_gettime(CLOCK_THREAD_CPUTIME_ID, &to);
    cr_assert_leq(to.tv_sec - from.tv_sec, 2);
    if (!sanitized())
        cr_assert_leq(peak() - before, 16);
    ckpt_reader_destroy(r);
    close(fd);
}

/* Options of a library that knows more than this one. */
Test(fmt_hostile, options_from_another_time)
{
    struct {
        struct ckpt_verify_options options;
        uint64_t later;
    } newer = {.options = {.struct_size = sizeof(newer)}, .later = 0};
    build(0);
    struct ckpt_reader *r = fmt_open(&image);
    cr_assert_eq(ckpt_reader_verify(r, &newer.options, NULL), CKPT_OK);
    newer.later = 1;
    cr_assert_eq(ckpt_reader_verify(r, &newer.options, NULL), CKPT_INVALID);
    newer.options.struct_size = 3;
    cr_assert_eq(ckpt_reader_verify(r, &newer.options, NULL), CKPT_INVALID);
    newer.options.struct_size = sizeof(size_t);
    cr_assert_eq(ckpt_reader_verify(r, &newer.options, NULL), CKPT_OK);
    struct ckpt_rewrite_options rewrite = {.struct_size = 1};
    cr_assert_eq(ckpt_reader_rewrite(r, &image, &rewrite), CKPT_INVALID);
    struct ckpt_fill_options fill = {.struct_size = 1};
    cr_assert_eq(ckpt_reader_fill(r, NULL, 0, &fill), CKPT_INVALID);
    struct ckpt_writer_options writer = {.struct_size = 1};
    struct ckpt_writer *w = ckpt_writer_create(&image, &writer);
    cr_assert_eq(ckpt_writer_begin_pages(w), CKPT_INVALID);
    ckpt_writer_destroy(w);
    ckpt_reader_destroy(r);
    ckpt_io_close(&image);
}

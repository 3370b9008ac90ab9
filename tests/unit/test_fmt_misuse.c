/* Calls that a program should not make: each is refused with a sentence, and what was well before stays so. */
#include <ckptfmt/stream.h>

#include "fmt_image.h"

static uint8_t memory[FMT_LENGTH];

static void refused_by_reader(struct ckpt_reader *r, enum ckpt_status status)
{
    cr_assert_eq(status, CKPT_INVALID, "%s", ckpt_status_name(status));
    cr_assert(ckpt_reader_error(r)[0] != '\0');
}

static void refused_by_writer(struct ckpt_writer *w, enum ckpt_status status)
{
    cr_assert_eq(status, CKPT_INVALID, "%s", ckpt_status_name(status));
    cr_assert(ckpt_writer_error(w)[0] != '\0');
}

Test(fmt_misuse, reader_that_is_not_open)
{
    struct ckpt_reader *r = ckpt_reader_create();
    struct ckpt_io io;
    struct ckpt_chunk chunk;
    struct ckpt_note note;
    size_t i = 0;
    uint8_t id[CKPT_ID_SIZE];
    const char *path;
    cr_assert_eq(ckpt_io_to_buffer(&io), 0);
    refused_by_reader(r, ckpt_reader_verify(r, NULL, NULL));
    refused_by_reader(r, ckpt_reader_fill(r, NULL, 0, NULL));
    refused_by_reader(r, ckpt_reader_rewrite(r, &io, NULL));
    cr_assert_eq(ckpt_reader_chunk(r, 0, &chunk), CKPT_END);
    cr_assert_eq(ckpt_reader_note(r, 0, &note), CKPT_END);
    cr_assert_eq(ckpt_reader_find_record(r, 1, &i, &note), CKPT_END);
    cr_assert_eq(ckpt_reader_parent_count(r), 0u);
    cr_assert_eq(ckpt_reader_parent(r, 0, id, &path), CKPT_END);
    ckpt_reader_destroy(r);
    ckpt_io_close(&io);
}

Test(fmt_misuse, reader_opens_once)
{
    struct ckpt_io image, again;
    size_t length;
    fmt_fill(memory, 1);
    fmt_build(&image, &(struct fmt_spec){.memory = memory});
    struct ckpt_reader *r = fmt_open(&image);
    const void *bytes = ckpt_io_buffer_data(&image, &length);
    cr_assert_eq(ckpt_io_from_memory(&again, bytes, length), 0);
    refused_by_reader(r, ckpt_reader_open(r, &again));
    ckpt_io_close(&again);
    fmt_expect(r, memory);
    struct ckpt_fill range = {.space = 1, .address = UINT64_MAX - 10, .length = 100, .memory = memory};
    refused_by_reader(r, ckpt_reader_fill(r, &range, 1, NULL));
    struct ckpt_rewrite_options options = {.struct_size = sizeof(options), .pages = 1u << 20};
    refused_by_reader(r, ckpt_reader_rewrite(r, &image, &options));
    ckpt_reader_destroy(r);
    ckpt_io_close(&image);
}

Test(fmt_misuse, io_of_an_impossible_size)
{
    struct ckpt_io bad = {.struct_size = 3};
    struct ckpt_reader *r = ckpt_reader_create();
    struct ckpt_stream *s = ckpt_stream_create();
    refused_by_reader(r, ckpt_reader_open(r, &bad));
    cr_assert_eq(ckpt_stream_open(s, &bad), CKPT_INVALID);
    cr_assert(ckpt_stream_error(s)[0] != '\0');
    ckpt_reader_destroy(r);
    ckpt_stream_destroy(s);
}

Test(fmt_misuse, stream_out_of_turn)
{
    struct ckpt_io image, in, out;
    struct ckpt_stream_chunk chunk;
    struct ckpt_stream *s = ckpt_stream_create();
    size_t length;
    fmt_fill(memory, 1);
    fmt_build(&image, &(struct fmt_spec){.memory = memory, .level = 1});
    const void *bytes = ckpt_io_buffer_data(&image, &length);
    cr_assert_eq(ckpt_io_from_memory(&in, bytes, length), 0);
    cr_assert_eq(ckpt_io_to_buffer(&out), 0);
    cr_assert_eq(ckpt_stream_next(s, &chunk), CKPT_INVALID);
    cr_assert_eq(ckpt_stream_salvage(s, &out, NULL), CKPT_INVALID);
    cr_assert_eq(ckpt_stream_open(s, &in), CKPT_OK);
    cr_assert_eq(ckpt_stream_open(s, &in), CKPT_INVALID);
    cr_assert_eq(ckpt_stream_next(s, &chunk), CKPT_OK);
    cr_assert_eq(ckpt_stream_salvage(s, &out, NULL), CKPT_INVALID);
    cr_assert_eq(ckpt_stream_verify(s, NULL, NULL), CKPT_OK, "%s", ckpt_stream_error(s));
    ckpt_stream_destroy(s);
    ckpt_io_close(&out);
    ckpt_io_close(&image);
}

/* The phases in order, with wrong calls at each place; there is an image all the same. */
Test(fmt_misuse, writer_out_of_turn)
{
    struct ckpt_io image, wanted;
    uint8_t page[CKPT_PAGE_SIZE] = {1};
    struct ckpt_mapping odd = {FMT_BASE + 1, FMT_BASE + CKPT_PAGE_SIZE, PROT_READ, 1, FMT_BASE}, before = {0x1000, 0x2000, PROT_READ, 0, 0};
    struct ckpt_chunk chunk = {.space = 1, .codec = CKPT_CODEC_ZSTD, .address = FMT_BASE, .length = CKPT_PAGE_SIZE, .stored_length = 10};
    fmt_fill(memory, 1);
    fmt_build(&wanted, &(struct fmt_spec){.memory = memory});
    cr_assert_eq(ckpt_io_to_buffer(&image), 0);
    struct ckpt_writer *w = ckpt_writer_create(&image, NULL);
    struct ckpt_reader *closed = ckpt_reader_create(), *parent = fmt_open(&wanted);
    refused_by_writer(w, ckpt_writer_finish(w, false, NULL));
    refused_by_writer(w, ckpt_writer_set_parent(w, closed, NULL));
    cr_assert_eq(fmt_records(w), CKPT_OK, "%s", ckpt_writer_error(w));
    refused_by_writer(w, ckpt_writer_set_parent(w, parent, NULL));
    refused_by_writer(w, ckpt_writer_mapping(w, &odd));
    refused_by_writer(w, ckpt_writer_mapping(w, &before));
    refused_by_writer(w, ckpt_writer_extent(w, 1, FMT_BASE, CKPT_PAGE_SIZE));
    refused_by_writer(w, ckpt_writer_extent(w, 0, FMT_BASE, CKPT_PAGE_SIZE));
    refused_by_writer(w, ckpt_writer_extent(w, 2, 0, 0));
    refused_by_writer(w, ckpt_writer_extent(w, 2, 3, CKPT_PAGE_SIZE));
    refused_by_writer(w, ckpt_writer_extent(w, 2, UINT64_MAX - CKPT_PAGE_SIZE + 1, 2 * CKPT_PAGE_SIZE));
    refused_by_writer(w, ckpt_writer_process_note(w, 1, "CORE", 1, "x", 1));
    refused_by_writer(w, ckpt_writer_record(w, CKPT_RECORD_CRITICAL | 3, false, "", 0));
    cr_assert_eq(ckpt_writer_begin_pages(w), CKPT_OK);
    refused_by_writer(w, ckpt_writer_begin_pages(w));
    refused_by_writer(w, ckpt_writer_note(w, "CORE", 1, "x", 1));
    refused_by_writer(w, ckpt_writer_mapping(w, &before));
    refused_by_writer(w, ckpt_writer_extent(w, 3, 0, CKPT_PAGE_SIZE));
    cr_assert_eq(ckpt_writer_finish(w, false, NULL), CKPT_OK, "%s", ckpt_writer_error(w)); /* no pages at all are an image too */
    refused_by_writer(w, ckpt_writer_finish(w, false, NULL));
    refused_by_writer(w, ckpt_writer_record(w, 5, false, "", 0));
    ckpt_reader_destroy(fmt_open(&image));
    ckpt_writer_destroy(w);
    ckpt_io_close(&image);

    static const struct {
        uint64_t address;
        size_t length;
    } wrong[] = {{FMT_BASE - CKPT_PAGE_SIZE, CKPT_PAGE_SIZE}, {FMT_BASE + 1, CKPT_PAGE_SIZE}, {FMT_BASE, 10}, {FMT_BASE + FMT_LENGTH, CKPT_PAGE_SIZE}};
    for (size_t i = 0; i <= sizeof(wrong) / sizeof(wrong[0]); i++) {
        cr_assert_eq(ckpt_io_to_buffer(&image), 0);
        w = ckpt_writer_create(&image, NULL);
        cr_assert_eq(fmt_records(w), CKPT_OK);
        cr_assert_eq(ckpt_writer_begin_pages(w), CKPT_OK);
        if (i < sizeof(wrong) / sizeof(wrong[0]))
            refused_by_writer(w, ckpt_writer_put(w, 0, 1, wrong[i].address, page, wrong[i].length));
        else
            refused_by_writer(w, ckpt_writer_put_stored(w, 0, &chunk, page));
        cr_assert_neq(ckpt_writer_finish(w, false, NULL), CKPT_OK); /* what was refused is not an image */
        ckpt_writer_destroy(w);
        ckpt_io_close(&image);
    }
    ckpt_reader_destroy(closed);
    ckpt_reader_destroy(parent);
    ckpt_io_close(&wanted);
}

Test(fmt_misuse, writer_options)
{
    static const struct ckpt_writer_options wrong[] = {{.struct_size = sizeof(wrong[0]), .chunk_size = 5000}, {.struct_size = sizeof(wrong[0]), .chunk_size = 32 << 20},
                                                       {.struct_size = sizeof(wrong[0]), .compression = 99}, {.struct_size = 2}};
    for (size_t i = 0; i < sizeof(wrong) / sizeof(wrong[0]); i++) {
        struct ckpt_io image;
        cr_assert_eq(ckpt_io_to_buffer(&image), 0);
        struct ckpt_writer *w = ckpt_writer_create(&image, &wrong[i]);
        cr_assert_not_null(w);
        refused_by_writer(w, ckpt_writer_begin_pages(w));
        ckpt_writer_destroy(w);
        ckpt_io_close(&image);
    }
}

static bool stop(void *context, uint64_t done, uint64_t total)
{
    (void)context, (void)done, (void)total;
    return false;
}

static bool first_only(void *context, const struct ckpt_fault *fault)
{
    unsigned *count = context;
    cr_assert(fault->sentence[0] != '\0');
    ++*count;
    return false;
}

Test(fmt_misuse, callbacks_that_stop)
{
    static uint8_t out[FMT_LENGTH];
    struct ckpt_io image, to;
    unsigned count = 0;
    uint64_t faults = 0;
    size_t length;
    fmt_fill(memory, 1);
    fmt_build(&image, &(struct fmt_spec){.memory = memory});
    struct ckpt_reader *r = fmt_open(&image);
    struct ckpt_fill range = {.space = 1, .address = FMT_BASE, .length = FMT_LENGTH, .memory = out};
    struct ckpt_fill_options fill = {.struct_size = sizeof(fill), .progress = stop, .threads = 1};
    cr_assert_eq(ckpt_reader_fill(r, &range, 1, &fill), CKPT_REFUSED, "%s", ckpt_reader_error(r));
    for (uint32_t pages = 0; pages <= CKPT_REWRITE_COMPRESS; pages++) {
        struct ckpt_rewrite_options rewrite = {.struct_size = sizeof(rewrite), .pages = pages, .progress = stop, .threads = 1};
        cr_assert_eq(ckpt_io_to_buffer(&to), 0);
        cr_assert_eq(ckpt_reader_rewrite(r, &to, &rewrite), CKPT_REFUSED, "%s", ckpt_reader_error(r));
        cr_assert(ckpt_reader_error(r)[0] != '\0');
        ckpt_io_close(&to);
    }
    ckpt_reader_destroy(r);
    /* Two pages are damaged: after the first fault nobody is told any more. */
    uint8_t *bytes = (uint8_t *)(uintptr_t)ckpt_io_buffer_data(&image, &length);
    r = fmt_open(&image);
    struct ckpt_chunk chunk;
    for (uint64_t i = 0; i < 2; i++) {
        cr_assert_eq(ckpt_reader_chunk(r, i, &chunk), CKPT_OK);
        bytes[chunk.offset] ^= 1;
    }
    struct ckpt_verify_options verify = {.struct_size = sizeof(verify), .context = &count, .fault = first_only, .threads = 1};
    cr_assert_eq(ckpt_reader_verify(r, &verify, &faults), CKPT_CORRUPT);
    cr_assert_eq(count, 1u);
    cr_assert_eq(faults, 1u);
    ckpt_reader_destroy(r);
    ckpt_io_close(&image);
}

Test(fmt_misuse, parent_with_other_chunks)
{
    struct ckpt_io image, to;
    fmt_fill(memory, 1);
    fmt_build(&image, &(struct fmt_spec){.memory = memory, .level = 1, .chunk_size = 8192});
    struct ckpt_reader *r = fmt_open(&image);
    cr_assert_eq(ckpt_io_to_buffer(&to), 0);
    struct ckpt_writer *w = ckpt_writer_create(&to, NULL);
    cr_assert_eq(ckpt_writer_set_parent(w, r, "parent"), CKPT_REFUSED);
    cr_assert(ckpt_writer_error(w)[0] != '\0');
    ckpt_writer_destroy(w);
    ckpt_reader_destroy(r);
    ckpt_io_close(&to);
    ckpt_io_close(&image);
}

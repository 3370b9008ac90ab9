/* Memory filled from images of every kind. */
#include "fmt_image.h"

static uint8_t memory[FMT_LENGTH], out[FMT_LENGTH];

static void fill(uint32_t level, uint32_t threads)
{
    struct ckpt_io image;
    fmt_fill(memory, 1);
    fmt_build(&image, &(struct fmt_spec){.memory = memory, .level = level});
    struct ckpt_reader *r = fmt_open(&image);
    struct ckpt_fill_options options = {.struct_size = sizeof(options), .threads = threads};
    uint64_t cut = 0x12345;
    struct ckpt_fill ranges[] = {{1, 0, FMT_BASE + cut, FMT_LENGTH - cut, out + cut}, {1, 0, FMT_BASE, cut, out}, {9, 0, 0, 4096, out}};
    memset(out, 0xee, sizeof(out));
    cr_assert_eq(ckpt_reader_fill(r, ranges, 3, &options), CKPT_OK, "%s", ckpt_reader_error(r));
    for (size_t i = 0; i < FMT_LENGTH; i++)
        cr_assert(out[i] == memory[i] || (memory[i] == 0 && out[i] == 0xee && (i / CKPT_PAGE_SIZE) % 64 >= 34), "byte 0x%zx", i);
    ckpt_reader_destroy(r);
    ckpt_io_close(&image);
}

Test(fmt_fill, raw) { fill(0, 1); }
Test(fmt_fill, raw_threads) { fill(0, 3); }
Test(fmt_fill, packed) { fill(3, 1); }
Test(fmt_fill, packed_threads) { fill(3, 3); }

Test(fmt_fill, damage_is_seen)
{
    for (uint32_t level = 0; level < 2; level++) {
        struct ckpt_io image;
        fmt_fill(memory, 1);
        fmt_build(&image, &(struct fmt_spec){.memory = memory, .level = level});
        size_t length;
        uint8_t *bytes = (uint8_t *)(uintptr_t)ckpt_io_buffer_data(&image, &length);
        struct ckpt_reader *r = fmt_open(&image);
        struct ckpt_chunk chunk;
        cr_assert_eq(ckpt_reader_chunk(r, 3, &chunk), CKPT_OK);
        bytes[chunk.offset + chunk.stored_length / 2] ^= 1;
        struct ckpt_fill range = {1, 0, FMT_BASE, FMT_LENGTH, out};
        cr_assert_eq(ckpt_reader_fill(r, &range, 1, NULL), CKPT_CORRUPT);
        cr_assert(strncmp(ckpt_reader_error(r), "pages 0x", 8) == 0, "%s", ckpt_reader_error(r));
        ckpt_reader_destroy(r);
        ckpt_io_close(&image);
    }
}

/* How often the largest chunk is read. */
struct counting {
    struct ckpt_io io;
    struct ckpt_chunk largest;
    unsigned reads;
};

static ssize_t counting_read_at(void *context, void *buffer, size_t length, uint64_t offset)
{
    struct counting *counting = context;
    if (offset == counting->largest.offset && length == counting->largest.stored_length)
        __atomic_fetch_add(&counting->reads, 1, __ATOMIC_RELAXED);
    return counting->io.read_at(counting->io.context, buffer, length, offset);
}

static int counting_size(void *context, uint64_t *size)
{
    struct counting *counting = context;
    return counting->io.size(counting->io.context, size);
}

static void find_largest(struct ckpt_reader *r, struct ckpt_chunk *largest)
{
    struct ckpt_chunk chunk;
    for (uint64_t i = 0; ckpt_reader_chunk(r, i, &chunk) == CKPT_OK; i++)
        if (chunk.length > largest->length)
            *largest = chunk;
    cr_assert_gt(largest->length, 32 * CKPT_PAGE_SIZE);
}

/* Ranges of a page, none beside its neighbour in memory: every chunk is cut. */
Test(fmt_fill, a_chunk_that_many_ranges_cut_is_not_unpacked_for_each)
{
    enum { STEP = 7 };
    static struct ckpt_fill ranges[FMT_PAGES];
    struct counting counting = {.reads = 0};
    struct ckpt_io image, io = {.struct_size = sizeof(io), .context = &counting, .read_at = counting_read_at, .size = counting_size};
    size_t length;
    fmt_fill(memory, 1);
    fmt_build(&image, &(struct fmt_spec){.memory = memory, .level = 3});
    const void *bytes = ckpt_io_buffer_data(&image, &length);
    cr_assert_eq(ckpt_io_from_memory(&counting.io, bytes, length), 0);
    struct ckpt_reader *r = ckpt_reader_create();
    cr_assert_eq(ckpt_reader_open(r, &io), CKPT_OK, "%s", ckpt_reader_error(r));
    find_largest(r, &counting.largest);
    for (size_t i = 0; i < FMT_PAGES; i++)
        ranges[i] = (struct ckpt_fill){1, 0, FMT_BASE + i * CKPT_PAGE_SIZE, CKPT_PAGE_SIZE, out + i * STEP % FMT_PAGES * CKPT_PAGE_SIZE};
    for (uint32_t threads = 1; threads <= 3; threads++) {
        struct ckpt_fill_options options = {.struct_size = sizeof(options), .threads = threads};
        memset(out, 0, sizeof(out));
        counting.reads = 0;
        cr_assert_eq(ckpt_reader_fill(r, ranges, FMT_PAGES, &options), CKPT_OK, "%s", ckpt_reader_error(r));
        for (size_t i = 0; i < FMT_PAGES; i++)
            cr_assert_eq(memcmp(ranges[i].memory, memory + i * CKPT_PAGE_SIZE, CKPT_PAGE_SIZE), 0, "page %zu", i);
        cr_expect_leq(counting.reads, 2, "%u reads", counting.reads);
    }
    ckpt_reader_destroy(r);
    ckpt_io_close(&image);
}

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

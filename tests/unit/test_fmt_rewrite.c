/* Images made anew: packed, unpacked, with changed pages. */
#include "fmt_image.h"

static uint8_t memory[FMT_LENGTH];

static void rewrite(const struct ckpt_io *from, struct ckpt_io *to, const struct ckpt_rewrite_options *options)
{
    struct ckpt_reader *r = fmt_open(from);
    cr_assert_eq(ckpt_io_to_buffer(to), 0);
    cr_assert_eq(ckpt_reader_rewrite(r, to, options), CKPT_OK, "%s", ckpt_reader_error(r));
    ckpt_reader_destroy(r);
}

static void expect(const struct ckpt_io *image, const uint8_t *wanted)
{
    struct ckpt_reader *r = fmt_open(image);
    fmt_expect(r, wanted);
    ckpt_reader_destroy(r);
}

static size_t size_of(const struct ckpt_io *image)
{
    size_t length;
    ckpt_io_buffer_data(image, &length);
    return length;
}

Test(fmt_rewrite, packed_and_back)
{
    struct ckpt_io raw, packed, again, back;
    fmt_fill(memory, 1);
    fmt_build(&raw, &(struct fmt_spec){.memory = memory});
    struct ckpt_rewrite_options options = {.struct_size = sizeof(options), .pages = CKPT_REWRITE_COMPRESS, .threads = 1};
    rewrite(&raw, &packed, &options);
    expect(&packed, memory);
    cr_assert_lt(size_of(&packed), size_of(&raw) * 3 / 4);
    options.threads = 5;
    rewrite(&raw, &again, &options);
    cr_assert(fmt_same_bytes(&packed, &again), "the bytes depend on the number of threads");
    options.pages = CKPT_REWRITE_DECOMPRESS;
    rewrite(&packed, &back, &options);
    expect(&back, memory);
    ckpt_io_close(&raw);
    ckpt_io_close(&packed);
    ckpt_io_close(&again);
    ckpt_io_close(&back);
}

static void expect_same_chunks(const struct ckpt_io *a, const struct ckpt_io *b)
{
    struct ckpt_reader *x = fmt_open(a), *y = fmt_open(b);
    struct ckpt_chunk in_x, in_y;
    cr_assert_eq(ckpt_reader_footer(x)->chunk_size, ckpt_reader_footer(y)->chunk_size);
    cr_assert_eq(ckpt_reader_footer(x)->index_count, ckpt_reader_footer(y)->index_count);
    for (uint64_t i = 0; ckpt_reader_chunk(x, i, &in_x) == CKPT_OK; i++) {
        cr_assert_eq(ckpt_reader_chunk(y, i, &in_y), CKPT_OK);
        cr_assert(in_x.address == in_y.address && in_x.length == in_y.length && memcmp(in_x.digest, in_y.digest, CKPT_DIGEST_SIZE) == 0);
    }
    ckpt_reader_destroy(x);
    ckpt_reader_destroy(y);
}

static uint32_t chunk_size_of(const struct ckpt_io *image)
{
    struct ckpt_reader *r = fmt_open(image);
    uint32_t size = ckpt_reader_footer(r)->chunk_size;
    ckpt_reader_destroy(r);
    return size;
}

/* What a raw image becomes is what had been written packed at once, and the way back leads to the same chunks. */
Test(fmt_rewrite, chunks_get_the_size_that_suits)
{
    struct ckpt_io raw, packed, at_once, back;
    fmt_fill(memory, 1);
    fmt_build(&raw, &(struct fmt_spec){.memory = memory});
    fmt_build(&at_once, &(struct fmt_spec){.memory = memory, .level = 3});
    struct ckpt_rewrite_options options = {.struct_size = sizeof(options), .pages = CKPT_REWRITE_COMPRESS};
    rewrite(&raw, &packed, &options);
    cr_assert_eq(chunk_size_of(&packed), CKPT_CHUNK_SIZE_PACKED);
    expect_same_chunks(&packed, &at_once);
    options.pages = CKPT_REWRITE_DECOMPRESS;
    rewrite(&packed, &back, &options);
    cr_assert_eq(chunk_size_of(&back), CKPT_CHUNK_SIZE_DEFAULT);
    expect_same_chunks(&back, &raw);
    ckpt_io_close(&raw);
    ckpt_io_close(&packed);
    ckpt_io_close(&at_once);
    ckpt_io_close(&back);
}

/* Sizes that somebody chose, and those of an image whose parent's chunks decide. */
Test(fmt_rewrite, chunks_keep_a_size_that_was_chosen)
{
    static uint8_t newer[FMT_LENGTH];
    struct ckpt_io chosen, packed, child, child_packed;
    fmt_fill(memory, 1);
    memcpy(newer, memory, sizeof(newer));
    newer[5] ^= 1;
    fmt_build(&chosen, &(struct fmt_spec){.memory = memory, .chunk_size = 4 * CKPT_CHUNK_SIZE_DEFAULT});
    struct ckpt_rewrite_options options = {.struct_size = sizeof(options), .pages = CKPT_REWRITE_COMPRESS};
    rewrite(&chosen, &packed, &options);
    cr_assert_eq(chunk_size_of(&packed), 4 * CKPT_CHUNK_SIZE_DEFAULT);
    expect(&packed, memory);
    ckpt_io_close(&chosen);
    fmt_build(&chosen, &(struct fmt_spec){.memory = memory});
    struct ckpt_reader *parent = fmt_open(&chosen);
    fmt_build(&child, &(struct fmt_spec){.memory = newer, .parent = parent, .parent_path = "p"});
    ckpt_reader_destroy(parent);
    rewrite(&child, &child_packed, &options);
    cr_assert_eq(chunk_size_of(&child_packed), CKPT_CHUNK_SIZE_DEFAULT);
    ckpt_io_close(&chosen);
    ckpt_io_close(&packed);
    ckpt_io_close(&child);
    ckpt_io_close(&child_packed);
}

Test(fmt_rewrite, copying_keeps_every_byte)
{
    for (uint32_t level = 0; level < 2; level++) {
        struct ckpt_io image, copy;
        fmt_fill(memory, 1);
        fmt_build(&image, &(struct fmt_spec){.memory = memory, .level = level});
        rewrite(&image, &copy, NULL);
        cr_assert(fmt_same_bytes(&image, &copy), "level %u", level);
        ckpt_io_close(&image);
        ckpt_io_close(&copy);
    }
}

static bool add_long_comment(void *context, size_t i, struct ckpt_note *note)
{
    static uint8_t body[9000];
    if (i > 0)
        return false;
    note->segment = *(enum ckpt_segment *)context;
    note->type = 77;
    note->body = body;
    note->length = sizeof(body);
    return true;
}

Test(fmt_rewrite, notes_are_added_and_everything_moves)
{
    for (uint32_t level = 0; level < 2; level++) {
        for (enum ckpt_segment segment = CKPT_SEGMENT_HEAD; segment <= CKPT_SEGMENT_TAIL; segment += 2) {
            struct ckpt_io image, longer;
            struct ckpt_note note;
            size_t at = 0;
            fmt_fill(memory, 1);
            fmt_build(&image, &(struct fmt_spec){.memory = memory, .level = level});
            struct ckpt_rewrite_options options = {.struct_size = sizeof(options), .context = &segment, .append = add_long_comment,
                                                   .read_only_features = CKPT_FEATURE_SALVAGED};
            rewrite(&image, &longer, &options);
            struct ckpt_reader *r = fmt_open(&longer);
            fmt_expect(r, memory);
            cr_assert_eq(ckpt_reader_find_record(r, 77, &at, &note), CKPT_OK);
            cr_assert_eq(note.segment, segment);
            cr_assert_eq(ckpt_reader_footer(r)->read_only_features, CKPT_FEATURE_SALVAGED);
            ckpt_reader_destroy(r);
            ckpt_io_close(&image);
            ckpt_io_close(&longer);
        }
    }
}

static bool redact(void *context, const struct ckpt_chunk *chunk, uint8_t *bytes)
{
    uint64_t at = *(uint64_t *)context;
    if (at < chunk->address || at - chunk->address >= chunk->length)
        return false;
    if (bytes != NULL)
        memset(bytes + (at - chunk->address), 0, 100);
    return true;
}

Test(fmt_rewrite, pages_are_changed)
{
    for (uint32_t level = 0; level < 2; level++) {
        static uint8_t wanted[FMT_LENGTH];
        struct ckpt_io image, changed;
        uint64_t at = FMT_BASE + 0x123;
        fmt_fill(memory, 1);
        memcpy(wanted, memory, sizeof(wanted));
        memset(wanted + 0x123, 0, 100);
        fmt_build(&image, &(struct fmt_spec){.memory = memory, .level = level});
        struct ckpt_rewrite_options options = {.struct_size = sizeof(options), .context = &at, .change = redact, .threads = 2};
        rewrite(&image, &changed, &options);
        expect(&changed, wanted);
        ckpt_io_close(&image);
        ckpt_io_close(&changed);
    }
}

Test(fmt_rewrite, what_does_not_exist_is_refused)
{
    struct ckpt_io image, out;
    fmt_fill(memory, 1);
    fmt_build(&image, &(struct fmt_spec){.memory = memory});
    struct ckpt_reader *r = fmt_open(&image);
    cr_assert_eq(ckpt_io_to_buffer(&out), 0);
    struct ckpt_rewrite_options options = {.struct_size = sizeof(options), .pages = CKPT_REWRITE_COMPRESS | CKPT_REWRITE_DECOMPRESS};
    cr_assert_eq(ckpt_reader_rewrite(r, &out, &options), CKPT_INVALID);
    cr_assert_str_eq(ckpt_reader_error(r), "rewriting pages in a way that does not exist: 0x3");
    ckpt_reader_destroy(r);
    ckpt_io_close(&image);
    ckpt_io_close(&out);
}

/* Equal chunks: the fourth run of text equals the second, pages of one byte repeat. */
Test(fmt_rewrite, equal_chunks_share_one_copy)
{
    struct ckpt_io image;
    struct ckpt_chunk chunk;
    unsigned shared = 0, raw = 0, packed = 0;
    fmt_fill(memory, 1);
    fmt_build(&image, &(struct fmt_spec){.memory = memory, .level = 3, .chunk_size = CKPT_CHUNK_SIZE_DEFAULT});
    struct ckpt_reader *r = fmt_open(&image);
    uint64_t end = 0;
    for (uint64_t i = 0; ckpt_reader_chunk(r, i, &chunk) == CKPT_OK; i++) {
        shared += chunk.offset < end;
        raw += chunk.codec == CKPT_CODEC_RAW;
        packed += chunk.codec == CKPT_CODEC_ZSTD;
        end = chunk.offset + chunk.stored_length > end ? chunk.offset + chunk.stored_length : end;
    }
    cr_assert_gt(shared, 0u);
    cr_assert_gt(raw, 0u);
    cr_assert_gt(packed, 0u);
    ckpt_reader_destroy(r);
    ckpt_io_close(&image);
}

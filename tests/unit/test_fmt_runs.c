/* The index as runs, against the same index entry by entry: of sound images, and with every field of an entry changed. */
#include <stdio.h>
#include <xxhash.h>

#include "fmt_image.h"

enum { RUNS_MAX = 512, INDEX_OFFSET_AT = 88, INDEX_COUNT_AT = 96, FOOTER_DIGEST_AT = 240 };

struct runs {
    struct ckpt_run list[RUNS_MAX];
    size_t count, most;
};

static uint8_t memory[FMT_LENGTH];

static bool collect(void *context, const struct ckpt_run *run)
{
    struct runs *runs = context;
    if (runs->count == runs->most)
        return false;
    runs->list[runs->count++] = *run;
    return true;
}

static bool joins(const struct ckpt_run *run, const struct ckpt_chunk *chunk)
{
    if (run->space != chunk->space || run->codec != chunk->codec || run->parent != chunk->parent || run->address + run->length != chunk->address)
        return false;
    if (run->codec == CKPT_CODEC_RAW)
        return run->offset + run->length == chunk->offset;
    return run->codec != CKPT_CODEC_PARENT || run->offset + run->count == chunk->offset;
}

/* The long way. */
static enum ckpt_status expected_runs(struct ckpt_reader *r, struct runs *runs)
{
    struct ckpt_chunk chunk, last = {.space = 0};
    enum ckpt_status status;
    runs->count = 0;
    for (uint64_t i = 0; (status = ckpt_reader_chunk(r, i, &chunk)) == CKPT_OK; i++) {
        if (last.space > chunk.space || (last.space == chunk.space && last.address + last.length > chunk.address))
            return CKPT_CORRUPT;
        last = chunk;
        if (runs->count > 0 && joins(&runs->list[runs->count - 1], &chunk)) {
            runs->list[runs->count - 1].length += chunk.length;
            runs->list[runs->count - 1].count++;
            continue;
        }
        cr_assert_lt(runs->count, RUNS_MAX);
        runs->list[runs->count++] = (struct ckpt_run){chunk.space, (uint16_t)chunk.codec, chunk.parent, chunk.address, chunk.length, chunk.offset, i, 1};
    }
    return status == CKPT_END ? CKPT_OK : status;
}

static bool same_run(const struct ckpt_run *a, const struct ckpt_run *b)
{
    return a->space == b->space && a->codec == b->codec && a->parent == b->parent && a->address == b->address && a->length == b->length && a->offset == b->offset &&
           a->first == b->first && a->count == b->count;
}

static size_t expect_same(struct ckpt_reader *r)
{
    struct runs found = {.most = RUNS_MAX}, wanted = {.count = 0};
    enum ckpt_status expected = expected_runs(r, &wanted), status = ckpt_reader_runs(r, collect, &found);
    cr_assert_eq(status, expected, "%d instead of %d: %s", status, expected, ckpt_reader_error(r));
    if (status != CKPT_OK)
        return 0;
    cr_assert_eq(found.count, wanted.count, "%zu runs instead of %zu", found.count, wanted.count);
    for (size_t i = 0; i < found.count; i++)
        cr_assert(same_run(&found.list[i], &wanted.list[i]), "run %zu", i);
    return found.count;
}

Test(fmt_runs, of_raw_packed_and_incremental_images)
{
    struct ckpt_io raw, packed, child;
    fmt_fill(memory, 1);
    fmt_build(&raw, &(struct fmt_spec){.memory = memory});
    fmt_build(&packed, &(struct fmt_spec){.memory = memory, .level = 3, .chunk_size = CKPT_CHUNK_SIZE_DEFAULT});
    struct ckpt_reader *r = fmt_open(&raw);
    cr_assert_gt(ckpt_reader_footer(r)->index_count, expect_same(r), "nothing was joined");
    memory[200 * CKPT_PAGE_SIZE] ^= 1;
    fmt_build(&child, &(struct fmt_spec){.memory = memory, .parent = r, .parent_path = "x"});
    ckpt_reader_destroy(r);
    r = fmt_open(&packed);
    cr_assert_gt(ckpt_reader_footer(r)->index_count, expect_same(r));
    ckpt_reader_destroy(r);
    r = fmt_open(&child);
    cr_assert_geq(expect_same(r), 3, "the parent's, one of its own, the parent's");
    ckpt_reader_destroy(r);
    ckpt_io_close(&raw);
    ckpt_io_close(&packed);
    ckpt_io_close(&child);
}

Test(fmt_runs, stop_where_the_caller_says_so)
{
    struct ckpt_io child, raw;
    fmt_fill(memory, 1);
    fmt_build(&raw, &(struct fmt_spec){.memory = memory});
    struct ckpt_reader *r = fmt_open(&raw);
    memory[200 * CKPT_PAGE_SIZE] ^= 1;
    fmt_build(&child, &(struct fmt_spec){.memory = memory, .parent = r, .parent_path = "x"});
    ckpt_reader_destroy(r);
    r = fmt_open(&child);
    size_t all = expect_same(r);
    for (size_t most = 0; most < all; most++) {
        struct runs found = {.most = most};
        cr_assert_eq(ckpt_reader_runs(r, collect, &found), CKPT_REFUSED, "%zu of %zu", most, all);
        cr_assert_eq(found.count, most);
    }
    ckpt_reader_destroy(r);
    ckpt_io_close(&child);
    ckpt_io_close(&raw);
}

static void digest(uint8_t *to, const uint8_t *from, size_t n)
{
    XXH128_canonicalFromHash((XXH128_canonical_t *)to, XXH3_128bits(from, n));
}

static void seal(uint8_t *footer, const uint8_t *index, uint64_t count)
{
    uint8_t all[48];
    digest(footer + 160, index, count * CKPT_INDEX_ENTRY_SIZE);
    memcpy(all, footer + 128, 16);
    memcpy(all + 16, footer + 160, 16);
    memcpy(all + 32, footer + 144, 16);
    digest(footer + 40, all, sizeof(all));
    digest(footer + FOOTER_DIGEST_AT, footer, FOOTER_DIGEST_AT);
}

/* Every 8 bytes of entries at the beginning, in the middle and at the end, with amounts that reach each limit, the index's digest made true again. */
Test(fmt_runs, accept_what_is_accepted_one_by_one)
{
    static const uint64_t amounts[] = {1, 0x1000, -0x1000ull, 0x10000, -0x10000ull, 1ull << 32, 1ull << 48, 1ull << 63, -1ull, 0x40000, -0x40000ull};
    struct ckpt_io image;
    size_t length, accepted = 0, refused = 0;
    fmt_fill(memory, 1);
    fmt_build(&image, &(struct fmt_spec){.memory = memory});
    uint8_t *bytes = (uint8_t *)(uintptr_t)ckpt_io_buffer_data(&image, &length), *footer = bytes + length - CKPT_FOOTER_SIZE;
    uint64_t index, count;
    memcpy(&index, footer + INDEX_OFFSET_AT, sizeof(index));
    memcpy(&count, footer + INDEX_COUNT_AT, sizeof(count));
    const uint64_t entries[] = {0, 1, count / 2, count - 2, count - 1};
    for (size_t test = 0; test < sizeof(entries) / sizeof(entries[0]) * 6 * (sizeof(amounts) / sizeof(amounts[0])); test++) {
        uint8_t *field = bytes + index + entries[test / 6 % 5] * CKPT_INDEX_ENTRY_SIZE + test % 6 * 8;
        uint64_t value, changed;
        memcpy(&value, field, sizeof(value));
        changed = value + amounts[test / 30];
        memcpy(field, &changed, sizeof(changed));
        seal(footer, bytes + index, count);
        struct ckpt_reader *r = fmt_open(&image);
        if (expect_same(r) > 0)
            accepted++;
        else
            refused++;
        ckpt_reader_destroy(r);
        memcpy(field, &value, sizeof(value));
    }
    cr_assert_gt(accepted, 10);
    cr_assert_gt(refused, 100);
    ckpt_io_close(&image);
}

Test(fmt_runs, a_damaged_index_is_told_by_its_digest)
{
    struct ckpt_io image;
    struct runs found = {.most = RUNS_MAX};
    size_t length;
    uint64_t index;
    fmt_fill(memory, 1);
    fmt_build(&image, &(struct fmt_spec){.memory = memory});
    uint8_t *bytes = (uint8_t *)(uintptr_t)ckpt_io_buffer_data(&image, &length);
    memcpy(&index, bytes + length - CKPT_FOOTER_SIZE + INDEX_OFFSET_AT, sizeof(index));
    for (size_t at = 0; at < CKPT_INDEX_ENTRY_SIZE; at++) {
        bytes[index + CKPT_INDEX_ENTRY_SIZE + at] ^= 4;
        struct ckpt_reader *r = fmt_open(&image);
        cr_assert_eq(ckpt_reader_runs(r, collect, &found), CKPT_CORRUPT, "byte %zu", at);
        cr_assert(strstr(ckpt_reader_error(r), "digest differs") != NULL, "%s", ckpt_reader_error(r));
        ckpt_reader_destroy(r);
        bytes[index + CKPT_INDEX_ENTRY_SIZE + at] ^= 4;
        found.count = 0;
    }
    ckpt_io_close(&image);
}

/* Small images in memory for the tests of libckptfmt: of every kind of page, raw or packed, whole or incremental. */
#ifndef FMT_IMAGE_H
#define FMT_IMAGE_H

#include <criterion/criterion.h>
#include <stdlib.h>
#include <string.h>
#include <sys/mman.h>

#include <ckptfmt/ckptfmt.h>

#include "schemas/image.pb-c.h"
#include "schemas/memory.pb-c.h"
#include "schemas/record.pb-c.h"

enum { FMT_BASE = 0x400000, FMT_PAGES = 320, FMT_LENGTH = FMT_PAGES * CKPT_PAGE_SIZE, FMT_PUT = 0x40000 };

static inline uint64_t fmt_random(uint64_t *state)
{
    *state = *state * 6364136223846793005u + 1442695040888963407u;
    return *state >> 33;
}

/* Text, noise, zeros, and pages equal to others. */
static inline void fmt_fill(uint8_t *memory, uint64_t seed)
{
    memset(memory, 0, FMT_LENGTH);
    for (size_t page = 0; page < FMT_PAGES; page++) {
        uint8_t *at = memory + page * CKPT_PAGE_SIZE;
        uint64_t state = seed + page;
        if (page % 64 < 16)
            for (size_t i = 0; i < CKPT_PAGE_SIZE; i++)
                at[i] = (uint8_t)("the quick brown fox "[i % 20] + (page / 64 == 1 || page / 64 == 3 ? 0 : page / 64 + seed % 7));
        else if (page % 64 < 34)
            for (size_t i = 0; i < CKPT_PAGE_SIZE; i++)
                at[i] = (uint8_t)fmt_random(&state);
        else if (page % 64 >= 48)
            memset(at, (int)(page % 5 + 1), CKPT_PAGE_SIZE);
    }
}

struct fmt_spec {
    const uint8_t *memory;
    uint32_t level, chunk_size;
    struct ckpt_reader *parent;
    const char *parent_path;
    bool no_size; /* a sink that cannot seek */
};

static inline enum ckpt_status fmt_records(struct ckpt_writer *w)
{
    Ckpt__Image image = CKPT__IMAGE__INIT;
    Ckpt__Memory memory = CKPT__MEMORY__INIT;
    Ckpt__Mapping mapping = CKPT__MAPPING__INIT, *mappings[] = {&mapping};
    ckpt_writer_fill_image(w, &image);
    image.tool = "test";
    image.root_process = 1;
    memory.process = memory.space = 1;
    mapping.start = FMT_BASE;
    mapping.end = FMT_BASE + FMT_LENGTH;
    mapping.protection = PROT_READ | PROT_WRITE;
    mapping.flags = MAP_PRIVATE | MAP_ANONYMOUS;
    memory.n_mappings = 1;
    memory.mappings = mappings;
    struct ckpt_mapping m = {FMT_BASE, FMT_BASE + FMT_LENGTH, PROT_READ | PROT_WRITE, 1, FMT_BASE};
    enum ckpt_status status = ckpt_writer_note(w, "CORE", 3, "x", 1);
    if (status == CKPT_OK)
        status = ckpt_writer_message(w, CKPT__KIND__KIND_IMAGE, true, &image);
    if (status == CKPT_OK)
        status = ckpt_writer_message(w, CKPT__KIND__KIND_MEMORY, true, &memory);
    if (status == CKPT_OK)
        status = ckpt_writer_process_note(w, 2, "CORE", 1, "other", 5);
    if (status == CKPT_OK)
        status = ckpt_writer_mapping(w, &m);
    return status == CKPT_OK ? ckpt_writer_extent(w, 1, FMT_BASE, FMT_LENGTH) : status;
}

/* Writes an image to `sink`; the writer's first failure is returned. */
static inline enum ckpt_status fmt_write(const struct ckpt_io *sink, const struct fmt_spec *spec)
{
    struct ckpt_writer_options options = {.struct_size = sizeof(options), .compression = spec->level, .chunk_size = spec->chunk_size};
    struct ckpt_writer *w = ckpt_writer_create(sink, &options);
    if (w == NULL)
        return CKPT_NO_MEMORY;
    enum ckpt_status status = spec->parent != NULL ? ckpt_writer_set_parent(w, spec->parent, spec->parent_path) : CKPT_OK;
    if (status == CKPT_OK)
        status = fmt_records(w);
    if (status == CKPT_OK)
        status = ckpt_writer_begin_pages(w);
    uint32_t chunk = spec->chunk_size != 0 ? spec->chunk_size : spec->level > 0 ? CKPT_CHUNK_SIZE_PACKED : CKPT_CHUNK_SIZE_DEFAULT;
    uint64_t ticket = 0, put = chunk > FMT_PUT ? chunk : FMT_PUT;
    for (uint64_t at = 0, next; status == CKPT_OK && at < FMT_LENGTH; at = next) {
        next = (FMT_BASE + at) / put * put + put - FMT_BASE;
        next = next < FMT_LENGTH ? next : FMT_LENGTH;
        status = ckpt_writer_put(w, ticket++, 1, FMT_BASE + at, spec->memory + at, next - at);
    }
    Ckpt__Redaction tail = CKPT__REDACTION__INIT;
    if (status == CKPT_OK)
        status = ckpt_writer_message(w, CKPT__KIND__KIND_REDACTION, false, &tail);
    if (status == CKPT_OK)
        status = ckpt_writer_finish(w, true, NULL);
    ckpt_writer_destroy(w);
    return status;
}

/* The same into a buffer that the caller closes. */
static inline void fmt_build(struct ckpt_io *buffer, const struct fmt_spec *spec)
{
    cr_assert_eq(ckpt_io_to_buffer(buffer), 0);
    cr_assert_eq(fmt_write(buffer, spec), CKPT_OK);
}

static inline struct ckpt_reader *fmt_open(const struct ckpt_io *buffer)
{
    struct ckpt_io in;
    size_t length;
    const void *bytes = ckpt_io_buffer_data(buffer, &length);
    cr_assert_eq(ckpt_io_from_memory(&in, bytes, length), 0);
    struct ckpt_reader *r = ckpt_reader_create();
    cr_assert_eq(ckpt_reader_open(r, &in), CKPT_OK, "%s", ckpt_reader_error(r));
    return r;
}

/* The image verifies and holds this memory. */
static inline void fmt_expect(struct ckpt_reader *r, const uint8_t *memory)
{
    static uint8_t out[FMT_LENGTH];
    bool stored;
    cr_assert_eq(ckpt_reader_verify(r, NULL, NULL), CKPT_OK, "%s", ckpt_reader_error(r));
    for (size_t done = 0, run; done < FMT_LENGTH; done += run)
        cr_assert_eq(ckpt_reader_memory(r, 1, FMT_BASE + done, out + done, FMT_LENGTH - done, &run, &stored), CKPT_OK, "%s", ckpt_reader_error(r));
    cr_assert_eq(memcmp(out, memory, FMT_LENGTH), 0);
}

static inline bool fmt_same_bytes(const struct ckpt_io *a, const struct ckpt_io *b)
{
    size_t n, m;
    const void *x = ckpt_io_buffer_data(a, &n), *y = ckpt_io_buffer_data(b, &m);
    return n == m && memcmp(x, y, n) == 0;
}

#endif

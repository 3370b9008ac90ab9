/* Images through the writer into memory, and back. */
#include <criterion/criterion.h>
#include <elf.h>
#include <pthread.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/mman.h>

#include <ckptfmt/ckptfmt.h>

#include "schemas/image.pb-c.h"
#include "schemas/memory.pb-c.h"
#include "schemas/record.pb-c.h"

enum { BASE = 0x10000, PAGES = 40, LENGTH = PAGES * CKPT_PAGE_SIZE };

static uint8_t memory[LENGTH];

static void fill_memory(void)
{
    memset(memory, 0, sizeof(memory));
    for (size_t i = 0; i < LENGTH; i++)
        if ((i / CKPT_PAGE_SIZE) % 5 != 3)
            memory[i] = (uint8_t)(i * 7 + i / 4096);
}

static void write_records(struct ckpt_writer *w)
{
    Ckpt__Image image = CKPT__IMAGE__INIT;
    ckpt_writer_fill_image(w, &image);
    image.tool = "test";
    cr_assert_eq(ckpt_writer_note(w, "CORE", NT_PRPSINFO, "x", 1), CKPT_OK);
    cr_assert_eq(ckpt_writer_message(w, CKPT__KIND__KIND_IMAGE, true, &image), CKPT_OK);
    struct ckpt_mapping mapping = {BASE, BASE + LENGTH + CKPT_PAGE_SIZE, PROT_READ, 1, BASE};
    cr_assert_eq(ckpt_writer_mapping(w, &mapping), CKPT_OK);
    cr_assert_eq(ckpt_writer_extent(w, 1, BASE, LENGTH), CKPT_OK);
}

/* Builds an image in a buffer that the caller closes. */
static void build(struct ckpt_io *io, uint32_t level)
{
    fill_memory();
    cr_assert_eq(ckpt_io_to_buffer(io), 0);
    struct ckpt_writer_options options = {.struct_size = sizeof(options), .compression = level};
    struct ckpt_writer *w = ckpt_writer_create(io, &options);
    write_records(w);
    cr_assert_eq(ckpt_writer_begin_pages(w), CKPT_OK, "%s", ckpt_writer_error(w));
    cr_assert_eq(ckpt_writer_put(w, 0, 1, BASE, memory, 0x10000), CKPT_OK, "%s", ckpt_writer_error(w));
    cr_assert_eq(ckpt_writer_put(w, 1, 1, BASE + 0x10000, memory + 0x10000, LENGTH - 0x10000), CKPT_OK, "%s", ckpt_writer_error(w));
    Ckpt__Redaction tail = CKPT__REDACTION__INIT;
    cr_assert_eq(ckpt_writer_message(w, CKPT__KIND__KIND_REDACTION, false, &tail), CKPT_OK);
    cr_assert_eq(ckpt_writer_finish(w, true, NULL), CKPT_OK, "%s", ckpt_writer_error(w));
    ckpt_writer_destroy(w);
}

static char sentence[512];
static enum ckpt_status check(const void *bytes, size_t length)
{
    struct ckpt_io io;
    cr_assert_eq(ckpt_io_from_memory(&io, bytes, length), 0);
    struct ckpt_reader *r = ckpt_reader_create();
    enum ckpt_status status = ckpt_reader_open(r, &io);
    if (status == CKPT_OK)
        status = ckpt_reader_verify(r, NULL, NULL);
    snprintf(sentence, sizeof(sentence), "%s", ckpt_reader_error(r));
    cr_assert_eq(sentence[0] == 0, status == CKPT_OK);
    ckpt_reader_destroy(r);
    return status;
}

static void round_trip(uint32_t level)
{
    struct ckpt_io io;
    build(&io, level);
    size_t length;
    const void *bytes = ckpt_io_buffer_data(&io, &length);
    cr_assert_eq(check(bytes, length), CKPT_OK, "%s", sentence);
    struct ckpt_io in;
    cr_assert_eq(ckpt_io_from_memory(&in, bytes, length), 0);
    struct ckpt_reader *r = ckpt_reader_create();
    cr_assert_eq(ckpt_reader_open(r, &in), CKPT_OK, "%s", ckpt_reader_error(r));
    uint8_t out[LENGTH];
    for (size_t done = 0, run; done < LENGTH; done += run) {
        bool stored;
        cr_assert_eq(ckpt_reader_memory(r, 1, BASE + done, out + done, LENGTH - done, &run, &stored), CKPT_OK, "%s", ckpt_reader_error(r));
        cr_assert_eq(stored, (done / CKPT_PAGE_SIZE) % 5 != 3);
    }
    cr_assert_eq(memcmp(out, memory, LENGTH), 0);
    struct ckpt_note note;
    size_t i = 0;
    cr_assert_eq(ckpt_reader_find_record(r, CKPT__KIND__KIND_REDACTION, &i, &note), CKPT_OK);
    cr_assert_eq(note.segment, CKPT_SEGMENT_TAIL);
    cr_assert_eq(ckpt_reader_resumable(r), CKPT_OK);
    ckpt_reader_destroy(r);
    ckpt_io_close(&io);
}

Test(fmt_image, raw_round_trip) { round_trip(0); }
Test(fmt_image, packed_round_trip) { round_trip(1); }

static void every_truncation(uint32_t level)
{
    struct ckpt_io io;
    build(&io, level);
    size_t length;
    const uint8_t *bytes = ckpt_io_buffer_data(&io, &length);
    for (size_t n = 0; n < length; n++)
        cr_assert_neq(check(bytes, n), CKPT_OK, "cut to %zu", n);
    ckpt_io_close(&io);
}

Test(fmt_image, raw_truncated_anywhere) { every_truncation(0); }
Test(fmt_image, packed_truncated_anywhere) { every_truncation(1); }

static void flips(uint32_t level, size_t step)
{
    struct ckpt_io io;
    build(&io, level);
    size_t length;
    uint8_t *bytes = (uint8_t *)(uintptr_t)ckpt_io_buffer_data(&io, &length);
    for (size_t bit = 0; bit < length * 8; bit += step) {
        bytes[bit / 8] ^= (uint8_t)(1u << bit % 8);
        cr_assert_neq(check(bytes, length), CKPT_OK, "bit %zu of byte 0x%zx", bit % 8, bit / 8);
        bytes[bit / 8] ^= (uint8_t)(1u << bit % 8);
    }
    cr_assert_eq(check(bytes, length), CKPT_OK, "%s", sentence);
    ckpt_io_close(&io);
}

Test(fmt_image, raw_bits_flipped) { flips(0, 61); }
Test(fmt_image, packed_bits_flipped) { flips(1, 37); }

Test(fmt_image, same_input_same_bytes)
{
    for (uint32_t level = 0; level < 2; level++) {
        struct ckpt_io a, b;
        build(&a, level);
        build(&b, level);
        size_t n, m;
        const void *x = ckpt_io_buffer_data(&a, &n), *y = ckpt_io_buffer_data(&b, &m);
        cr_assert_eq(n, m);
        cr_assert_eq(memcmp(x, y, n), 0);
        ckpt_io_close(&a);
        ckpt_io_close(&b);
    }
}

Test(fmt_image, more_mappings_than_an_elf_header_counts)
{
    enum { COUNT = 70000 };
    struct ckpt_io io;
    cr_assert_eq(ckpt_io_to_buffer(&io), 0);
    struct ckpt_writer *w = ckpt_writer_create(&io, NULL);
    Ckpt__Image image = CKPT__IMAGE__INIT;
    ckpt_writer_fill_image(w, &image);
    ckpt_writer_message(w, CKPT__KIND__KIND_IMAGE, true, &image);
    for (uint64_t i = 1; i <= COUNT; i++) {
        struct ckpt_mapping mapping = {i * 8192, i * 8192 + 4096, PROT_READ, 0, 0};
        cr_assert_eq(ckpt_writer_mapping(w, &mapping), CKPT_OK);
    }
    cr_assert_eq(ckpt_writer_begin_pages(w), CKPT_OK);
    cr_assert_eq(ckpt_writer_finish(w, false, NULL), CKPT_OK);
    ckpt_writer_destroy(w);
    size_t length;
    const uint8_t *bytes = ckpt_io_buffer_data(&io, &length);
    const Elf64_Ehdr *header = (const void *)bytes;
    cr_assert_eq(header->e_phnum, PN_XNUM);
    cr_assert_eq(((const Elf64_Shdr *)(const void *)(bytes + header->e_shoff))->sh_info, COUNT + 3);
    cr_assert_eq(check(bytes, length), CKPT_OK, "%s", sentence);
    ckpt_io_close(&io);
}

Test(fmt_image, what_is_no_image)
{
    cr_assert_eq(check("", 0), CKPT_NOT_IMAGE);
    cr_assert_eq(check("hello", 5), CKPT_NOT_IMAGE);
    struct ckpt_reader *r = ckpt_reader_create();
    cr_assert_eq(ckpt_reader_open_path(r, "/"), CKPT_IO);
    cr_assert_str_eq(ckpt_reader_error(r), "opening: Is a directory");
    ckpt_reader_destroy(r);
}

#include "tests/fuzz/fuzz.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "schemas/image.pb-c.h"
#include "schemas/record.pb-c.h"

enum { PARENT_AT = 0x10000, PARENT_PAGES = 4, OUTPUT_MAX = 16 << 20, TOO_BIG = 27 };

void fuzz_broken(const char *condition, const char *file, int line)
{
    fprintf(stderr, "%s:%d: not so: %s\n", file, line, condition);
    abort();
}

static void make_parent(struct ckpt_io *io)
{
    static uint8_t pages[PARENT_PAGES * CKPT_PAGE_SIZE];
    Ckpt__Image image = CKPT__IMAGE__INIT;
    for (size_t i = 0; i < sizeof(pages); i++)
        pages[i] = (uint8_t)(1 + i / CKPT_PAGE_SIZE);
    struct ckpt_writer_options options = {.struct_size = sizeof(options), .chunk_size = CKPT_PAGE_SIZE};
    FUZZ_ENSURE(ckpt_io_to_buffer(io) == 0);
    struct ckpt_writer *w = ckpt_writer_create(io, &options);
    FUZZ_ENSURE(w != NULL);
    ckpt_writer_fill_image(w, &image);
    FUZZ_ENSURE(ckpt_writer_message(w, CKPT__KIND__KIND_IMAGE, true, &image) == CKPT_OK);
    FUZZ_ENSURE(ckpt_writer_extent(w, 1, PARENT_AT, sizeof(pages)) == CKPT_OK);
    FUZZ_ENSURE(ckpt_writer_begin_pages(w) == CKPT_OK);
    FUZZ_ENSURE(ckpt_writer_put(w, 0, 1, PARENT_AT, pages, sizeof(pages)) == CKPT_OK);
    FUZZ_ENSURE(ckpt_writer_finish(w, false, NULL) == CKPT_OK);
    ckpt_writer_destroy(w);
}

const void *fuzz_parent(size_t *size)
{
    static struct ckpt_io io;
    if (io.struct_size == 0)
        make_parent(&io);
    return ckpt_io_buffer_data(&io, size);
}

void fuzz_parent_id(uint8_t id[CKPT_ID_SIZE])
{
    size_t size;
    enum ckpt_status status;
    const void *bytes = fuzz_parent(&size);
    struct ckpt_reader *reader = fuzz_open(bytes, size, &status);
    memcpy(id, ckpt_reader_footer(reader)->image_id, CKPT_ID_SIZE);
    ckpt_reader_destroy(reader);
}

int fuzz_resolver(void *context, const uint8_t id[CKPT_ID_SIZE], const void *path, size_t path_length, struct ckpt_io *io)
{
    size_t size;
    (void)context, (void)id, (void)path, (void)path_length;
    const void *bytes = fuzz_parent(&size);
    return ckpt_io_from_memory(io, bytes, size);
}

struct ckpt_reader *fuzz_open(const void *bytes, size_t size, enum ckpt_status *status)
{
    struct ckpt_io io;
    struct ckpt_reader *reader = ckpt_reader_create();
    FUZZ_ENSURE(reader != NULL && ckpt_io_from_memory(&io, bytes, size) == 0);
    ckpt_reader_set_resolver(reader, fuzz_resolver, NULL);
    *status = ckpt_reader_open(reader, &io);
    FUZZ_ENSURE((*status == CKPT_OK) == (ckpt_reader_error(reader)[0] == '\0'));
    return reader;
}

enum ckpt_status fuzz_verify(const void *bytes, size_t size)
{
    enum ckpt_status status;
    struct ckpt_reader *reader = fuzz_open(bytes, size, &status);
    struct ckpt_verify_options options = {.struct_size = sizeof(options), .threads = 1};
    if (status == CKPT_OK)
        status = ckpt_reader_verify(reader, &options, NULL);
    if (getenv("FUZZ_SHOW") != NULL)
        fprintf(stderr, "%s: %s\n", ckpt_status_name(status), ckpt_reader_error(reader));
    ckpt_reader_destroy(reader);
    return status;
}

static ssize_t bounded_write(void *context, const void *buffer, size_t length, uint64_t offset)
{
    struct fuzz_sink *sink = context;
    if (offset > OUTPUT_MAX || length > OUTPUT_MAX - offset)
        return -TOO_BIG;
    return sink->inner.write_at(sink->inner.context, buffer, length, offset);
}

static int bounded_resize(void *context, uint64_t size)
{
    struct fuzz_sink *sink = context;
    if (size > OUTPUT_MAX)
        return -TOO_BIG;
    return sink->inner.resize != NULL ? sink->inner.resize(sink->inner.context, size) : 0;
}

struct ckpt_io fuzz_sink(struct fuzz_sink *sink)
{
    FUZZ_ENSURE(ckpt_io_to_buffer(&sink->inner) == 0);
    return (struct ckpt_io){.struct_size = sizeof(struct ckpt_io), .context = sink, .write_at = bounded_write, .resize = bounded_resize};
}

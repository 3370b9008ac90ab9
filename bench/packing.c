/* What the library does with pages, without what the tools do around it (verifying, fsync):
 *   packing pack IMAGE OUT LEVEL     packing unpack IMAGE OUT
 *   packing page IMAGE COUNT         fetches random pages; prints microseconds of processor time for each
 *   packing sparse OUT GIB           a raw image of so many GiB, with a page in every 16 MiB */
#include <fcntl.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/mman.h>
#include <time.h>
#include <unistd.h>

#include <ckptfmt/edit.h>
#include <ckptfmt/writer.h>

#include "schemas/image.pb-c.h"
#include "schemas/memory.pb-c.h"
#include "schemas/record.pb-c.h"

static int fail(const char *path, const char *why)
{
    fprintf(stderr, "packing: %s: %s\n", path, why);
    return 1;
}

static struct ckpt_reader *open_image(const char *path)
{
    struct ckpt_reader *reader = ckpt_reader_create();
    if (reader == NULL || ckpt_reader_open_path(reader, path) != CKPT_OK) {
        fail(path, reader != NULL ? ckpt_reader_error(reader) : "out of memory");
        exit(1);
    }
    return reader;
}

static struct ckpt_io create(const char *path)
{
    struct ckpt_io io;
    int fd = open(path, O_RDWR | O_CREAT | O_TRUNC | O_CLOEXEC, 0600);
    if (fd < 0 || ckpt_io_from_fd(&io, fd) != 0) {
        fail(path, "creating it failed");
        exit(1);
    }
    return io;
}

static int rewrite(char **arguments, uint32_t pages, int level)
{
    struct ckpt_reader *reader = open_image(arguments[0]);
    struct ckpt_io sink = create(arguments[1]);
    struct ckpt_rewrite_options options = {.struct_size = sizeof(options), .pages = pages, .level = level};
    bool done = ckpt_reader_rewrite(reader, &sink, &options) == CKPT_OK;
    ckpt_io_close(&sink);
    int result = done ? 0 : fail(arguments[0], ckpt_reader_error(reader));
    ckpt_reader_destroy(reader);
    return result;
}

static int pack(char **arguments)
{
    return rewrite(arguments, CKPT_REWRITE_COMPRESS, atoi(arguments[2]));
}

static int unpack(char **arguments)
{
    return rewrite(arguments, CKPT_REWRITE_DECOMPRESS, 0);
}

static double now(void)
{
    struct timespec time;
    clock_gettime(CLOCK_PROCESS_CPUTIME_ID, &time);
    return (double)time.tv_sec * 1e6 + (double)time.tv_nsec / 1e3;
}

/* Pages of chunks far from one another, so that none is there already. */
static int page(char **arguments)
{
    struct ckpt_reader *reader = open_image(arguments[0]);
    uint64_t total = ckpt_reader_footer(reader)->index_count, step = 7919;
    int count = atoi(arguments[1]);
    double took = 0;
    for (int i = 0; i < count; i++) {
        struct ckpt_chunk chunk;
        uint8_t bytes[CKPT_PAGE_SIZE];
        size_t run;
        bool stored;
        if (ckpt_reader_chunk(reader, (uint64_t)i * step % total, &chunk) != CKPT_OK)
            return fail(arguments[0], ckpt_reader_error(reader));
        uint64_t address = chunk.address + (uint64_t)i * step % (chunk.length / CKPT_PAGE_SIZE) * CKPT_PAGE_SIZE;
        double before = now();
        if (ckpt_reader_memory(reader, chunk.space, address, bytes, sizeof(bytes), &run, &stored) != CKPT_OK)
            return fail(arguments[0], ckpt_reader_error(reader));
        took += now() - before;
    }
    ckpt_reader_destroy(reader);
    printf("%.0f\n", took / count);
    return 0;
}

static void add_records(struct ckpt_writer *writer, uint64_t start, uint64_t length)
{
    Ckpt__Image image = CKPT__IMAGE__INIT;
    Ckpt__Memory memory = CKPT__MEMORY__INIT;
    Ckpt__Mapping mapping = CKPT__MAPPING__INIT, *mappings[] = {&mapping};
    ckpt_writer_fill_image(writer, &image);
    image.root_process = memory.process = memory.space = 1;
    mapping.start = start;
    mapping.end = start + length;
    mapping.protection = PROT_READ | PROT_WRITE;
    mapping.flags = MAP_PRIVATE | MAP_ANONYMOUS;
    memory.n_mappings = 1;
    memory.mappings = mappings;
    ckpt_writer_message(writer, CKPT__KIND__KIND_IMAGE, true, &image);
    ckpt_writer_message(writer, CKPT__KIND__KIND_MEMORY, true, &memory);
    struct ckpt_mapping described = {start, start + length, PROT_READ | PROT_WRITE, 1, start};
    ckpt_writer_mapping(writer, &described);
    ckpt_writer_extent(writer, 1, start, length);
}

static int sparse(char **arguments)
{
    enum { STEP = 16 << 20 };
    static const uint8_t bytes[CKPT_PAGE_SIZE] = {1};
    const uint64_t start = 1ull << 40, length = (uint64_t)atoi(arguments[1]) << 30;
    struct ckpt_io sink = create(arguments[0]);
    struct ckpt_writer *writer = ckpt_writer_create(&sink, NULL);
    if (writer == NULL)
        return fail(arguments[0], "out of memory");
    add_records(writer, start, length);
    bool done = ckpt_writer_begin_pages(writer) == CKPT_OK;
    for (uint64_t at = 0; at < length && done; at += STEP)
        done = ckpt_writer_put(writer, at / STEP, 1, start + at, bytes, sizeof(bytes)) == CKPT_OK;
    done = done && ckpt_writer_finish(writer, false, NULL) == CKPT_OK;
    int result = done ? 0 : fail(arguments[0], ckpt_writer_error(writer));
    ckpt_writer_destroy(writer);
    ckpt_io_close(&sink);
    return result;
}

int main(int argc, char **argv)
{
    static const struct {
        const char *name;
        int arguments;
        int (*run)(char **arguments);
    } uses[] = {{"pack", 3, pack}, {"unpack", 2, unpack}, {"page", 2, page}, {"sparse", 2, sparse}};
    for (size_t i = 0; i < sizeof(uses) / sizeof(uses[0]); i++)
        if (argc == uses[i].arguments + 2 && strcmp(argv[1], uses[i].name) == 0)
            return uses[i].run(argv + 2);
    fprintf(stderr, "usage: packing pack IMAGE OUT LEVEL | unpack IMAGE OUT | page IMAGE COUNT | sparse OUT GIB\n");
    return 2;
}

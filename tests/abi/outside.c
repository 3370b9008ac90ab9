/* outside FILE: a program of somebody who has only what is installed. Everything goes through I/O of its own. Prints: how verifying went, pages by space, a page found by its address, records,
 * and what one pass over the same bytes, in small pieces, has seen. */
#include <errno.h>
#include <inttypes.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include <ckptfmt/ckptfmt.h>
#include <ckptfmt/schemas/process.pb-c.h>
#include <ckptfmt/schemas/record.pb-c.h>

struct store {
    FILE *file;
    unsigned long calls;
    uint64_t at;
};

static ssize_t store_read_at(void *context, void *buffer, size_t length, uint64_t offset)
{
    struct store *store = context;
    store->calls++;
    if (store->calls % 3 == 0)
        return -EINTR;
    if (length > 1000)
        length = 1000;
    if (fseek(store->file, (long)offset, SEEK_SET) != 0)
        return -errno;
    return (ssize_t)fread(buffer, 1, length, store->file);
}

static int store_size(void *context, uint64_t *size)
{
    struct store *store = context;
    if (fseek(store->file, 0, SEEK_END) != 0)
        return -errno;
    *size = (uint64_t)ftell(store->file);
    return 0;
}

static ssize_t store_read(void *context, void *buffer, size_t length)
{
    struct store *store = context;
    ssize_t got = store_read_at(context, buffer, length, store->at);
    store->at += got > 0 ? (uint64_t)got : 0;
    return got;
}

static int failed(const char *what, const char *sentence)
{
    printf("%s: %s\n", what, sentence);
    return 1;
}

static bool fault(void *context, const struct ckpt_fault *found)
{
    (void)context;
    printf("fault: %s: %s\n", ckpt_status_name(found->status), found->sentence);
    return true;
}

static int look(struct ckpt_reader *reader)
{
    struct ckpt_chunk chunk;
    struct ckpt_note note;
    ProtobufCMessage *message;
    enum ckpt_status status;
    uint64_t i, pages = 0, faults = 0;
    size_t position = 0, run = 0;
    bool stored = false;
    unsigned char page[CKPT_PAGE_SIZE];
    struct ckpt_verify_options options;

    memset(&options, 0, sizeof(options));
    options.struct_size = sizeof(options);
    options.fault = fault;
    options.threads = 1; /* the store is no good for more */
    status = ckpt_reader_verify(reader, &options, &faults);
    printf("verify: %s, %" PRIu64 " faults\n", ckpt_status_name(status), faults);

    for (i = 0; (status = ckpt_reader_chunk(reader, i, &chunk)) == CKPT_OK; i++)
        pages += chunk.length / CKPT_PAGE_SIZE;
    if (status != CKPT_END)
        return failed("chunks", ckpt_reader_error(reader));
    printf("pages: %" PRIu64 " in %" PRIu64 " chunks\n", pages, i);

    if (i > 0 && ckpt_reader_chunk(reader, i / 2, &chunk) == CKPT_OK) {
        uint64_t found = 0;
        if (ckpt_reader_seek_chunk(reader, chunk.space, chunk.address, &found) != CKPT_OK || found != i / 2)
            return failed("seek", ckpt_reader_error(reader));
        if (ckpt_reader_memory(reader, chunk.space, chunk.address, page, sizeof(page), &run, &stored) != CKPT_OK)
            return failed("memory", ckpt_reader_error(reader));
        printf("page: %s, %u bytes\n", stored ? "stored" : "not stored", (unsigned)run);
    }

    if (ckpt_reader_find_record(reader, CKPT__KIND__KIND_PROCESS, &position, &note) != CKPT_OK)
        return failed("records", "no process");
    if (ckpt_reader_unpack(reader, &note, &message) != CKPT_OK)
        return failed("records", ckpt_reader_error(reader));
    printf("process: pid %d\n", (int)((Ckpt__Process *)message)->pid);
    protobuf_c_message_free_unpacked(message, NULL);
    return 0;
}

static int pass(struct store *store)
{
    struct ckpt_io io;
    struct ckpt_stream *stream = ckpt_stream_create();
    struct ckpt_stream_chunk chunk;
    enum ckpt_status status;
    uint64_t pages = 0;

    memset(&io, 0, sizeof(io));
    io.struct_size = sizeof(io);
    io.context = store;
    io.read = store_read;
    if (stream == NULL)
        return failed("stream", "out of memory");
    status = ckpt_stream_open(stream, &io);
    while (status == CKPT_OK)
        if ((status = ckpt_stream_next(stream, &chunk)) == CKPT_OK)
            pages += chunk.chunk.length / CKPT_PAGE_SIZE;
    printf("stream: %s, %" PRIu64 " pages%s%s\n", ckpt_status_name(status), pages, status == CKPT_END ? "" : ": ", status == CKPT_END ? "" : ckpt_stream_error(stream));
    ckpt_stream_destroy(stream);
    return 0;
}

int main(int argc, char **argv)
{
    struct store store = {NULL, 0, 0};
    struct ckpt_io io;
    struct ckpt_reader *reader = ckpt_reader_create();
    int result;

    memset(&io, 0, sizeof(io));
    io.struct_size = sizeof(io);
    io.context = &store;
    io.read_at = store_read_at;
    io.size = store_size;
    if (argc != 2 || reader == NULL || (store.file = fopen(argv[1], "rb")) == NULL)
        return 2;
    if (ckpt_reader_open(reader, &io) == CKPT_OK)
        result = look(reader);
    else
        result = failed("open", ckpt_reader_error(reader));
    ckpt_reader_destroy(reader);
    if (result == 0)
        result = pass(&store);
    fclose(store.file);
    return result;
}

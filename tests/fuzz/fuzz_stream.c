/* Reading in one pass agrees with reading at random, and what is salvaged can be opened. */
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include <ckptfmt/stream.h>

#include "tests/fuzz/fuzz.h"

struct source {
    const uint8_t *data;
    size_t size, at;
};

/* A pipe that gives a little at a time. */
static ssize_t read_little(void *context, void *buffer, size_t length)
{
    struct source *source = context;
    size_t left = source->size - source->at, step = 1 + source->at % 4099;
    size_t count = left < length ? left : length;
    count = count < step ? count : step;
    memcpy(buffer, source->data + source->at, count);
    source->at += count;
    return (ssize_t)count;
}

static struct ckpt_stream *open_stream(struct source *source, const uint8_t *data, size_t size, enum ckpt_status *status)
{
    *source = (struct source){.data = data, .size = size};
    struct ckpt_io io = {.struct_size = sizeof(io), .context = source, .read = read_little};
    struct ckpt_stream *stream = ckpt_stream_create();
    FUZZ_ENSURE(stream != NULL);
    ckpt_reader_set_resolver(ckpt_stream_records(stream), fuzz_resolver, NULL);
    *status = ckpt_stream_open(stream, &io);
    return stream;
}

static enum ckpt_status read_all(const uint8_t *data, size_t size, bool unpack)
{
    struct source source;
    enum ckpt_status status;
    struct ckpt_stream_chunk chunk;
    struct ckpt_stream *stream = open_stream(&source, data, size, &status);
    enum ckpt_status first = status;
    ckpt_stream_set_unpack(stream, unpack);
    while (status == CKPT_OK || (status == CKPT_CORRUPT && chunk.chunk.length > 0)) {
        status = ckpt_stream_next(stream, &chunk);
        if (status != CKPT_OK && status != CKPT_END && first == CKPT_OK)
            first = status;
    }
    FUZZ_ENSURE(first == CKPT_OK || ckpt_stream_error(stream)[0] != '\0' || status == CKPT_END);
    ckpt_stream_destroy(stream);
    return first;
}

static enum ckpt_status verify_all(const uint8_t *data, size_t size)
{
    struct source source;
    enum ckpt_status status;
    struct ckpt_stream *stream = open_stream(&source, data, size, &status);
    if (status == CKPT_OK)
        status = ckpt_stream_verify(stream, NULL, NULL);
    if (getenv("FUZZ_SHOW") != NULL)
        fprintf(stderr, "stream: %s: %s\n", ckpt_status_name(status), ckpt_stream_error(stream));
    ckpt_stream_destroy(stream);
    return status;
}

static void salvage(const uint8_t *data, size_t size, bool sound)
{
    struct source source;
    struct ckpt_io sink;
    enum ckpt_status status;
    struct ckpt_salvage_report report = {.struct_size = sizeof(report)};
    struct ckpt_stream *stream = open_stream(&source, data, size, &status);
    FUZZ_ENSURE(ckpt_io_to_buffer(&sink) == 0);
    if (status == CKPT_OK && ckpt_stream_salvage(stream, &sink, &report) == CKPT_OK) {
        size_t length;
        const void *bytes = ckpt_io_buffer_data(&sink, &length);
        struct ckpt_reader *reader = fuzz_open(bytes, length, &status);
        FUZZ_ENSURE(status == CKPT_OK);
        ckpt_reader_destroy(reader);
        FUZZ_ENSURE(!sound || (report.whole && fuzz_verify(bytes, length) == CKPT_OK));
    }
    ckpt_io_close(&sink);
    ckpt_stream_destroy(stream);
}

/* A raw image: what is not believed is said to be missing, and what comes of it is sound. */
static void salvage_raw(const uint8_t *data, size_t size, bool sound)
{
    struct ckpt_io source;
    struct fuzz_sink kept;
    struct ckpt_salvage_report report = {.struct_size = sizeof(report)};
    struct ckpt_stream *stream = ckpt_stream_create();
    FUZZ_ENSURE(stream != NULL && ckpt_io_from_memory(&source, data, size) == 0);
    struct ckpt_io sink = fuzz_sink(&kept);
    ckpt_stream_allow_raw(stream);
    enum ckpt_status status = ckpt_stream_open(stream, &source);
    if (status == CKPT_OK)
        status = ckpt_stream_salvage(stream, &sink, &report);
    FUZZ_ENSURE(status == CKPT_OK || ckpt_stream_error(stream)[0] != '\0');
    if (status == CKPT_OK) {
        size_t length;
        const void *bytes = ckpt_io_buffer_data(&kept.inner, &length);
        struct ckpt_reader *reader = fuzz_open(bytes, length, &status);
        FUZZ_ENSURE(status == CKPT_OK);
        ckpt_reader_destroy(reader);
        FUZZ_ENSURE(!sound || (report.whole && fuzz_verify(bytes, length) == CKPT_OK));
    }
    ckpt_io_close(&kept.inner);
    ckpt_stream_destroy(stream);
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
    enum ckpt_status opened, verified = fuzz_verify(data, size);
    struct ckpt_reader *reader = fuzz_open(data, size, &opened);
    bool packed = opened == CKPT_OK && (ckpt_reader_footer(reader)->incompatible_features & CKPT_FEATURE_PACKED) != 0;
    ckpt_reader_destroy(reader);
    FUZZ_ENSURE((verify_all(data, size) == CKPT_OK) == (packed && verified == CKPT_OK));
    if (!packed)
        salvage_raw(data, size, opened == CKPT_OK && verified == CKPT_OK);
    /* Each stream costs megabytes: one of the others, by a digest's byte. */
    switch (size > 0 ? data[size - 1] % 3 : 0) {
    case 0:
        FUZZ_ENSURE(read_all(data, size, true) != CKPT_OK || opened == CKPT_OK);
        break;
    case 1:
        read_all(data, size, false);
        break;
    default:
        salvage(data, size, packed && verified == CKPT_OK);
    }
    return 0;
}

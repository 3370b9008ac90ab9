#include "fetch.h"

#include <errno.h>
#include <inttypes.h>
#include <stdlib.h>
#include <string.h>
#include <zstd.h>

#include "digest.h"
#include "io.h"

void fetch_deinit(struct fetch *fetch)
{
    ZSTD_freeDCtx(fetch->context);
    free(fetch->stored);
    *fetch = (struct fetch){.context = NULL};
}

enum ckpt_status fetch_io(struct error *error, int number, const char *what, uint64_t offset)
{
    if (number == -ENODATA)
        return error_set(error, CKPT_TRUNCATED, "truncated: %s at 0x%" PRIx64 ": the file ends first", what, offset);
    return error_set(error, CKPT_IO, "reading %s at 0x%" PRIx64 ": %s", what, offset, strerror(-number));
}

enum ckpt_status fetch_damaged(struct error *error, const struct ckpt_chunk *chunk, const char *why)
{
    return error_set(error, CKPT_CORRUPT, "pages 0x%" PRIx64 "-0x%" PRIx64 " of space %u, at 0x%" PRIx64 " in the file: %s", chunk->address,
                     chunk->address + chunk->length, chunk->space, chunk->offset, why);
}

static enum ckpt_status out_of_memory(struct fetch *fetch, uint64_t length)
{
    return error_set(&fetch->error, CKPT_NO_MEMORY, "chunk of %" PRIu64 " bytes: out of memory", length);
}

static enum ckpt_status check_digest(struct fetch *fetch, const struct ckpt_chunk *chunk, const void *bytes)
{
    uint8_t digest[CKPT_DIGEST_SIZE];
    digest_of(bytes, chunk->length, digest);
    return memcmp(digest, chunk->digest, sizeof(digest)) == 0 ? CKPT_OK : fetch_damaged(&fetch->error, chunk, "digest differs");
}

enum ckpt_status fetch_unpack(struct fetch *fetch, const struct ckpt_chunk *chunk, const void *stored, void *out)
{
    if (chunk->codec == CKPT_CODEC_RAW) {
        if (out != stored)
            memcpy(out, stored, chunk->length);
        return check_digest(fetch, chunk, out);
    }
    if (fetch->context == NULL)
        fetch->context = ZSTD_createDCtx();
    if (fetch->context == NULL)
        return out_of_memory(fetch, chunk->length);
    if (digest_check(stored, chunk->stored_length) != chunk->stored_check)
        return fetch_damaged(&fetch->error, chunk, "the packed bytes differ from their check");
    if (ZSTD_getFrameContentSize(stored, chunk->stored_length) != chunk->length ||
        ZSTD_findFrameCompressedSize(stored, chunk->stored_length) != chunk->stored_length ||
        ZSTD_decompressDCtx(fetch->context, out, chunk->length, stored, chunk->stored_length) != chunk->length)
        return fetch_damaged(&fetch->error, chunk, "its zstd frame is damaged");
    return check_digest(fetch, chunk, out);
}

static enum ckpt_status read_stored(struct fetch *fetch, const struct ckpt_io *io, const struct ckpt_chunk *chunk)
{
    if (chunk->stored_length > fetch->room) {
        uint8_t *stored = realloc(fetch->stored, chunk->stored_length);
        if (stored == NULL)
            return out_of_memory(fetch, chunk->stored_length);
        fetch->stored = stored;
        fetch->room = chunk->stored_length;
    }
    int error = io_read_at(io, fetch->stored, chunk->stored_length, chunk->offset);
    return error != 0 ? fetch_io(&fetch->error, error, "pages", chunk->offset) : CKPT_OK;
}

enum ckpt_status fetch_bytes(struct fetch *fetch, const struct ckpt_io *io, const struct ckpt_chunk *chunk, void *out)
{
    if (chunk->codec == CKPT_CODEC_RAW) {
        int error = io_read_at(io, out, chunk->length, chunk->offset);
        return error != 0 ? fetch_io(&fetch->error, error, "pages", chunk->offset) : check_digest(fetch, chunk, out);
    }
    enum ckpt_status status = read_stored(fetch, io, chunk);
    return status == CKPT_OK ? fetch_unpack(fetch, chunk, fetch->stored, out) : status;
}

enum ckpt_status fetch_stored(struct fetch *fetch, const struct ckpt_io *io, const struct ckpt_chunk *chunk, const void **stored)
{
    enum ckpt_status status = read_stored(fetch, io, chunk);
    if (status != CKPT_OK)
        return status;
    if (chunk->codec == CKPT_CODEC_RAW)
        status = check_digest(fetch, chunk, fetch->stored);
    else if (digest_check(fetch->stored, chunk->stored_length) != chunk->stored_check)
        status = fetch_damaged(&fetch->error, chunk, "the packed bytes differ from their check");
    if (status == CKPT_OK)
        *stored = fetch->stored;
    return status;
}

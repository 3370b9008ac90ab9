#include "packer.h"

#include <stdlib.h>
#include <string.h>
#include <zstd.h>

#include "cursor.h"
#include "digest.h"
#include "index.h"

enum {
    LEAST_GAIN = 64,
    WHOLE_CHUNK = 24, /* log2 of CKPT_CHUNK_SIZE_MAX: zstd takes less where a chunk is smaller */
};

struct packer *packer_create(int level)
{
    struct packer *packer = calloc(1, sizeof(*packer));
    if (packer == NULL)
        return NULL;
    packer->context = ZSTD_createCCtx();
    if (packer->context == NULL || ZSTD_isError(ZSTD_CCtx_setParameter(packer->context, ZSTD_c_compressionLevel, level)) ||
        ZSTD_isError(ZSTD_CCtx_setParameter(packer->context, ZSTD_c_windowLog, WHOLE_CHUNK))) {
        packer_destroy_all(packer);
        return NULL;
    }
    return packer;
}

void packer_destroy_all(struct packer *packers)
{
    while (packers != NULL) {
        struct packer *next = packers->next;
        ZSTD_freeCCtx(packers->context);
        free(packers->frames);
        free(packers->output);
        free(packers);
        packers = next;
    }
}

static bool reserve(uint8_t **bytes, size_t *room, size_t length, size_t more)
{
    if (*room - length >= more)
        return true;
    size_t wanted = length + more + *room / 2;
    uint8_t *bigger = realloc(*bytes, wanted);
    if (bigger == NULL)
        return false;
    *bytes = bigger;
    *room = wanted;
    return true;
}

static void adopt(struct packer *packer, struct ckpt_chunk *chunk, size_t stored)
{
    chunk->offset = packer->length;
    chunk->stored_length = stored;
    packer->length += stored;
}

bool packer_append(struct packer *packer, struct ckpt_chunk *chunk, const void *data)
{
    size_t bound = ZSTD_compressBound(chunk->length);
    if (!reserve(&packer->frames, &packer->room, packer->length, bound))
        return false;
    uint8_t *to = packer->frames + packer->length;
    size_t n = ZSTD_compress2(packer->context, to, bound, data, chunk->length);
    if (ZSTD_isError(n))
        return false;
    if (n > chunk->length - chunk->length / LEAST_GAIN) {
        n = chunk->length;
        memcpy(to, data, n);
        chunk->codec = CKPT_CODEC_RAW;
        chunk->stored_check = 0;
    } else {
        chunk->codec = CKPT_CODEC_ZSTD;
        chunk->stored_check = digest_check(to, n);
    }
    adopt(packer, chunk, n);
    return true;
}

bool packer_append_stored(struct packer *packer, struct ckpt_chunk *chunk, const void *stored)
{
    if (!reserve(&packer->frames, &packer->room, packer->length, chunk->stored_length))
        return false;
    if (chunk->stored_length > 0)
        memcpy(packer->frames + packer->length, stored, chunk->stored_length);
    adopt(packer, chunk, chunk->stored_length);
    return true;
}

bool packer_begin_output(struct packer *packer, size_t count)
{
    packer->output_length = 0;
    return reserve(&packer->output, &packer->output_room, 0, count * PACKER_DESCRIPTION_SIZE + packer->length);
}

void packer_put(struct packer *packer, const struct ckpt_chunk *chunk, const void *stored)
{
    packer_describe(packer->output + packer->output_length, chunk, stored != NULL);
    packer->output_length += PACKER_DESCRIPTION_SIZE;
    if (stored == NULL)
        return;
    memcpy(packer->output + packer->output_length, stored, chunk->stored_length);
    packer->output_length += chunk->stored_length;
}

void packer_describe(uint8_t description[PACKER_DESCRIPTION_SIZE], const struct ckpt_chunk *chunk, bool own)
{
    struct cursor c = cursor_over(description, PACKER_DESCRIPTION_SIZE);
    uint64_t inside = own && chunk->codec == CKPT_CODEC_RAW ? chunk->stored_length : 0;
    cursor_put(&c, PACKER_DESCRIPTION_MAGIC, 4);
    cursor_put(&c, PACKER_DESCRIPTION_SIZE - 8 + inside, 4);
    index_encode(chunk, cursor_take(&c, CKPT_INDEX_ENTRY_SIZE));
    cursor_put(&c, digest_check(description, PACKER_CHECKED_SIZE), PACKER_CHECK_SIZE);
}

bool packer_is_description(const uint8_t bytes[PACKER_DESCRIPTION_SIZE])
{
    struct cursor magic = cursor_over(bytes, 4), check = cursor_over(bytes + PACKER_CHECKED_SIZE, PACKER_CHECK_SIZE);
    return cursor_u32(&magic) == PACKER_DESCRIPTION_MAGIC && cursor_u64(&check) == digest_check(bytes, PACKER_CHECKED_SIZE);
}

void packer_describe_begin(uint8_t description[PACKER_DESCRIPTION_SIZE], uint64_t head_size, const uint8_t head_digest[CKPT_DIGEST_SIZE])
{
    struct ckpt_chunk begin = {.codec = PACKER_BEGIN, .offset = head_size};
    memcpy(begin.digest, head_digest, CKPT_DIGEST_SIZE);
    packer_describe(description, &begin, false);
}

void packer_describe_end(uint8_t description[PACKER_DESCRIPTION_SIZE], uint64_t offset, uint64_t count, const uint8_t index_digest[CKPT_DIGEST_SIZE])
{
    struct ckpt_chunk end = {.codec = PACKER_END, .address = count, .offset = offset};
    memcpy(end.digest, index_digest, CKPT_DIGEST_SIZE);
    packer_describe(description, &end, false);
}

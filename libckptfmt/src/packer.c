#include "packer.h"

#include <stdlib.h>
#include <string.h>
#include <zstd.h>

#include "cursor.h"
#include "digest.h"
#include "index.h"

struct packer *packer_create(void)
{
    struct packer *packer = calloc(1, sizeof(*packer));
    if (packer == NULL)
        return NULL;
    packer->context = ZSTD_createCCtx();
    if (packer->context == NULL) {
        free(packer);
        return NULL;
    }
    return packer;
}

void packer_destroy_all(struct packer *packers)
{
    while (packers != NULL) {
        struct packer *next = packers->next;
        ZSTD_freeCCtx(packers->context);
        free(packers->output);
        free(packers);
        packers = next;
    }
}

static bool reserve(struct packer *packer, size_t more)
{
    if (packer->room - packer->length >= more)
        return true;
    size_t room = packer->length + more + packer->room;
    uint8_t *output = realloc(packer->output, room);
    if (output == NULL)
        return false;
    packer->output = output;
    packer->room = room;
    return true;
}

bool packer_append(struct packer *packer, struct ckpt_chunk *chunk, const void *data, int level)
{
    size_t bound = ZSTD_compressBound(chunk->length);
    if (!reserve(packer, PACKER_DESCRIPTION_SIZE + bound))
        return false;
    packer->length += PACKER_DESCRIPTION_SIZE;
    size_t n = ZSTD_compressCCtx(packer->context, packer->output + packer->length, bound, data, chunk->length, level);
    if (ZSTD_isError(n))
        return false;
    chunk->codec = CKPT_CODEC_ZSTD;
    chunk->offset = packer->length;
    chunk->stored_length = n;
    chunk->stored_check = digest_check(packer->output + packer->length, n);
    packer->length += n;
    return true;
}

bool packer_append_stored(struct packer *packer, struct ckpt_chunk *chunk, const void *stored)
{
    if (!reserve(packer, PACKER_DESCRIPTION_SIZE + chunk->stored_length))
        return false;
    packer->length += PACKER_DESCRIPTION_SIZE;
    memcpy(packer->output + packer->length, stored, chunk->stored_length);
    chunk->offset = packer->length;
    packer->length += chunk->stored_length;
    return true;
}

void packer_describe(uint8_t description[PACKER_DESCRIPTION_SIZE], const struct ckpt_chunk *chunk)
{
    struct cursor c = cursor_over(description, PACKER_DESCRIPTION_SIZE);
    cursor_put(&c, PACKER_DESCRIPTION_MAGIC, 4);
    cursor_put(&c, CKPT_INDEX_ENTRY_SIZE, 4);
    index_encode(chunk, description + 8);
}

bool packer_unpack(const void *stored, size_t stored_length, void *out, size_t length)
{
    return ZSTD_getFrameContentSize(stored, stored_length) == length && ZSTD_decompress(out, length, stored, stored_length) == length;
}

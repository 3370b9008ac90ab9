#include "digest.h"

#include <string.h>
#include <xxhash.h>

static void store(XXH128_hash_t hash, uint8_t digest[CKPT_DIGEST_SIZE])
{
    XXH128_canonical_t canonical;
    XXH128_canonicalFromHash(&canonical, hash);
    memcpy(digest, canonical.digest, CKPT_DIGEST_SIZE);
}

void digest_of(const void *data, size_t length, uint8_t digest[CKPT_DIGEST_SIZE])
{
    store(XXH3_128bits(data, length), digest);
}

uint64_t digest_check(const void *data, size_t length)
{
    return XXH3_64bits(data, length);
}

struct digest_stream *digest_create(void)
{
    XXH3_state_t *state = XXH3_createState();
    if (state != NULL)
        XXH3_128bits_reset(state);
    return (struct digest_stream *)state;
}

void digest_destroy(struct digest_stream *stream)
{
    XXH3_freeState((XXH3_state_t *)stream);
}

void digest_update(struct digest_stream *stream, const void *data, size_t length)
{
    XXH3_128bits_update((XXH3_state_t *)stream, data, length);
}

void digest_end(struct digest_stream *stream, uint8_t digest[CKPT_DIGEST_SIZE])
{
    store(XXH3_128bits_digest((XXH3_state_t *)stream), digest);
}

void digest_image_id(const uint8_t head[CKPT_DIGEST_SIZE], const uint8_t index[CKPT_DIGEST_SIZE], const uint8_t tail[CKPT_DIGEST_SIZE],
                     uint8_t id[CKPT_ID_SIZE])
{
    uint8_t all[3 * CKPT_DIGEST_SIZE];
    memcpy(all, head, CKPT_DIGEST_SIZE);
    memcpy(all + CKPT_DIGEST_SIZE, index, CKPT_DIGEST_SIZE);
    memcpy(all + 2 * CKPT_DIGEST_SIZE, tail, CKPT_DIGEST_SIZE);
    digest_of(all, sizeof(all), id);
}

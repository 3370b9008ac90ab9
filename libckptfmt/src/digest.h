/* XXH3-128 in its canonical (big-endian) form. */
#ifndef CKPTFMT_DIGEST_H
#define CKPTFMT_DIGEST_H

#include <stddef.h>
#include <stdint.h>

#include <ckptfmt/format.h>

enum { DIGEST_XXH3_128 = 1 };

void digest_of(const void *data, size_t length, uint8_t digest[CKPT_DIGEST_SIZE]);

/* XXH3-64: a quick check of stored bytes. */
uint64_t digest_check(const void *data, size_t length);

/* A digest over pieces. create returns NULL when memory ran out. */
struct digest_stream;
struct digest_stream *digest_create(void);
void digest_destroy(struct digest_stream *stream);
void digest_update(struct digest_stream *stream, const void *data, size_t length);
void digest_end(struct digest_stream *stream, uint8_t digest[CKPT_DIGEST_SIZE]);

/* The image's id, from its parts' digests. */
void digest_image_id(const uint8_t head[CKPT_DIGEST_SIZE], const uint8_t index[CKPT_DIGEST_SIZE], const uint8_t tail[CKPT_DIGEST_SIZE],
                     uint8_t id[CKPT_ID_SIZE]);

#endif

/* Packed pages: descriptions (zstd skippable frames that carry an index entry) and what follows them. */
#ifndef CKPTFMT_PACKER_H
#define CKPTFMT_PACKER_H

#include <stdbool.h>
#include <stddef.h>

#include <ckptfmt/chunk.h>

/* Magic and size, the entry, and a check of all before it. */
enum { PACKER_CHECK_SIZE = 8, PACKER_CHECKED_SIZE = 8 + CKPT_INDEX_ENTRY_SIZE, PACKER_DESCRIPTION_SIZE = PACKER_CHECKED_SIZE + PACKER_CHECK_SIZE };
#define PACKER_DESCRIPTION_MAGIC 0x184d2a5cu /* one of zstd's sixteen skippable frame magics */
/* A zstd frame of bytes that do not compress is longer than they are by a few bytes of headers. */
#define PACKER_OVERHEAD 64u
/* The codec fields of the descriptions that begin and end the pages (space 0). */
enum { PACKER_BEGIN = 1, PACKER_END = 2 };

/* A compressor and room for what it makes. */
struct packer {
    struct packer *next;
    void *context;
    uint8_t *frames; /* stored bytes, one after another */
    size_t room, length;
    uint8_t *output; /* descriptions and stored bytes, as they go into the file */
    size_t output_room, output_length;
};

/* `level` is zstd's; it may match all of a chunk, however far apart. NULL when memory ran out. */
struct packer *packer_create(int level);
void packer_destroy_all(struct packer *packers);
/* Appends a chunk's stored bytes to the frames: a zstd frame, or the bytes as they are where that gains less than 1/64. Sets chunk->codec,
 * stored_length, stored_check, and offset in the frames. false when memory ran out. */
bool packer_append(struct packer *packer, struct ckpt_chunk *chunk, const void *data);
/* The same for bytes that are packed already. */
bool packer_append_stored(struct packer *packer, struct ckpt_chunk *chunk, const void *stored);
/* Makes room for `count` chunks' descriptions and all frames, and empties the output. */
bool packer_begin_output(struct packer *packer, size_t count);
/* Appends a description, and behind it `stored` where that is not NULL. */
void packer_put(struct packer *packer, const struct ckpt_chunk *chunk, const void *stored);

/* Encodes a chunk's description; `own` says that its stored bytes follow and are not an earlier chunk's. */
void packer_describe(uint8_t description[PACKER_DESCRIPTION_SIZE], const struct ckpt_chunk *chunk, bool own);
/* Whether these bytes are a description that is as it was written. */
bool packer_is_description(const uint8_t bytes[PACKER_DESCRIPTION_SIZE]);
/* The descriptions that stand at the beginning and at the end of the pages. */
void packer_describe_begin(uint8_t description[PACKER_DESCRIPTION_SIZE], uint64_t head_size, const uint8_t head_digest[CKPT_DIGEST_SIZE]);
void packer_describe_end(uint8_t description[PACKER_DESCRIPTION_SIZE], uint64_t offset, uint64_t count, const uint8_t index_digest[CKPT_DIGEST_SIZE]);

#endif

/* Compressing one chunk: a skippable frame that describes it, then one zstd frame. */
#ifndef CKPTFMT_PACKER_H
#define CKPTFMT_PACKER_H

#include <stdbool.h>
#include <stddef.h>

#include <ckptfmt/chunk.h>

enum { PACKER_DESCRIPTION_SIZE = 8 + CKPT_INDEX_ENTRY_SIZE };
#define PACKER_DESCRIPTION_MAGIC 0x184d2a5cu /* one of zstd's sixteen skippable frame magics */
/* A zstd frame of bytes that do not compress is longer than they are by a few bytes of headers. */
#define PACKER_OVERHEAD 64u

/* A compressor and room for its output. */
struct packer {
    struct packer *next;
    void *context;
    uint8_t *output;
    size_t room, length;
};

/* NULL when memory ran out. */
struct packer *packer_create(void);
void packer_destroy_all(struct packer *packers);
/* Appends a chunk's description and frame to the output; sets chunk->codec, offset (in the output) and stored_length. The description's offset
 * is patched when the place in the file is known. false when memory ran out. */
bool packer_append(struct packer *packer, struct ckpt_chunk *chunk, const void *data, int level);
/* The same for a frame that exists already. */
bool packer_append_stored(struct packer *packer, struct ckpt_chunk *chunk, const void *stored);
/* Writes the description of a chunk whose offset is final in front of its frame. */
void packer_describe(uint8_t description[PACKER_DESCRIPTION_SIZE], const struct ckpt_chunk *chunk);
/* Unpacks a frame into exactly `length` bytes; false where it is damaged or of another length. */
bool packer_unpack(const void *stored, size_t stored_length, void *out, size_t length);

#endif

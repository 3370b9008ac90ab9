/* Getting a chunk's bytes out of an image, with everything that one thread needs for it: several threads fetch from one io at once. */
#ifndef CKPTFMT_FETCH_H
#define CKPTFMT_FETCH_H

#include <ckptfmt/chunk.h>
#include <ckptfmt/io.h>

#include "error.h"

struct fetch {
    struct error error;
    void *context;   /* zstd's */
    uint8_t *stored;
    size_t room;
};

void fetch_deinit(struct fetch *fetch);
/* The sentence for an I/O error while reading `what`. */
enum ckpt_status fetch_io(struct error *error, int number, const char *what, uint64_t offset);
/* Sets "pages …: why" and returns CKPT_CORRUPT. */
enum ckpt_status fetch_damaged(struct error *error, const struct ckpt_chunk *chunk, const char *why);
/* Reads the memory bytes of a chunk (codec raw or zstd) into `out`, chunk->length bytes, and checks them. */
enum ckpt_status fetch_bytes(struct fetch *fetch, const struct ckpt_io *io, const struct ckpt_chunk *chunk, void *out);
/* The same where the stored bytes are in memory already; raw ones may be `out` itself. */
enum ckpt_status fetch_unpack(struct fetch *fetch, const struct ckpt_chunk *chunk, const void *stored, void *out);
/* Reads the stored bytes into the fetch's own buffer and checks them without unpacking as far as that goes. Borrowed until the next call. */
enum ckpt_status fetch_stored(struct fetch *fetch, const struct ckpt_io *io, const struct ckpt_chunk *chunk, const void **stored);

#endif

/* Index entries: 64 bytes each, ascending by (space, address). */
#ifndef CKPTFMT_INDEX_H
#define CKPTFMT_INDEX_H

#include <stdbool.h>

#include <ckptfmt/chunk.h>

#include "error.h"

void index_encode(const struct ckpt_chunk *chunk, uint8_t bytes[CKPT_INDEX_ENTRY_SIZE]);
/* Decodes an entry; false where its reserved bytes are not zero. */
bool index_decode(const uint8_t bytes[CKPT_INDEX_ENTRY_SIZE], struct ckpt_chunk *chunk);
/* Checks an entry by itself: alignment, length, codec, and that it lies in the pages of this image. */
enum ckpt_status index_check(const struct ckpt_chunk *chunk, const struct ckpt_footer *footer, struct error *error);
/* The part of that which does not depend on where its bytes lie. */
enum ckpt_status index_check_shape(const struct ckpt_chunk *chunk, const struct ckpt_footer *footer, struct error *error);
/* Whether an entry, not decoded yet, is a sound one that goes on with a run of raw chunks; *length becomes its length. The usual entry of a large
 * image, and quick. */
bool index_continues(const uint8_t bytes[CKPT_INDEX_ENTRY_SIZE], const struct ckpt_run *run, const struct ckpt_footer *footer, uint64_t *length);
/* Whether one entry may stand right behind another: ascending, and without overlapping. */
bool index_in_order(const struct ckpt_chunk *last, const struct ckpt_chunk *chunk);
/* Negative, zero or positive as the chunk's end lies before, at or behind (space, address): what seeking compares. */
bool index_ends_behind(const struct ckpt_chunk *chunk, uint32_t space, uint64_t address);

#endif

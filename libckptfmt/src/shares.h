/* The last chunks that stored bytes, so that equal ones share them. Bounded, so that a stream's reader needs no more memory than its writer. */
#ifndef CKPTFMT_SHARES_H
#define CKPTFMT_SHARES_H

#include <stdbool.h>
#include <stddef.h>

#include <ckptfmt/chunk.h>

enum { SHARES_WINDOW = 32768 }; /* FORMAT.md: how far back a source may lie */

struct shares;

/* NULL when memory ran out. */
struct shares *shares_create(void);
void shares_destroy(struct shares *shares);
/* Remembers a chunk that stored its bytes; offsets ascend. */
void shares_add(struct shares *shares, const struct ckpt_chunk *chunk);
/* The chunk of the window with this length and digest, or NULL. Borrowed until the next shares_add(). */
const struct ckpt_chunk *shares_find(const struct shares *shares, const struct ckpt_chunk *chunk);
/* Whether shares_find() will still find it after `more` further chunks. */
bool shares_reaches(const struct shares *shares, const struct ckpt_chunk *chunk, size_t more);
/* Whether `chunk` is what the window's chunk at the same offset stored. */
bool shares_holds(const struct shares *shares, const struct ckpt_chunk *chunk, const struct ckpt_chunk **source);

#endif

/* Structures that callers of an older or newer header hand in: their first member is their size. */
#ifndef CKPTFMT_ADOPT_H
#define CKPTFMT_ADOPT_H

#include <stdbool.h>
#include <stddef.h>

/* Copies what both sides know into `to` (`size` bytes, struct_size included) and zeroes the rest. false where the size is impossible, or where
 * something is set that this library does not know. `from` may be NULL: all zero. */
bool adopt_options(void *to, size_t size, const void *from);

#endif

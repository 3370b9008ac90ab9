/* Where the memory of two images differs. */
#ifndef CKPTDUMP_CHANGES_H
#define CKPTDUMP_CHANGES_H

#include "ckptdump/image.h"

/* A run of pages of the process that is shown (image->process in both) which differ, within one mapping of `old`. */
typedef void change_found(void *context, uint64_t start, uint64_t end, const Ckpt__Mapping *mapping);

/* Compares what both have mapped: chunks by their digests, pages only where those differ. False, with a complaint, where memory cannot be read. */
bool changes_find(struct image *old, struct image *new, change_found *found, void *context);

#endif

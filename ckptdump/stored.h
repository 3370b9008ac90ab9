/* How much of an address range is stored in the image. */
#ifndef CKPTDUMP_STORED_H
#define CKPTDUMP_STORED_H

#include "ckptdump/image.h"

/* Sums over the index, so that every range costs two searches. */
struct stored {
    uint64_t *sums;  /* sums[i]: bytes of memory in the chunks before i; count + 1 of them */
    uint64_t count;
};

/* Reads the whole index once. False, with a complaint, where it is damaged. */
bool stored_init(struct stored *stored, struct image *image);
void stored_deinit(struct stored *stored);
/* Bytes of [start, end) of a space that are stored. */
uint64_t stored_bytes(const struct stored *stored, struct image *image, uint32_t space, uint64_t start, uint64_t end);
/* The same of a mapping of `memory`: its own pages, or for shared mappings those of its file. */
uint64_t stored_of_mapping(const struct stored *stored, struct image *image, const Ckpt__Memory *memory, const Ckpt__Mapping *mapping);

#endif

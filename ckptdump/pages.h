/* The pages of an image or of an ordinary core file: a list of chunks, ascending by (space, address), and the bytes in them. */
#ifndef CKPTDUMP_PAGES_H
#define CKPTDUMP_PAGES_H

#include "ckptdump/image.h"

/* How many chunks there are. */
uint64_t pages_count(const struct image *image);
/* The i-th one. False, with a complaint, where the index is damaged. */
bool pages_chunk(struct image *image, uint64_t i, struct ckpt_chunk *chunk);
/* The first chunk that ends behind (space, address); pages_count() where there is none. False, with a complaint, where the index is damaged. */
bool pages_seek(struct image *image, uint32_t space, uint64_t address, uint64_t *i);
/* A chunk's memory: chunk->length bytes, checked against the digest where there is one. False, with a complaint. */
bool pages_bytes(struct image *image, const struct ckpt_chunk *chunk, void *buffer);
/* How many bytes from (space, address) on are alike, all stored or all not; up to `length`. False, with a complaint. */
bool pages_run(struct image *image, uint32_t space, uint64_t address, uint64_t length, uint64_t *run, bool *stored);
/* Reads bytes that pages_run() found to be stored. False, with a complaint. */
bool pages_read(struct image *image, uint32_t space, uint64_t address, void *buffer, size_t length);

#endif

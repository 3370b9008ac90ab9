/* A process's memory as the image has it: mappings, the pages of its space, and of the files whose content is in the image. */
#ifndef CKPTDUMP_MEMORY_H
#define CKPTDUMP_MEMORY_H

#include "ckptdump/image.h"

enum memory_source {
    MEMORY_STORED,   /* the bytes are in the image */
    MEMORY_ZERO,     /* anonymous memory that nothing is stored of: zeros */
    MEMORY_FILE,     /* not in the image but in `file` at `file_offset`; given as zeros */
    MEMORY_UNMAPPED, /* nothing is mapped here; given as zeros */
};

struct memory_run {
    enum memory_source source;
    size_t length;                /* bytes that are alike, at least 1 */
    const Ckpt__Mapping *mapping; /* NULL where unmapped */
    const Ckpt__File *file;       /* the mapping's, or NULL */
    uint64_t file_offset;
};

/* The MEMORY record of the first process; NULL where the image has none. */
const Ckpt__Memory *memory_of(struct image *image);
/* Up to `length` bytes at `address` that come from the same source. False, with a complaint, where pages are damaged. */
bool memory_read(struct image *image, uint64_t address, void *buffer, size_t length, struct memory_run *run);

#endif

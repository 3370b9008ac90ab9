/* A process's memory as the image has it: mappings, the pages of its space, and of the files whose content is in the image. */
#ifndef CKPTDUMP_MEMORY_H
#define CKPTDUMP_MEMORY_H

#include "ckptdump/image.h"

enum memory_source {
    MEMORY_STORED,   /* the bytes are in the image */
    MEMORY_ZERO,     /* anonymous memory that nothing is stored of: zeros */
    MEMORY_FILE,     /* not in the image but in `file` at `file_offset` */
    MEMORY_ABSENT,   /* not in an ordinary core file, and nobody knows what it was */
    MEMORY_KERNEL,   /* the kernel's own ([vdso] …), in no file */
    MEMORY_UNMAPPED, /* nothing is mapped here */
};

struct memory_run {
    enum memory_source source;
    uint64_t length;              /* bytes that are alike, at least 1 */
    const Ckpt__Mapping *mapping; /* NULL where unmapped */
    const Ckpt__File *file;       /* the mapping's, or NULL */
    uint64_t file_offset;
    uint32_t space;               /* where stored bytes are */
    uint64_t space_address;
};

/* The MEMORY record of the process that is shown (image->process); NULL where the image has none. */
const Ckpt__Memory *memory_of(struct image *image);
/* What is at `address`, for up to `length` (not 0) bytes that come from the same source. False, with a complaint, where the index is damaged. */
bool memory_locate(struct image *image, uint64_t address, uint64_t length, struct memory_run *run);
/* The same with the bytes; those that the image does not have are given as zeros. False, with a complaint, where pages are damaged. */
bool memory_read(struct image *image, uint64_t address, void *buffer, size_t length, struct memory_run *run);

/* The word that /proc/PID/maps has for a place that no file is mapped at: "[heap]", "[stack]", or NULL. */
const char *memory_place(const Ckpt__Memory *memory, const Ckpt__Mapping *mapping);

#endif

/* What to copy: ranges of spaces, ascending, as the writer wants them, and where the bytes of each are found. */
#ifndef CHECKPT_FREEZE_EXTENTS_H
#define CHECKPT_FREEZE_EXTENTS_H

#include "checkpt/resource/resource.h"

enum extent_source {
    EXTENT_WRITTEN, /* process memory: pages that the program wrote; others in the range are zero */
    EXTENT_WHOLE,   /* process memory: every page that can be read */
    EXTENT_BYTES,   /* read already: `bytes` */
    EXTENT_FILE,    /* the file `fd`, the address is the offset */
    EXTENT_THROUGH, /* process memory at address + `shift`: a shared mapping of a file that cannot be opened */
};

struct extent {
    uint64_t address, length;
    union {
        const void *bytes;
        int fd;
        uint64_t shift;
    };
    uint32_t space;
    uint8_t source;   /* enum extent_source */
    bool writable;    /* its mapping is: words that hold thread ids may be there */
};

struct extents {
    struct extent *list; /* malloc()ed */
    size_t count, room;
    uint64_t bytes;      /* at most this many will be copied */
};

void extents_deinit(struct extents *extents);
bool extents_add(struct extents *extents, const struct extent *extent, struct failure *why);

/* Extents of the address space, from the page tables that `pagemap` shows: the program's, or those of a snapshot of it. Records guard ranges in the model's
 * mappings. `vdso` is the bytes of [vdso], read while nothing of ours was written there. */
bool extents_of_memory(struct extents *extents, struct freeze *freeze, int pagemap, const void *vdso, struct failure *why);

/* Extents of the content spaces: what mappings share or descriptors refer to that has no file of its own. Opens descriptors that contents_close() closes. */
bool extents_of_contents(struct extents *extents, struct freeze *freeze, struct failure *why);
void extents_close(struct extents *extents);

/* Hands mappings and extents to the writer. */
bool extents_declare(const struct extents *extents, const struct model *model, struct ckpt_writer *writer, struct failure *why);

#endif

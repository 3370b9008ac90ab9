/* Stacks of the threads of an image, by libdwfl: registers from the image, memory through it, symbols and unwind tables from the
 * files behind its mappings, where those are what they were (size, times, build-ids). */
#ifndef CKPTDUMP_UNWIND_H
#define CKPTDUMP_UNWIND_H

#include "ckptdump/image.h"

struct unwind_frame {
    unsigned number;
    uint64_t pc;
    const char *symbol; /* NULL: not known */
    uint64_t offset;    /* of pc in it */
    bool inlined;       /* a function without a frame of its own: in the next frame's code, so offset says nothing */
    const char *source; /* NULL: not known */
    int line;
    const Ckpt__Mapping *mapping; /* NULL: pc is nowhere */
};

struct unwind_events {
    void *context;
    void (*thread)(void *context, int32_t tid);
    void (*frame)(void *context, const struct unwind_frame *frame);
    /* The end of a thread's stack; `why` is NULL where that is its true end. */
    void (*end)(void *context, const char *why);
    /* A mapped program or library that cannot be used. */
    void (*unusable)(void *context, const Ckpt__File *file, const char *why);
};

/* The process that is shown. False, with a complaint, where nothing can be done. */
bool unwind(struct image *image, const struct unwind_events *events);

#endif

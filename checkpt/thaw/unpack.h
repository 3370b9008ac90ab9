/* Packed pages on their way to memory: collected first, then unpacked all at once, by all cores, each straight to where it belongs. */
#ifndef CHECKPT_THAW_UNPACK_H
#define CHECKPT_THAW_UNPACK_H

#include "checkpt/resource/resource.h"

struct unpack {
    struct thaw *thaw;
    struct ckpt_fill *list;
    size_t count, room;
    struct unpack_view {
        void *at;
        size_t length;
    } *views;
    size_t view_count, view_room;
};

void unpack_deinit(struct unpack *unpack);

/* `length` bytes of a space, from `address` on, are wanted at `to`. Whatever is stored there comes, raw or packed, every digest checked. */
void unpack_add(struct unpack *unpack, uint32_t space, uint64_t address, uint64_t length, void *to);
/* Part of a file, for unpack_add() to name: it is mapped until everything is unpacked. NULL with the sentence. */
void *unpack_view(struct unpack *unpack, int fd, uint64_t offset, uint64_t length, struct failure *why);
/* Does it. False with the sentence where anything is damaged, missing or unreadable. */
bool unpack_run(struct unpack *unpack, struct failure *why);

#endif

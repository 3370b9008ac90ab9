/* Two worlds: checkpt's own address space, which goes, and the program's, which comes. Finds an address that is free in both, and carries the
 * kernel's special mappings ([vvar], [vdso] and whatever lies with them) across by rule, not by name. */
#ifndef CHECKPT_THAW_WORLD_H
#define CHECKPT_THAW_WORLD_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "checkpt/failure.h"

struct plan;

struct world_range {
    uint64_t start, end;
};

enum { WORLD_SPECIAL_MAX = 8 };

struct world {
    struct world_range *taken;    /* the program's; checkpt's own mappings too after world_look() */
    size_t taken_count, taken_room;
    struct world_range *held;     /* of checkpt's own, what becomes the program's: thaw/plan_hold.c */
    size_t held_count;
    uint64_t top;                 /* everything of checkpt's is below */
    struct world_range special[WORLD_SPECIAL_MAX]; /* checkpt's own, contiguous, ascending */
    size_t special_count;
    struct world_range own_vdso;
    struct world_range old_special; /* the program's: plan_vdso() */
    uint64_t old_vdso;
    void *old_text;               /* malloc()ed, old_text_size bytes: 0 where it had no vdso */
    size_t old_text_size;
    bool same_text;               /* the old text is this kernel's */
    bool sealed;                  /* CONFIG_MSEAL_SYSTEM_MAPPINGS (Linux 6.16): special mappings can be neither moved nor unmapped */
};

void world_deinit(struct world *world);
void world_reserve(struct world *world, uint64_t start, uint64_t end);
void world_sort(struct world_range *ranges, size_t count);
/* Reads /proc/self/maps; the ranges are sorted afterwards. */
bool world_look(struct world *world, struct failure *why);
/* Bytes that are needed beside the interpreter while special mappings move. */
size_t world_aside_size(const struct world *world);
/* An address where `size` bytes are free in both worlds, away from what may grow; 0 where there is none. Later calls skip those below `above`. */
uint64_t world_place(const struct world *world, size_t size, uint64_t above);
/* Appends the calls that leave nothing but [start, end), what is held, and the program's special mappings. `aside` has world_aside_size() bytes, mapped without
 * access; the redirected text is put there. */
bool world_plan(struct plan *plan, struct world *world, uint64_t start, uint64_t end, uint64_t aside, struct failure *why);

#endif

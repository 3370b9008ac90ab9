/* One thaw's work on memory, shared by the files that plan it. */
#ifndef CHECKPT_RESOURCE_MEMORY_THAW_H
#define CHECKPT_RESOURCE_MEMORY_THAW_H

#include "checkpt/resource/memory.h"
#include "checkpt/thaw/plan.h"
#include "checkpt/thaw/stored.h"

/* A part of an anonymous mapping that is mapped from the image. Its pages come when they are touched. */
struct memory_piece {
    uint64_t start, end;
    uint64_t offset;             /* in the image, or a parent of it: */
    int fd;
};

struct memory_thaw {
    struct thaw *thaw;
    struct stored_source source;
    struct stored stored;        /* the address space's */
    struct memory_piece *pieces; /* ascending, each inside one mapping */
    size_t piece_count, piece_room;
    char what[160];              /* room for a call's sentence */
};

/* "mapping 7f12…-7f13…: WHAT", valid until the next one. */
const char *memory_what(struct memory_thaw *m, const Ckpt__Mapping *mapping, const char *what);
/* The first run, or piece, that ends behind an address. */
size_t memory_find_run(const struct memory_thaw *m, uint64_t address);
size_t memory_find_piece(const struct memory_thaw *m, uint64_t address);
/* Whether stored pages are read into a mapping once it is there: until then it is mapped writable. */
bool memory_is_filled(const struct memory_thaw *m, const Ckpt__Mapping *mapping);

/* Chooses the pieces. */
bool memory_choose_pieces(struct memory_thaw *m, struct failure *why);
/* Most mappings that a process may have here; how many are beside the program's own. */
uint64_t memory_mapping_limit(void);
enum { MEMORY_OTHER_MAPPINGS = 16 };

/* The parts of the plan. Contents: thaw->content. */
bool memory_plan_contents(struct memory_thaw *m, struct failure *why);
void memory_plan_fill(struct memory_thaw *m);
void memory_plan_finish(struct memory_thaw *m);
/* Seals of memfds that must wait until the program's mappings of them are there. */
void memory_plan_seals(struct memory_thaw *m);

#endif

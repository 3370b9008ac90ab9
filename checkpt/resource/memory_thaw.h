/* One thaw's work on memory, shared by the files that plan it. */
#ifndef CHECKPT_RESOURCE_MEMORY_THAW_H
#define CHECKPT_RESOURCE_MEMORY_THAW_H

#include "checkpt/resource/memory.h"
#include "checkpt/thaw/plan.h"
#include "checkpt/thaw/stored.h"
#include "checkpt/thaw/unpack.h"

/* A part of an anonymous mapping that is mapped from the image. Its pages come when they are touched. */
struct memory_piece {
    uint64_t start, end;
    uint64_t offset;             /* in the image, or a parent of it: */
    int fd;
};

/* The content of a file with a space of its own, on its way into a memfd. */
struct memory_content {
    const Ckpt__File *file;
    struct stored stored;        /* what is sent there from the image */
    int fd;                      /* one of the plan's own descriptors */
    uint64_t unpacked;           /* bytes that were unpacked into it already; 0: nothing was, and the plan makes the memfd */
};

struct memory_thaw {
    struct thaw *thaw;
    struct stored_source source;
    struct unpack unpack;
    struct stored stored;        /* the address space's: what is mapped and read, once memory_hold() has taken its part */
    struct memory_piece *pieces; /* ascending, each inside one mapping */
    size_t piece_count, piece_room;
    struct plan_held *held;      /* ascending: what of anonymous mappings lies between the pieces, where much is stored */
    size_t held_count, held_room;
    int unpacked;                /* one of the plan's own descriptors: memory that the rest is unpacked to, and read from; -1 where there is none */
    struct memory_content *contents;
    size_t content_count;
    char what[160];              /* room for a call's sentence */
};

/* "mapping 7f12…-7f13…: WHAT", valid until the next one. */
const char *memory_what(struct memory_thaw *m, const Ckpt__Mapping *mapping, const char *what);
/* The first run, piece, or held memory that ends behind an address. */
size_t memory_find_run(const struct memory_thaw *m, uint64_t address);
size_t memory_find_piece(const struct memory_thaw *m, uint64_t address);
size_t memory_find_held(const struct memory_thaw *m, uint64_t address);
/* Whether a mapping gets stored pages, before it is there or afterwards: until it has them it is writable. */
bool memory_is_filled(const struct memory_thaw *m, const Ckpt__Mapping *mapping);

/* Chooses the pieces. */
bool memory_choose_pieces(struct memory_thaw *m, struct failure *why);
/* Most mappings that a process may have here; how many are beside the program's own. */
uint64_t memory_mapping_limit(void);
enum { MEMORY_OTHER_MAPPINGS = 16 };

/* Before the plan, in this order: the last does what the others ask for. Contents: thaw->content. */
bool memory_hold(struct memory_thaw *m, struct failure *why);
bool memory_divide(struct memory_thaw *m, struct failure *why);
bool memory_make_contents(struct memory_thaw *m, struct failure *why);
bool memory_unpack(struct memory_thaw *m, struct failure *why);

/* The parts of the plan. */
void memory_plan_contents(struct memory_thaw *m);
void memory_plan_fill(struct memory_thaw *m);
void memory_plan_finish(struct memory_thaw *m);
/* Seals of memfds that must wait until the program's mappings of them are there. */
void memory_plan_seals(struct memory_thaw *m);

#endif

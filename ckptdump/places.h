/* Where an address of a space is for the processes that map it. */
#ifndef CKPTDUMP_PLACES_H
#define CKPTDUMP_PLACES_H

#include "ckptdump/image.h"
#include "cli/text.h"

struct place {
    uint32_t space;
    uint64_t start, end; /* in the space */
    const Ckpt__Memory *memory;
    const Ckpt__Mapping *mapping;
    const Ckpt__File *file; /* NULL: anonymous */
};

struct places {
    struct place *list; /* by space and start */
    size_t count;
};

/* False, with a complaint, where memory runs out. */
bool places_init(struct places *places, struct image *image);
void places_deinit(struct places *places);
/* The first place that has the address, or NULL: content that nothing maps. */
const struct place *places_find(const struct places *places, uint32_t space, uint64_t address);
/* The address in the process of one in the space. */
uint64_t place_address(const struct place *place, uint64_t address);
/* Adds what /proc/PID/maps calls it: "[heap]", a path, "[anon]" for nameless memory; NULL: "space N (…)" after the file that has it. Not escaped. */
void place_add_name(struct cli_text *text, struct image *image, const struct place *place, uint32_t space);

#endif

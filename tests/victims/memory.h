/* The parts of the victim `memory`. */
#ifndef TESTS_VICTIMS_MEMORY_H
#define TESTS_VICTIMS_MEMORY_H

#include <stddef.h>
#include <stdint.h>

/* Memory with a pattern of its own; `other` is a second view of shared memory. */
struct area {
    const char *name;
    uint8_t *at, *other;
    size_t bytes;
    uint64_t seed;
};

/* Many mappings of a page each, no two of which can be one, and one large piece of memory. */
struct bulk {
    unsigned long maps;
    size_t bytes;
    uint8_t *many, *large;
};

void bulk_make(struct bulk *bulk);
void bulk_check(const struct bulk *bulk);

/* A little of it, another piece in every round; the large piece is changed there and back. */
void bulk_check_some(struct bulk *bulk, unsigned long round);

#endif

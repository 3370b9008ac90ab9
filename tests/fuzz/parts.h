/* The parts of an image, for changing them: as FORMAT.md has them, and without the library's inside. */
#ifndef FUZZ_PARTS_H
#define FUZZ_PARTS_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

struct parts {
    uint8_t *bytes;
    size_t size;
    size_t head_size, pages_end, index_offset, index_count, tail_offset, tail_size; /* all inside */
    bool packed;
};

/* Whether the bytes end in a footer whose numbers lie inside the file. */
bool parts_find(struct parts *parts, uint8_t *bytes, size_t size);

/* Little-endian numbers of `size` bytes. */
uint64_t parts_get(const uint8_t *at, size_t size);
void parts_put(uint8_t *at, size_t size, uint64_t value);

/* Makes the digests fit again; each may be left out. */
enum {
    PARTS_FIX_CHUNKS = 1,       /* the chunks' digests and checks */
    PARTS_FIX_DESCRIPTIONS = 2, /* those in packed pages become their entries */
    PARTS_FIX_DIGESTS = 4,      /* head, index, tail, id, footer */
};
void parts_fix(struct parts *parts, unsigned what);

#endif

/* Inputs of the target `record`: notes one after another, each a tag, two bytes of length, and a body. */
#ifndef FUZZ_ITEMS_H
#define FUZZ_ITEMS_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

enum { ITEM_HEADER = 3, ITEM_KINDS = 32, ITEM_TAIL = 64, ITEM_CORE = 128 };

/* Tags below ITEM_CORE: the low bits are the record's kind, ITEM_TAIL puts it into the tail. From ITEM_CORE on: the debugger's note item_core_types[tag % 8]. */
struct item {
    size_t start, end;
    uint8_t tag;
    const uint8_t *body;
    size_t length; /* at most what there is */
};

/* The item at `at`; false behind the last. */
static inline bool item_at(const uint8_t *data, size_t size, size_t at, struct item *item)
{
    if (at >= size || size - at < ITEM_HEADER)
        return false;
    size_t length = data[at + 1] | (size_t)data[at + 2] << 8, left = size - at - ITEM_HEADER;
    length = length < left ? length : left;
    *item = (struct item){.start = at, .end = at + ITEM_HEADER + length, .tag = data[at], .body = data + at + ITEM_HEADER, .length = length};
    return true;
}

#endif

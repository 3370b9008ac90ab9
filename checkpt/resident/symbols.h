/* Variables that the objects of a program export. */
#ifndef CHECKPT_RESIDENT_SYMBOLS_H
#define CHECKPT_RESIDENT_SYMBOLS_H

#include "checkpt/model/model.h"

enum { SYMBOLS_FOUND_MAX = 32 };
struct symbols_found {
    uint64_t addresses[SYMBOLS_FOUND_MAX];
    size_t count;
};

/* Every definition of the data symbol `name` in the program and its libraries: a program's own copy of a library's variable counts, and so does the library's. */
void symbols_find_all(const struct model *model, const char *name, struct symbols_found *found);

#endif

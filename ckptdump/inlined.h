/* The functions that a compiler inlined at an address, from debug information (DWARF), innermost first: what debuggers show as frames of their own. */
#ifndef CKPTDUMP_INLINED_H
#define CKPTDUMP_INLINED_H

#include <elfutils/libdwfl.h>
#include <stdint.h>

enum { INLINED_MAX = 32, INLINED_SLOTS = 64 };

struct inlined_call {
    const char *name;        /* of the inlined function; NULL: not known */
    const char *call_source; /* where it was called; NULL: not known */
    int call_line;
};

/* Of one address; deeper ones than INLINED_MAX are left out, the outermost first. Strings are the Dwfl's. */
struct inlined {
    uint64_t address;
    unsigned count;
    struct inlined_call calls[INLINED_MAX];
};

/* Stacks that recurse have the same addresses again and again; all zeros at the beginning. */
struct inlined_cache {
    struct inlined slots[INLINED_SLOTS];
};

/* Borrowed until the next call. */
const struct inlined *inlined_at(struct inlined_cache *cache, Dwfl_Module *module, uint64_t address);

#endif

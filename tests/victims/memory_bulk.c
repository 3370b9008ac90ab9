#include <errno.h>
#include <string.h>
#include <sys/mman.h>

#include "tests/victims/memory.h"
#include "tests/victims/victim.h"

enum { PAGE = 4096, PIECE = 64 * PAGE, LARGE_SEED = 9 };

/* Every second page is read-only, so the kernel cannot join neighbours. */
void bulk_make(struct bulk *bulk)
{
    if (bulk->maps > 0) {
        bulk->many = mmap(NULL, bulk->maps * PAGE, PROT_READ | PROT_WRITE, MAP_PRIVATE | MAP_ANONYMOUS, -1, 0);
        demand(bulk->many != MAP_FAILED, "many mappings: %s", strerror(errno));
    }
    for (unsigned long i = 0; i < bulk->maps; i++) {
        pattern_fill(bulk->many + i * PAGE, PAGE, i);
        if (i % 2 != 0)
            demand(mprotect(bulk->many + i * PAGE, PAGE, PROT_READ) == 0, "many mappings: the %lu-th: %s", i, strerror(errno));
    }
    if (bulk->bytes > 0) {
        bulk->large = mmap(NULL, bulk->bytes, PROT_READ | PROT_WRITE, MAP_PRIVATE | MAP_ANONYMOUS, -1, 0);
        demand(bulk->large != MAP_FAILED, "large memory: %s", strerror(errno));
    }
    for (size_t i = 0; i < bulk->bytes; i += PIECE)
        pattern_fill(bulk->large + i, PIECE, LARGE_SEED + i);
}

void bulk_check(const struct bulk *bulk)
{
    for (unsigned long i = 0; i < bulk->maps; i++)
        pattern_check(bulk->many + i * PAGE, PAGE, i, "many mappings");
    for (size_t i = 0; i < bulk->bytes; i += PIECE)
        pattern_check(bulk->large + i, PIECE, LARGE_SEED + i, "large memory");
}

void bulk_check_some(struct bulk *bulk, unsigned long round)
{
    if (bulk->maps > 0)
        pattern_check(bulk->many + round * 7919 % bulk->maps * PAGE, PAGE, round * 7919 % bulk->maps, "many mappings");
    if (bulk->bytes > 0) {
        size_t i = round * 7919 % (bulk->bytes / PIECE) * PIECE;
        pattern_check(bulk->large + i, PIECE, LARGE_SEED + i, "large memory");
        memset(bulk->large + i, 0, PIECE);
        pattern_fill(bulk->large + i, PIECE, LARGE_SEED + i);
    }
}

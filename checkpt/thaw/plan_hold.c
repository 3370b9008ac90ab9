/* Memory of the program that checkpt fills itself. Mostly its place is free in checkpt, too, and it simply stays: then the kernel's idea of where anonymous memory began
 * (vm_pgoff, which mremap(2) keeps) is what it was, and it merges with what the program maps beside it. */
#include <errno.h>
#include <stdlib.h>
#include <sys/mman.h>

#include "checkpt/thaw/plan_state.h"

#define PAGE 4096ull
#define TABLE (2ull << 20)      /* what a page table, or a huge page, spans */
#define DIRECTORY (1ull << 30)  /* what a table of tables spans */
#define NOWHERE UINT64_MAX
#define STACK_ROOM (64ull << 20)

static bool refuse(const struct plan_held *held, struct failure *why)
{
    return failure_errno(why, "mapping %jx-%jx: memory to unpack it into", (uintmax_t)held->start, (uintmax_t)held->end);
}

/* EEXIST where the place is not free. */
static bool map_at(const struct plan_held *held, uint64_t at)
{
    size_t size = held->end - held->start;
    void *got = mmap((void *)(uintptr_t)at, size, PROT_READ | PROT_WRITE, MAP_PRIVATE | MAP_ANONYMOUS | MAP_FIXED_NOREPLACE | (int)held->flags, -1, 0);
    if (got == MAP_FAILED)
        return false;
    if ((uint64_t)(uintptr_t)got == at)
        return true;
    munmap(got, size); /* before Linux 4.17 the address is a hint only */
    errno = EEXIST;
    return false;
}

/* Where checkpt's own stack may grow. */
static bool is_in_the_way(const struct plan_held *held)
{
    uint64_t stack = (uint64_t)(uintptr_t)__builtin_frame_address(0);
    return held->start < stack && held->end > stack - STACK_ROOM;
}

static bool hold_in_place(struct plan_held *list, size_t count, size_t *left, struct failure *why)
{
    *left = 0;
    for (size_t i = 0; i < count; i++) {
        struct plan_held *held = &list[i];
        held->at = NOWHERE;
        if (!is_in_the_way(held) && map_at(held, held->start))
            held->at = held->start;
        else if (is_in_the_way(held) || errno == EEXIST || errno == EPERM /* below vm.mmap_min_addr */)
            ++*left;
        else
            return refuse(held, why);
    }
    return true;
}

/* Places for all that has none, from `base` on: what touches in the program touches there. Returns their end. */
static uint64_t lay_out(struct plan_held *list, size_t count, uint64_t base)
{
    const struct plan_held *last = NULL;
    uint64_t end = base;
    for (size_t i = 0; i < count; i++) {
        struct plan_held *held = &list[i];
        uint64_t size = held->end - held->start, unit = size >= DIRECTORY ? DIRECTORY : TABLE;
        if (held->at == held->start)
            continue;
        bool touches = last != NULL && last->end == held->start && (size < DIRECTORY || last->end - last->start >= DIRECTORY);
        held->at = touches ? end : (end + unit - 1) / unit * unit + held->start % unit;
        end = held->at + size;
        last = held;
    }
    return end;
}

static bool map_elsewhere(struct plan_held *list, size_t count)
{
    size_t i = 0;
    while (i < count && (list[i].at == list[i].start || map_at(&list[i], list[i].at)))
        i++;
    if (i == count)
        return true;
    int error = errno;
    while (i-- > 0)
        if (list[i].at != list[i].start)
            munmap((void *)(uintptr_t)list[i].at, list[i].end - list[i].start);
    errno = error;
    return false;
}

/* Free in both worlds: no part of it is in the way of what is mapped before it is moved. */
static bool hold_elsewhere(struct plan *plan, struct plan_held *list, size_t count, struct failure *why)
{
    struct world both = {0};
    uint64_t base = 0, size = lay_out(list, count, DIRECTORY) - DIRECTORY;
    for (size_t i = 0; i < plan->world.taken_count; i++)
        world_reserve(&both, plan->world.taken[i].start, plan->world.taken[i].end);
    bool done = world_look(&both, why), placed = false;
    while (done && !placed) {
        uint64_t found = world_place(&both, size + 2 * DIRECTORY, base);
        base = (found + DIRECTORY - 1) / DIRECTORY * DIRECTORY;
        lay_out(list, count, base);
        if (found == 0)
            done = failure_set(why, "no room for %ju bytes of unpacked pages in the program's address space", (uintmax_t)size);
        else if (map_elsewhere(list, count))
            placed = true;
        else if (errno != EEXIST)
            done = failure_errno(why, "memory for %ju bytes of unpacked pages", (uintmax_t)size);
        base += size;
    }
    world_deinit(&both);
    return done;
}

bool plan_hold(struct plan *plan, struct plan_held *list, size_t count, struct failure *why)
{
    size_t left;
    if (count == 0)
        return true;
    if (!hold_in_place(list, count, &left, why) || (left > 0 && !hold_elsewhere(plan, list, count, why)))
        return false;
    struct world *world = &plan->world;
    world->held = calloc(count, sizeof(*world->held));
    if (world->held == NULL)
        return failure_set(why, "list of %zu mappings: out of memory", count);
    for (size_t i = 0; i < count; i++)
        world->held[i] = (struct world_range){list[i].at, list[i].at + (list[i].end - list[i].start)};
    world->held_count = count;
    return true;
}

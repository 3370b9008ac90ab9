#include "checkpt/thaw/world.h"

#include <errno.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/mman.h>
#include <unistd.h>

#include "checkpt/thaw/plan_state.h"

/* User addresses that every x86-64 kernel has: 47 bits less the guard page. */
#define LOWEST 0x10000ull
#define HIGHEST 0x7ffffffff000ull
/* Away from heaps of programs at fixed addresses, sanitizers' shadows, and where the kernel puts mappings and stacks. */
#define PREFERRED 0x100000000000ull
#define LINE_MAX_BYTES 512

void world_deinit(struct world *world)
{
    free(world->taken);
    free(world->held);
    free(world->old_text);
}

void world_reserve(struct world *world, uint64_t start, uint64_t end)
{
    if (start >= end)
        return;
    struct world_range *last = world->taken_count > 0 ? &world->taken[world->taken_count - 1] : NULL;
    if (last != NULL && start >= last->start && start <= last->end) {
        if (end > last->end)
            last->end = end;
        return;
    }
    world->taken = plan_room(world->taken, &world->taken_room, world->taken_count + 1, sizeof(*world->taken));
    world->taken[world->taken_count++] = (struct world_range){start, end};
}

static int compare(const void *a, const void *b)
{
    const struct world_range *x = a, *y = b;
    return (x->start > y->start) - (x->start < y->start);
}

void world_sort(struct world_range *ranges, size_t count)
{
    qsort(ranges, count, sizeof(*ranges), compare);
}

/* The kernel's own: bracketed, and neither heap, stack nor a name that a program gave. */
static bool is_special(const char *name)
{
    static const char *const ordinary[] = {"[heap]", "[stack", "[anon"};
    if (name[0] != '[')
        return false;
    for (size_t i = 0; i < sizeof(ordinary) / sizeof(ordinary[0]); i++)
        if (strncmp(name, ordinary[i], strlen(ordinary[i])) == 0)
            return false;
    return true;
}

/* Special mappings that touch each other are moved together; a group without the vdso ([uprobes]) is not the program's to have. */
static void note_special(struct world *world, struct world_range range, bool is_vdso)
{
    size_t n = world->special_count;
    bool touches = n > 0 && world->special[n - 1].end == range.start;
    if (!touches && world->own_vdso.end != 0)
        return;
    if (!touches)
        n = 0;
    if (n < WORLD_SPECIAL_MAX)
        world->special[n++] = range;
    world->special_count = n;
    if (is_vdso)
        world->own_vdso = range;
}

static void note_line(struct world *world, const char *line)
{
    struct world_range range;
    char *rest;
    range.start = strtoull(line, &rest, 16);
    if (*rest != '-')
        return;
    range.end = strtoull(rest + 1, &rest, 16);
    if (range.start > HIGHEST) /* [vsyscall] */
        return;
    world_reserve(world, range.start, range.end);
    if (range.end > world->top)
        world->top = range.end;
    const char *name = strchr(line, '[');
    if (name != NULL && name[-1] == ' ' && is_special(name))
        note_special(world, range, strncmp(name, "[vdso]", 6) == 0);
}

/* A sealed mapping refuses every mprotect(2), also one that changes nothing. It stays where it is, so that place must be free in the program. */
static bool look_for_seal(struct world *world, const struct world_range *program, size_t count, struct failure *why)
{
    const struct world_range *first = &world->special[0];
    if (world->special_count == 0)
        return true;
    int protection = first->start == world->own_vdso.start ? PROT_READ | PROT_EXEC : PROT_READ;
    world->sealed = mprotect((void *)(uintptr_t)first->start, first->end - first->start, protection) != 0 && errno == EPERM;
    uint64_t end = world->special[world->special_count - 1].end;
    for (size_t i = 0; world->sealed && i < count; i++)
        if (program[i].start < end && program[i].end > first->start)
            return failure_set(why, "plan: this kernel seals its vdso at %#jx, where the program has memory; try again: it lies elsewhere every time",
                               (uintmax_t)first->start);
    return true;
}

bool world_look(struct world *world, struct failure *why)
{
    FILE *maps = fopen("/proc/self/maps", "re");
    if (maps == NULL)
        return failure_errno(why, "plan: reading /proc/self/maps");
    size_t program = world->taken_count;
    char *line = NULL;
    size_t room = 0;
    world->top = HIGHEST;
    while (getline(&line, &room, maps) > 0)
        note_line(world, line);
    free(line);
    fclose(maps);
    if (!look_for_seal(world, world->taken, program, why))
        return false;
    world_sort(world->taken, world->taken_count);
    world->same_text = world->own_vdso.end - world->own_vdso.start >= world->old_text_size && world->old_text_size > 0 &&
                       memcmp((const void *)(uintptr_t)world->own_vdso.start, world->old_text, world->old_text_size) == 0;
    return true;
}

static uint64_t gap(const struct world *world, uint64_t size, uint64_t margin, uint64_t lowest)
{
    uint64_t free_from = lowest;
    for (size_t i = 0; i < world->taken_count; i++) {
        const struct world_range *taken = &world->taken[i];
        if (taken->start > free_from && taken->start - free_from >= size + margin)
            return free_from;
        if (taken->end + margin > free_from)
            free_from = taken->end + margin;
    }
    return HIGHEST > free_from && HIGHEST - free_from >= size + margin ? free_from : 0;
}

uint64_t world_place(const struct world *world, size_t size, uint64_t above)
{
    static const struct {
        uint64_t margin, lowest;
    } tries[] = {{1ull << 30, PREFERRED}, {1ull << 30, LOWEST}, {1ull << 24, LOWEST}, {0, LOWEST}};
    for (size_t i = 0; i < sizeof(tries) / sizeof(tries[0]); i++) {
        uint64_t lowest = tries[i].lowest > above ? tries[i].lowest : above;
        uint64_t found = gap(world, size, tries[i].margin, lowest);
        if (found != 0)
            return found;
    }
    return 0;
}

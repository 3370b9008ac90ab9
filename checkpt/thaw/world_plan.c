#include <errno.h>
#include <signal.h>
#include <string.h>
#include <sys/mman.h>
#include <sys/rseq.h>
#include <sys/syscall.h>

#include "checkpt/thaw/plan_state.h"
#include "checkpt/thaw/redirect.h"

enum { PAGE = 4096, RSEQ_FIRST_SIZE = 32, ROBUST_HEAD_SIZE = 24 };

static uint64_t pages(uint64_t size)
{
    return (size + PAGE - 1) & ~(uint64_t)(PAGE - 1);
}

static uint64_t special_span(const struct world *world)
{
    return world->special_count == 0 ? 0 : world->special[world->special_count - 1].end - world->special[0].start;
}

size_t world_aside_size(const struct world *world)
{
    if (world->old_text_size == 0)
        return 0;
    size_t moved = world->sealed ? 0 : special_span(world);
    return moved + (world->same_text && !world->sealed ? 0 : pages(world->old_text_size));
}

/* The kernel would write to the C library's rseq area, and read its robust list, in memory that is gone. glibc registers 32 bytes at least, whatever
 * size it tells. */
static void plan_let_go(struct plan *plan)
{
    const uint64_t all = ~0ull;
    uint32_t mask = plan_data(plan, &all, sizeof(all), sizeof(all));
    PLAN_CALL(plan, "blocking signals", SYS_rt_sigprocmask, PLAN_NUMBER(SIG_BLOCK), PLAN_DATA(mask), PLAN_NUMBER(0), PLAN_NUMBER(sizeof(all)));
    if (__rseq_size > 0) {
        uint64_t area = (uint64_t)(uintptr_t)__builtin_thread_pointer() + (uint64_t)__rseq_offset;
        uint64_t size = __rseq_size < RSEQ_FIRST_SIZE ? RSEQ_FIRST_SIZE : (__rseq_size + 31) & ~31ull;
        PLAN_CALL(plan, "ending checkpt's own restartable sequences", SYS_rseq, PLAN_NUMBER(area), PLAN_NUMBER(size),
                  PLAN_NUMBER(RSEQ_FLAG_UNREGISTER), PLAN_NUMBER(RSEQ_SIG));
    }
    PLAN_CALL(plan, "ending checkpt's own robust list", SYS_set_robust_list, PLAN_NUMBER(0), PLAN_NUMBER(ROBUST_HEAD_SIZE));
    PLAN_CALL(plan, "ending checkpt's own thread id", SYS_set_tid_address, PLAN_NUMBER(0));
}

/* Moves all special mappings, keeping their distances, from where the first is at `from` to where it is at `to`. */
static void plan_move_special(struct plan *plan, const struct world *world, uint64_t from, uint64_t to, const char *what)
{
    for (size_t i = 0; i < world->special_count; i++) {
        const struct world_range *special = &world->special[i];
        uint64_t distance = special->start - world->special[0].start;
        plan_move(plan, from + distance, special->end - special->start, to + distance, what);
    }
}

static void plan_unmap(struct plan *plan, uint64_t start, uint64_t end)
{
    if (start < end)
        PLAN_CALL(plan, "unmapping checkpt's own memory", SYS_munmap, PLAN_NUMBER(start), PLAN_NUMBER(end - start));
}

static void plan_unmap_all(struct plan *plan, const struct world *world, uint64_t start, uint64_t end)
{
    size_t count = 0;
    struct world_range *stays = arena_alloc(&plan->arena, (world->held_count + 2) * sizeof(*stays));
    for (; count < world->held_count; count++)
        stays[count] = world->held[count];
    stays[count++] = (struct world_range){start, end};
    if (world->sealed)
        stays[count++] = (struct world_range){world->special[0].start, world->special[0].start + special_span(world)};
    world_sort(stays, count);
    uint64_t from = 0;
    for (size_t i = 0; i < count; i++) {
        plan_unmap(plan, from, stays[i].start);
        from = stays[i].end;
    }
    plan_unmap(plan, from, world->top);
}

/* The old text goes to its place with its functions leading to the new ones. A thread may have been stopped in the midst of one: it
 * finds zeros where the old [vvar] was, which says "no clock here, ask the kernel" in every layout so far. */
static bool plan_redirected(struct plan *plan, const struct world *world, uint64_t aside, struct failure *why)
{
    uint64_t size = pages(world->old_text_size);
    uint64_t special = world->sealed ? world->special[0].start : aside;
    uint64_t copy = world->sealed ? aside : aside + special_span(world);
    void *text = (void *)(uintptr_t)copy;
    if (mprotect(text, size, PROT_READ | PROT_WRITE) != 0)
        return failure_errno(why, "plan: making a copy of the program's vdso");
    memcpy(text, world->old_text, world->old_text_size);
    uint64_t new_text = special + (world->own_vdso.start - world->special[0].start);
    if (!redirect_functions(text, world->old_text_size, world->own_vdso.start, world->own_vdso.end, new_text, why))
        return false;
    if (mprotect(text, size, PROT_READ | PROT_EXEC) != 0)
        return failure_errno(why, "plan: protecting the copy of the program's vdso");
    plan_move(plan, copy, size, world->old_vdso, "vdso: putting the program's old one in its place");
    if (world->old_special.start < world->old_vdso)
        PLAN_EXPECT(plan, world->old_special.start, "vdso: zeros for the program's old one", SYS_mmap, PLAN_NUMBER(world->old_special.start),
                    PLAN_NUMBER(world->old_vdso - world->old_special.start), PLAN_NUMBER(PROT_READ),
                    PLAN_NUMBER(MAP_PRIVATE | MAP_ANONYMOUS | MAP_FIXED_NOREPLACE), PLAN_NUMBER(-1), PLAN_NUMBER(0));
    return true;
}

bool world_plan(struct plan *plan, struct world *world, uint64_t start, uint64_t end, uint64_t aside, struct failure *why)
{
    plan_let_go(plan);
    bool wanted = world->old_text_size > 0 && world->special_count > 0;
    if (wanted && !world->sealed)
        plan_move_special(plan, world, world->special[0].start, aside, "vdso: moving this kernel's aside");
    plan_unmap_all(plan, world, start, end);
    if (!wanted)
        return true;
    if (!world->same_text || world->sealed)
        return plan_redirected(plan, world, aside, why);
    uint64_t before = world->own_vdso.start - world->special[0].start;
    plan_move_special(plan, world, aside, world->old_vdso - before, "vdso: putting it in its place");
    return true;
}

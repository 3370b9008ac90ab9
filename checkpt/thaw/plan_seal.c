#include <errno.h>
#include <linux/limits.h>
#include <string.h>
#include <sys/mman.h>
#include <unistd.h>

#include "checkpt/thaw/plan_state.h"

enum { PAGE = 4096, ERRNO_END = 134, PREFIX_ROOM = PATH_MAX + 64, DATA_ALIGNMENT = PAGE, WORLD_TEXT_MAX = 128, ERRORS_TEXT_MAX = 16384 };

static uint64_t align(uint64_t value, uint64_t to)
{
    return (value + to - 1) & ~(to - 1);
}

static bool complete(const struct plan *plan, struct failure *why)
{
    for (size_t i = PLAN_FIRST_THREAD; i < plan->list_count; i++) {
        if (!plan->lists[i].started)
            return failure_set(why, "plan: thread %zu is never started", i - PLAN_FIRST_THREAD);
        if (!plan->lists[i].left)
            return failure_set(why, "plan: thread %zu never leaves", i - PLAN_FIRST_THREAD);
    }
    return true;
}

static size_t frames_size(const struct plan *plan)
{
    size_t size = 0;
    for (size_t i = PLAN_FIRST_THREAD; i < plan->list_count; i++)
        size += sigframe_size(&plan->xsave, plan->lists[i].context.xsave, plan->lists[i].context.xsave_size);
    return size;
}

/* Takes `size` bytes at *cursor. */
static uint64_t take(uint64_t *cursor, size_t size, size_t alignment)
{
    uint64_t start = align(*cursor, alignment);
    *cursor = start + size;
    return start;
}

/* As if the area began at 0. World calls are still missing: they are few. */
static void lay_out(struct plan *plan, size_t more_steps)
{
    struct plan_area *area = &plan->area;
    uint64_t at = (uint64_t)(interpreter_code_end - interpreter_code);
    area->control = take(&at, sizeof(struct interpreter_control), SIGFRAME_ALIGNMENT);
    area->frames = take(&at, frames_size(plan), SIGFRAME_ALIGNMENT);
    area->rest = take(&at, 0, PAGE);
    area->threads = take(&at, (plan->list_count - PLAN_FIRST_THREAD) * sizeof(struct interpreter_thread), PAGE);
    area->hints = take(&at, plan->hint_count * sizeof(struct interpreter_hint), sizeof(uint64_t));
    area->errors = take(&at, ERRNO_END * sizeof(struct interpreter_text), sizeof(uint64_t));
    area->prefix = take(&at, PREFIX_ROOM, 1);
    area->steps = take(&at, (plan->step_count + more_steps) * sizeof(struct interpreter_step), sizeof(uint64_t));
    area->data = take(&at, plan->data_size + more_steps * 2 * sizeof(uint64_t), DATA_ALIGNMENT);
    area->texts = take(&at, plan->texts_size + more_steps * WORLD_TEXT_MAX + ERRORS_TEXT_MAX, 1);
    area->aside = take(&at, 0, PAGE);
    area->end = area->aside + world_aside_size(&plan->world);
}

static void move(struct plan_area *area, uint64_t to)
{
    uint64_t *const parts[] = {&area->control, &area->frames, &area->rest,  &area->threads, &area->hints, &area->errors,
                               &area->texts,   &area->prefix, &area->steps, &area->data,    &area->aside, &area->end};
    for (size_t i = 0; i < sizeof(parts) / sizeof(parts[0]); i++)
        *parts[i] += to;
    area->start = to;
}

static bool map_parts(const struct plan_area *area, struct failure *why)
{
    int memory = memfd_create(PLAN_REMAINS, MFD_CLOEXEC);
    if (memory < 0)
        return failure_errno(why, "plan: creating memory for the interpreter");
    size_t kept = area->rest - area->start;
    bool done = ftruncate(memory, (off_t)kept) == 0 &&
                mmap((void *)(uintptr_t)area->start, kept, PROT_READ | PROT_WRITE | PROT_EXEC, MAP_SHARED | MAP_FIXED, memory, 0) != MAP_FAILED;
    if (!done)
        failure_errno(why, "plan: mapping the interpreter (where SELinux or PR_SET_MDWE forbid writable code, there is no thaw)");
    close(memory);
    if (!done)
        return false;
    if (mprotect((void *)(uintptr_t)area->rest, area->aside - area->rest, PROT_READ | PROT_WRITE) != 0)
        return failure_errno(why, "plan: mapping the list of calls");
    return true;
}

/* The address is held from here on: whatever checkpt maps until the plan runs goes elsewhere. */
static bool place(struct plan *plan, struct failure *why)
{
    size_t size = plan->area.end;
    uint64_t above = 0, at;
    do {
        at = world_place(&plan->world, size, above);
        if (at == 0)
            return failure_set(why, "plan: no room for %zu bytes in the program's address space", size);
        above = at + size;
        void *got = mmap((void *)(uintptr_t)at, size, PROT_NONE, MAP_PRIVATE | MAP_ANONYMOUS | MAP_NORESERVE | MAP_FIXED_NOREPLACE, -1, 0);
        if (got == MAP_FAILED && errno != EEXIST)
            return failure_errno(why, "plan: reserving %zu bytes", size);
        if (got != MAP_FAILED && (uint64_t)(uintptr_t)got != at) /* before Linux 4.17 the address is a hint only */
            munmap(got, size);
        else if (got != MAP_FAILED)
            break;
    } while (true);
    move(&plan->area, at);
    return map_parts(&plan->area, why);
}

/* The world's own calls come first, though they are known last. */
static bool prepend_world(struct plan *plan, struct failure *why)
{
    size_t current = plan->current;
    plan->current = PLAN_WORLD;
    bool done = world_plan(plan, &plan->world, plan->area.start, plan->area.end, plan->area.aside, why);
    plan->current = current;
    struct plan_list *world = &plan->lists[PLAN_WORLD], *leader = &plan->lists[PLAN_FIRST_THREAD];
    plan->steps[world->last].next = leader->first;
    leader->first = world->first;
    return done;
}

bool plan_seal(struct plan *plan, struct failure *why)
{
    enum { WORLD_STEPS = 8 + 2 * WORLD_SPECIAL_MAX };
    xsave_host_look(&plan->xsave);
    if (!complete(plan, why) || !world_look(&plan->world, why))
        return false;
    lay_out(plan, WORLD_STEPS + plan->world.held_count);
    if (!place(plan, why) || !prepend_world(plan, why))
        return false;
    plan_lower(plan);
    return true;
}

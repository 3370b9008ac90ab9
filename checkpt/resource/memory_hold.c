/* What all cores fill before the plan runs, straight in the program's memory: the parts of private anonymous mappings that are not mapped from an image, where much is
 * stored. Each is made as large as it will be, without a page in it (thaw/plan_hold.c), and stays or is moved as one. The rest the plan reads: stacks that grow, private
 * mappings of files, and a few pages here and there. */
#include <stdio.h>
#include <sys/mman.h>
#include <sys/resource.h>
#include <unistd.h>

#include "checkpt/resource/memory_thaw.h"
#include "checkpt/thaw/plan_state.h"

enum { SMALLEST = 64 << 10, RAW_SHARE = 16 /* a plan reads raw pages as they are */, OWN_ROOM = 64 << 20, OWN_MAPPINGS = 1024 };

size_t memory_find_held(const struct memory_thaw *m, uint64_t address)
{
    size_t low = 0, high = m->held_count;
    while (low < high) {
        size_t middle = low + (high - low) / 2;
        if (m->held[middle].end <= address)
            low = middle + 1;
        else
            high = middle;
    }
    return low;
}

static bool may_hold(const struct memory_thaw *m, const Ckpt__Mapping *mapping)
{
    return memory_is_anonymous(m->thaw->model, mapping) && !mapping->special && (mapping->flags & (MAP_SHARED | MAP_GROWSDOWN)) == 0;
}

/* In bytes of packed pages. */
static uint64_t worth(const struct memory_thaw *m, uint64_t start, uint64_t end)
{
    uint64_t packed = 0, raw = 0;
    for (size_t i = memory_find_run(m, start); i < m->stored.count && m->stored.list[i].address < end; i++) {
        const struct stored_run *run = &m->stored.list[i];
        uint64_t from = run->address > start ? run->address : start, to = run->address + run->length;
        *(run->fd == STORED_PACKED ? &packed : &raw) += (to < end ? to : end) - from;
    }
    return packed + raw / RAW_SHARE;
}

static void add_part(struct memory_thaw *m, const Ckpt__Mapping *mapping, uint64_t start, uint64_t end, uint64_t smallest, uint64_t *room)
{
    if (start >= end || worth(m, start, end) < smallest || end - start > *room)
        return;
    m->held = plan_room(m->held, &m->held_room, m->held_count + 1, sizeof(*m->held));
    m->held[m->held_count++] = (struct plan_held){.start = start, .end = end, .flags = mapping->flags & MAP_NORESERVE};
    *room -= end - start;
}

static void add_parts(struct memory_thaw *m, const Ckpt__Mapping *mapping, uint64_t smallest, uint64_t *room)
{
    uint64_t at = mapping->start;
    for (size_t i = memory_find_piece(m, at); i < m->piece_count && m->pieces[i].start < mapping->end; i++) {
        add_part(m, mapping, at, m->pieces[i].start, smallest, room);
        at = m->pieces[i].end;
    }
    add_part(m, mapping, at, mapping->end, smallest, room);
}

static uint64_t left_of(__rlimit_resource_t resource, uint64_t used)
{
    struct rlimit limit;
    if (getrlimit(resource, &limit) != 0 || limit.rlim_cur == RLIM_INFINITY)
        return UINT64_MAX;
    return limit.rlim_cur > used + OWN_ROOM ? limit.rlim_cur - used - OWN_ROOM : 0;
}

/* Until the plan runs, checkpt's own memory counts, too: what is more than the limits allow both of them is read. */
static uint64_t room_under_limits(void)
{
    uint64_t size = 0, data = 0, page = (uint64_t)sysconf(_SC_PAGESIZE);
    FILE *file = fopen("/proc/self/statm", "re");
    if (file != NULL) {
        if (fscanf(file, "%lu %*u %*u %*u %*u %lu", &size, &data) != 2)
            size = data = 0;
        fclose(file);
    }
    uint64_t total = left_of(RLIMIT_AS, size * page), private = left_of(RLIMIT_DATA, data * page);
    return total < private ? total : private;
}

/* Where they would be more mappings than checkpt may have, only those with more in them. */
static void choose(struct memory_thaw *m)
{
    const Ckpt__Memory *memory = &m->thaw->model->memory;
    uint64_t limit = memory_mapping_limit(), most = room_under_limits(), smallest = SMALLEST;
    do {
        uint64_t room = most;
        m->held_count = 0;
        for (size_t i = 0; i < memory->n_mappings; i++)
            if (may_hold(m, memory->mappings[i]))
                add_parts(m, memory->mappings[i], smallest, &room);
        smallest *= 2;
    } while (m->held_count > 0 && m->held_count + OWN_MAPPINGS > limit);
}

/* Before a page is there; the plan says it again for the whole mapping. */
static void advise(const struct memory_thaw *m)
{
    const Ckpt__Memory *memory = &m->thaw->model->memory;
    for (size_t i = 0, k = 0; i < memory->n_mappings; i++) {
        uint32_t advice = memory->mappings[i]->advice;
        for (; k < m->held_count && m->held[k].start < memory->mappings[i]->end; k++) {
            void *at = (void *)(uintptr_t)m->held[k].at;
            if ((advice & CKPT__ADVICE__ADVICE_HUGEPAGE) != 0)
                madvise(at, m->held[k].end - m->held[k].start, MADV_HUGEPAGE);
            if ((advice & CKPT__ADVICE__ADVICE_NOHUGEPAGE) != 0)
                madvise(at, m->held[k].end - m->held[k].start, MADV_NOHUGEPAGE);
        }
    }
}

bool memory_hold(struct memory_thaw *m, struct failure *why)
{
    choose(m);
    if (!plan_hold(m->thaw->plan, m->held, m->held_count, why))
        return false;
    advise(m);
    return true;
}

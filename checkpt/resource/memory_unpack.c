/* Unpacking, before anything is touched: into what is held for the program, and into a file without a name for what the plan reads. */
#include <fcntl.h>
#include <inttypes.h>
#include <stdio.h>
#include <string.h>
#include <sys/mman.h>
#include <sys/prctl.h>
#include <unistd.h>

#include "checkpt/resource/memory_thaw.h"

#define HUGE_PAGE (2ull << 20)

static bool keep(struct stored *rest, const struct stored_run *run, uint64_t start, uint64_t end, struct failure *why)
{
    const struct stored_run part = {start, end - start, run->offset + (start - run->address), run->fd};
    return start >= end || stored_add(rest, &part, why);
}

/* Everything that is stored in what is held goes straight there, the rest of the run is kept. */
static bool divide(struct memory_thaw *m, const struct stored_run *run, struct stored *rest, struct failure *why)
{
    uint64_t at = run->address, end = run->address + run->length;
    for (size_t i = memory_find_held(m, at); i < m->held_count && m->held[i].start < end; i++) {
        const struct plan_held *held = &m->held[i];
        if (!keep(rest, run, at, held->start, why))
            return false;
        at = at > held->start ? at : held->start;
        uint64_t to = end < held->end ? end : held->end;
        unpack_add(&m->unpack, m->thaw->model->memory.space, at, to - at, (void *)(uintptr_t)(held->at + (at - held->start)));
        at = to;
    }
    return keep(rest, run, at, end, why);
}

static bool divide_all(struct memory_thaw *m, struct failure *why)
{
    struct stored rest = {0};
    for (size_t i = 0; i < m->stored.count; i++) {
        if (divide(m, &m->stored.list[i], &rest, why))
            continue;
        stored_deinit(&rest);
        return false;
    }
    stored_deinit(&m->stored);
    m->stored = rest;
    return true;
}

static int make_file(struct thaw *thaw, struct failure *why)
{
    int memory = memfd_create("checkpt-unpacked", MFD_CLOEXEC);
    if (memory < 0) {
        failure_errno(why, "memory for unpacked pages");
        return -1;
    }
    int fd = stored_descriptor(thaw, why);
    if (fd >= 0 && dup3(memory, fd, O_CLOEXEC) < 0)
        failure_errno(why, "memory for unpacked pages"), fd = -1;
    close(memory);
    return fd;
}

/* One run behind the other. */
static bool place_rest(struct memory_thaw *m, struct failure *why)
{
    uint64_t size = 0;
    for (size_t i = 0; i < m->stored.count; i++)
        size += m->stored.list[i].fd == STORED_PACKED ? m->stored.list[i].length : 0;
    if (size == 0)
        return true;
    m->unpacked = make_file(m->thaw, why);
    if (m->unpacked < 0)
        return false;
    if (ftruncate(m->unpacked, (off_t)size) != 0)
        return failure_errno(why, "memory for %" PRIu64 " bytes of unpacked pages", size);
    char *view = unpack_view(&m->unpack, m->unpacked, 0, size, why);
    uint64_t offset = 0;
    for (size_t i = 0; view != NULL && i < m->stored.count; i++) {
        struct stored_run *run = &m->stored.list[i];
        if (run->fd != STORED_PACKED)
            continue;
        run->fd = m->unpacked;
        run->offset = offset;
        unpack_add(&m->unpack, m->thaw->model->memory.space, run->address, run->length, view + offset);
        offset += run->length;
    }
    return view != NULL;
}

/* A small page in each 2 MiB that are not wholly stored: where the kernel gives huge pages to everybody, the first touch would get all of them, and holes would be memory. */
static void touch_partly_stored(const struct plan_held *held, uint64_t start, uint64_t end)
{
    for (uint64_t at = start; at < end;) {
        uint64_t block = at / HUGE_PAGE * HUGE_PAGE, next = block + HUGE_PAGE;
        if ((at > block || end < next) && block >= held->start && next <= held->end)
            *(volatile char *)(uintptr_t)(held->at + (at - held->start)) = 0;
        at = next;
    }
}

/* While the list has nothing but what is held, in ascending order. What the program advised for itself decides, where it did. */
static void keep_holes(const struct memory_thaw *m)
{
    const uint32_t decided = CKPT__ADVICE__ADVICE_HUGEPAGE | CKPT__ADVICE__ADVICE_NOHUGEPAGE;
    const struct unpack *unpack = &m->unpack;
    prctl(PR_SET_THP_DISABLE, 1, 0, 0, 0);
    for (size_t i = 0; i < unpack->count; i++) {
        uint64_t start = unpack->list[i].address, end = start + unpack->list[i].length;
        for (; i + 1 < unpack->count && unpack->list[i + 1].address == end; i++)
            end += unpack->list[i + 1].length;
        for (size_t k = memory_find_held(m, start); k < m->held_count && m->held[k].start < end; k++) {
            const struct plan_held *held = &m->held[k];
            if ((model_find_mapping(m->thaw->model, held->start)->advice & decided) == 0)
                touch_partly_stored(held, start > held->start ? start : held->start, end < held->end ? end : held->end);
        }
    }
    prctl(PR_SET_THP_DISABLE, 0, 0, 0, 0);
}

bool memory_divide(struct memory_thaw *m, struct failure *why)
{
    if (!divide_all(m, why))
        return false;
    if (m->held_count > 0 && prctl(PR_GET_THP_DISABLE, 0, 0, 0, 0) == 0)
        keep_holes(m);
    return place_rest(m, why);
}

/* A program that wants no huge pages gets none; the plan says so when its time has come. */
bool memory_unpack(struct memory_thaw *m, struct failure *why)
{
    bool refuses = m->thaw->model->process.thp_disable && prctl(PR_GET_THP_DISABLE, 0, 0, 0, 0) == 0;
    if (refuses)
        prctl(PR_SET_THP_DISABLE, 1, 0, 0, 0);
    bool done = unpack_run(&m->unpack, why);
    if (refuses)
        prctl(PR_SET_THP_DISABLE, 0, 0, 0, 0);
    return done;
}

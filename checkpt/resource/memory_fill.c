/* Stored pages that are not mapped from the image are read into their mappings: as many per call as lie together in the file. */
#include <fcntl.h>
#include <inttypes.h>
#include <limits.h>
#include <stdio.h>
#include <sys/mman.h>
#include <sys/syscall.h>
#include <sys/uio.h>

#include "checkpt/resource/memory_thaw.h"

enum { MOST_VECTORS = 1024 /* UIO_MAXIOV */, MOST_AT_ONCE = 1 << 30, MOST_UNPACKED = 16 << 20 };

struct fill {
    struct memory_thaw *m;
    int fd;
    uint64_t offset, length; /* in the file; length 0: nothing is waiting */
    struct iovec vectors[MOST_VECTORS];
    size_t count;
};

static void flush(struct fill *fill)
{
    struct plan *plan = fill->m->thaw->plan;
    if (fill->length == 0)
        return;
    snprintf(fill->m->what, sizeof(fill->m->what), "memory from %" PRIx64 ": reading it from the image", (uint64_t)(uintptr_t)fill->vectors[0].iov_base);
    uint32_t data = plan_data(plan, fill->vectors, fill->count * sizeof(fill->vectors[0]), sizeof(uint64_t));
    PLAN_EXPECT(plan, fill->length, fill->m->what, SYS_preadv, PLAN_NUMBER(fill->fd), PLAN_DATA(data), PLAN_NUMBER(fill->count),
                PLAN_NUMBER(fill->offset), PLAN_NUMBER(0));
    if (fill->fd == fill->m->unpacked)
        PLAN_TRY(plan, fill->m->what, SYS_fallocate, PLAN_NUMBER(fill->fd), PLAN_NUMBER(FALLOC_FL_PUNCH_HOLE | FALLOC_FL_KEEP_SIZE),
                 PLAN_NUMBER(fill->offset), PLAN_NUMBER(fill->length));
    fill->length = 0;
    fill->count = 0;
}

/* What was unpacked is given back as it is read: it is never there twice but for so much. */
static uint64_t most_at_once(const struct fill *fill, int fd)
{
    return fd == fill->m->unpacked ? MOST_UNPACKED : MOST_AT_ONCE;
}

static void add(struct fill *fill, uint64_t address, uint64_t length, uint64_t offset, int fd)
{
    if (fd != fill->fd || offset != fill->offset + fill->length || fill->count == MOST_VECTORS || fill->length + length > most_at_once(fill, fd))
        flush(fill);
    if (fill->length == 0) {
        fill->fd = fd;
        fill->offset = offset;
    }
    fill->vectors[fill->count++] = (struct iovec){(void *)(uintptr_t)address, length};
    fill->length += length;
}

/* Part of a run, inside one mapping and outside of all pieces. */
static void add_range(struct fill *fill, const struct stored_run *run, uint64_t start, uint64_t end)
{
    for (uint64_t at = start; at < end;) {
        uint64_t most = most_at_once(fill, run->fd), length = end - at < most ? end - at : most;
        add(fill, at, length, run->offset + (at - run->address), run->fd);
        at += length;
    }
}

static void add_run(struct fill *fill, const struct stored_run *run, const Ckpt__Mapping *mapping)
{
    const struct memory_thaw *m = fill->m;
    uint64_t at = run->address > mapping->start ? run->address : mapping->start;
    uint64_t end = run->address + run->length < mapping->end ? run->address + run->length : mapping->end;
    for (size_t i = memory_find_piece(m, at); i < m->piece_count && m->pieces[i].start < end; i++) {
        add_range(fill, run, at, m->pieces[i].start);
        at = m->pieces[i].end;
    }
    add_range(fill, run, at, end);
}

void memory_plan_fill(struct memory_thaw *m)
{
    const Ckpt__Memory *memory = &m->thaw->model->memory;
    struct fill fill = {.m = m};
    for (size_t i = 0; i < memory->n_mappings; i++) {
        const Ckpt__Mapping *mapping = memory->mappings[i];
        if (!memory_is_filled(m, mapping))
            continue;
        for (size_t k = memory_find_run(m, mapping->start); k < m->stored.count && m->stored.list[k].address < mapping->end; k++)
            add_run(&fill, &m->stored.list[k], mapping);
    }
    flush(&fill);
}

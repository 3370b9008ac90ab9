/* What is mapped from the image instead of being read: large private anonymous memory. See checkpt/DESIGN.md for the rules. */
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/mman.h>
#include <sys/statvfs.h>

#include "checkpt/resource/memory_thaw.h"

enum { SMALLEST = 256 << 10, GAP_MAX = 1 << 20, DEFAULT_LIMIT = 65530 };

uint64_t memory_mapping_limit(void)
{
    unsigned long limit = DEFAULT_LIMIT;
    FILE *file = fopen("/proc/sys/vm/max_map_count", "re");
    if (file != NULL) {
        if (fscanf(file, "%lu", &limit) != 1)
            limit = DEFAULT_LIMIT;
        fclose(file);
    }
    return limit;
}

size_t memory_find_run(const struct memory_thaw *m, uint64_t address)
{
    size_t low = 0, high = m->stored.count;
    while (low < high) {
        size_t middle = low + (high - low) / 2;
        if (m->stored.list[middle].address + m->stored.list[middle].length <= address)
            low = middle + 1;
        else
            high = middle;
    }
    return low;
}

size_t memory_find_piece(const struct memory_thaw *m, uint64_t address)
{
    size_t low = 0, high = m->piece_count;
    while (low < high) {
        size_t middle = low + (high - low) / 2;
        if (m->pieces[middle].end <= address)
            low = middle + 1;
        else
            high = middle;
    }
    return low;
}

bool memory_is_filled(const struct memory_thaw *m, const Ckpt__Mapping *mapping)
{
    size_t i = memory_find_run(m, mapping->start), k = memory_find_held(m, mapping->start);
    bool is_held = k < m->held_count && m->held[k].start < mapping->end;
    return (mapping->flags & MAP_SHARED) == 0 && !mapping->special &&
           (is_held || (i < m->stored.count && m->stored.list[i].address < mapping->end));
}

static bool may_map(const struct memory_thaw *m, const Ckpt__Mapping *mapping)
{
    const uint32_t no_flags = MAP_SHARED | MAP_GROWSDOWN | MAP_LOCKED;
    const uint32_t no_advice = CKPT__ADVICE__ADVICE_WIPEONFORK | CKPT__ADVICE__ADVICE_MERGEABLE;
    return memory_is_anonymous(m->thaw->model, mapping) && !mapping->special && (mapping->flags & no_flags) == 0 && (mapping->advice & no_advice) == 0 &&
           (mapping->protection & PROT_EXEC) == 0 && mapping->n_guards == 0 && mapping->protection_key == 0;
}

static void add_piece(struct memory_thaw *m, uint64_t start, uint64_t end, uint64_t offset, int fd)
{
    if (m->piece_count == m->piece_room) {
        m->piece_room = m->piece_room == 0 ? 16 : m->piece_room * 2;
        m->pieces = reallocarray(m->pieces, m->piece_room, sizeof(*m->pieces));
        if (m->pieces == NULL) {
            fputs("checkpt: out of memory\n", stderr);
            exit(1);
        }
    }
    m->pieces[m->piece_count++] = (struct memory_piece){start, end, offset, fd};
}

/* What of a run lies in the mapping. */
static struct stored_run clip(const struct stored_run *run, const Ckpt__Mapping *mapping)
{
    struct stored_run part = *run;
    uint64_t end = run->address + run->length < mapping->end ? run->address + run->length : mapping->end;
    if (part.address < mapping->start) {
        part.offset += mapping->start - part.address;
        part.address = mapping->start;
    }
    part.length = end - part.address;
    return part;
}

/* What was mapped from a file there may never become executable. */
static bool is_on_noexec(int fd)
{
    struct statvfs status;
    return fstatvfs(fd, &status) != 0 || (status.f_flag & ST_NOEXEC) != 0;
}

/* Runs that lie as far apart in the file as in memory, with holes between them, become one piece. Its last page is left out: it is anonymous, so that
 * mremap(2) cannot grow the piece over the next bytes of the image. */
static void add_pieces(struct memory_thaw *m, const Ckpt__Mapping *mapping, uint64_t smallest)
{
    for (size_t i = memory_find_run(m, mapping->start); i < m->stored.count && m->stored.list[i].address < mapping->end;) {
        struct stored_run first = clip(&m->stored.list[i], mapping);
        uint64_t end = first.address + first.length, bytes = first.length;
        for (i++; i < m->stored.count && m->stored.list[i].address < mapping->end; i++) {
            struct stored_run next = clip(&m->stored.list[i], mapping);
            if (next.fd != first.fd || next.address - first.address != next.offset - first.offset || next.address - end >= GAP_MAX)
                break;
            end = next.address + next.length;
            bytes += next.length;
        }
        if (bytes >= smallest && first.fd != STORED_PACKED && first.offset % CKPT_PAGE_SIZE == 0 /* a stream packs what it can, and aligns nothing */ &&
            !is_on_noexec(first.fd))
            add_piece(m, first.address, end - CKPT_PAGE_SIZE, first.offset, first.fd);
    }
}

/* Each piece cuts a mapping in up to three: where that is too many, only larger ones are mapped. */
bool memory_choose_pieces(struct memory_thaw *m, struct failure *why)
{
    const Ckpt__Memory *memory = &m->thaw->model->memory;
    uint64_t limit = memory_mapping_limit(), own = memory->n_mappings + MEMORY_OTHER_MAPPINGS;
    if (own > limit)
        return failure_set(why, "%zu mappings: the kernel allows %ju here (raise it: sysctl vm.max_map_count=%ju)", memory->n_mappings, (uintmax_t)limit,
                           (uintmax_t)own);
    if (m->thaw->options.copy || memory->discards)
        return true;
    for (uint64_t smallest = SMALLEST; smallest < 1ull << 46; smallest *= 2) {
        m->piece_count = 0;
        for (size_t i = 0; i < memory->n_mappings; i++)
            if (may_map(m, memory->mappings[i]))
                add_pieces(m, memory->mappings[i], smallest);
        if (own + 2 * m->piece_count <= limit)
            return true;
    }
    m->piece_count = 0;
    return true;
}

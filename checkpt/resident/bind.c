/* A dynamic linker that is told to bind everything keeps that in mind: libraries that the program opens later would be bound so, too. So the snapshot is one of a linker that
 * was told nothing, and only the words that it would have filled at the first call of each function are taken from another process. Addresses differ between the two:
 * a function is the same where it is at the same offset of the same file. */
#include "checkpt/resident/bind.h"

#include <elf.h>
#include <link.h>
#include <string.h>
#include <sys/mman.h>
#include <sys/uio.h>
#include <unistd.h>

#include "checkpt/proc/proc.h"

enum { OBJECTS_MAX = 4096, SEGMENTS_MAX = 64, DYNAMIC_MAX = 128, SLOTS_AT_ONCE = 512 };

/* One of the two processes. */
struct side {
    pid_t pid;
    struct proc_mapping *maps;
    size_t map_count;
    uint64_t object;          /* its link_map, as far as we have come */
};

struct slots {
    uint64_t base, relocations, count;
};

static bool peek(pid_t pid, uint64_t address, void *bytes, size_t size)
{
    struct iovec here = {bytes, size}, there = {(void *)address, size};
    return process_vm_readv(pid, &here, 1, &there, 1, 0) == (ssize_t)size;
}

/* From the program's headers to the list of its objects, which the linker has entered for debuggers. */
static bool first_object(struct side *side, const uint64_t *auxv, size_t words)
{
    uint64_t headers = 0, count = 0, base = 0, dynamic = 0;
    Elf64_Phdr segments[SEGMENTS_MAX];
    struct r_debug debug;
    for (size_t i = 0; i + 1 < words; i += 2) {
        if (auxv[i] == AT_PHDR)
            headers = auxv[i + 1];
        else if (auxv[i] == AT_PHNUM)
            count = auxv[i + 1];
    }
    if (count > SEGMENTS_MAX || !peek(side->pid, headers, segments, count * sizeof(*segments)))
        return false;
    for (size_t i = 0; i < count; i++) {
        if (segments[i].p_type == PT_PHDR)
            base = headers - segments[i].p_vaddr;
        else if (segments[i].p_type == PT_DYNAMIC)
            dynamic = segments[i].p_vaddr;
    }
    Elf64_Dyn entry = {.d_tag = DT_NULL};
    do
        if (dynamic == 0 || !peek(side->pid, base + dynamic, &entry, sizeof(entry)))
            return false;
    while (dynamic += sizeof(entry), entry.d_tag != DT_DEBUG && entry.d_tag != DT_NULL);
    if (entry.d_tag != DT_DEBUG || !peek(side->pid, entry.d_un.d_ptr, &debug, sizeof(debug)))
        return false;
    side->object = (uint64_t)debug.r_map;
    return side->object != 0;
}

static bool look_at(struct side *side, struct arena *arena)
{
    struct failure why;
    int directory;
    void *auxv;
    size_t size;
    if (!proc_open(side->pid, &directory, &why))
        return false;
    bool done = proc_maps(directory, arena, &side->maps, &side->map_count, &why) && proc_auxv(directory, arena, &auxv, &size, &why) &&
                first_object(side, auxv, size / sizeof(uint64_t));
    close(directory);
    return done;
}

/* Goes on to the next object. Addresses in it are relocated by the linker where it may write them. */
static bool slots_of(struct side *side, struct slots *slots)
{
    struct link_map object;
    Elf64_Dyn dynamic[DYNAMIC_MAX];
    *slots = (struct slots){0};
    if (!peek(side->pid, side->object, &object, sizeof(object)))
        return false;
    side->object = (uint64_t)object.l_next;
    slots->base = object.l_addr;
    size_t count = 0;
    while (count < DYNAMIC_MAX && peek(side->pid, (uint64_t)(object.l_ld + count), &dynamic[count], sizeof(*dynamic)) && dynamic[count].d_tag != DT_NULL)
        count++;
    for (size_t i = 0; i < count; i++) {
        if (dynamic[i].d_tag == DT_JMPREL)
            slots->relocations = dynamic[i].d_un.d_ptr + (dynamic[i].d_un.d_ptr < object.l_addr ? object.l_addr : 0);
        else if (dynamic[i].d_tag == DT_PLTRELSZ)
            slots->count = dynamic[i].d_un.d_val / sizeof(Elf64_Rela);
    }
    return true;
}

/* An address in code of a file: where the other process has it. 0: nowhere. */
static uint64_t translate(const struct side *from, const struct side *to, uint64_t address)
{
    const struct proc_mapping *mapping = NULL;
    for (size_t i = 0; i < from->map_count && mapping == NULL; i++)
        if (address >= from->maps[i].start && address < from->maps[i].end)
            mapping = &from->maps[i];
    if (mapping == NULL || mapping->inode == 0 || mapping->special || (mapping->protection & PROT_EXEC) == 0)
        return 0;
    uint64_t offset = mapping->offset + (address - mapping->start);
    for (size_t i = 0; i < to->map_count; i++) {
        const struct proc_mapping *other = &to->maps[i];
        if (other->device == mapping->device && other->inode == mapping->inode && (other->protection & PROT_EXEC) != 0 && offset >= other->offset &&
            offset - other->offset < other->end - other->start)
            return other->start + (offset - other->offset);
    }
    return 0;
}

static void bind_slot(const struct side *lazy, const struct side *bound, const struct slots *own, const struct slots *other, const Elf64_Rela *relocation)
{
    uint64_t word, found, address = own->base + relocation->r_offset;
    if (ELF64_R_TYPE(relocation->r_info) != R_X86_64_JUMP_SLOT || !peek(bound->pid, other->base + relocation->r_offset, &found, sizeof(found)) ||
        !peek(lazy->pid, address, &word, sizeof(word)))
        return;
    found = translate(bound, lazy, found);
    struct iovec here = {&found, sizeof(found)}, there = {(void *)address, sizeof(found)};
    if (found != 0 && found != word)
        (void)!process_vm_writev(lazy->pid, &here, 1, &there, 1, 0);
}

static void bind_object(const struct side *lazy, const struct side *bound, const struct slots *own, const struct slots *other)
{
    Elf64_Rela relocations[SLOTS_AT_ONCE];
    for (uint64_t done = 0, count; done < own->count; done += count) {
        count = own->count - done < SLOTS_AT_ONCE ? own->count - done : SLOTS_AT_ONCE;
        if (!peek(lazy->pid, own->relocations + done * sizeof(*relocations), relocations, count * sizeof(*relocations)))
            return;
        for (uint64_t i = 0; i < count; i++)
            bind_slot(lazy, bound, own, other, &relocations[i]);
    }
}

void bind_beforehand(pid_t lazy, pid_t bound)
{
    struct arena arena = {0};
    struct side own = {.pid = lazy}, other = {.pid = bound};
    struct slots own_slots, other_slots;
    bool known = look_at(&own, &arena) && look_at(&other, &arena);
    for (int i = 0; known && i < OBJECTS_MAX && own.object != 0 && other.object != 0; i++) {
        known = slots_of(&own, &own_slots) && slots_of(&other, &other_slots) && own_slots.count == other_slots.count;
        if (known && own_slots.relocations != 0)
            bind_object(&own, &other, &own_slots, &other_slots);
    }
    arena_deinit(&arena);
}

/* Executable mappings end at a page boundary, the code in them before it: zeros are left, which nobody runs or reads. */
#include "checkpt/tracee/tail.h"

#include <string.h>

#include "checkpt/tracee/leftover.h"
#include "checkpt/tracee/text.h"

size_t tail_room(void)
{
    return (inject_tail_size() + 2 * INJECT_FRAME_SIZE + sizeof(uint64_t) + 7) & ~(size_t)7;
}

bool tail_is_ours(const unsigned char *bytes)
{
    return memcmp(bytes, inject_tail, inject_tail_size()) == 0;
}

static bool is_zero(const unsigned char *bytes)
{
    static const unsigned char zeros[INJECT_TAIL_ROOM];
    return memcmp(bytes, zeros, tail_room()) == 0;
}

/* All of it: no word of one that was left there may let a guest in. */
static bool write_at(struct tracee *tracee, uint64_t address)
{
    unsigned char bytes[INJECT_TAIL_ROOM] = {0};
    struct failure ignored;
    memcpy(bytes, inject_tail, inject_tail_size());
    if (!tracee_write(tracee, address, bytes, tail_room(), &ignored))
        return false;
    tracee->tail = address;
    return true;
}

/* From the end of the mapping on everything is zero, or the code of a tracer that was killed. That counts as nothing, unless a thread comes back to it: then there
 * may be room before it. */
static bool try_text(struct tracee *tracee, const struct text *text)
{
    unsigned char bytes[INJECT_TAIL_ROOM];
    struct failure ignored;
    uint64_t address = text->end;
    for (int i = 0; i < TAIL_PLACES && address - text->start >= tail_room(); i++) {
        address -= tail_room();
        if (!tracee_read(tracee, address, bytes, tail_room(), &ignored))
            return false;
        bool ours = tail_is_ours(bytes);
        if (is_zero(bytes) || (ours && !leftover_is_returned_to(tracee, address, address + tail_room())))
            return write_at(tracee, address);
        if (!ours)
            return false;
    }
    return false;
}

void tracee_clean_text(void *text, size_t length)
{
    unsigned char *at = (unsigned char *)text + length;
    for (int i = 0; i < TAIL_PLACES && (size_t)(at - (unsigned char *)text) >= tail_room(); i++) {
        at -= tail_room();
        if (tail_is_ours(at))
            memset(at, 0, tail_room());
    }
}

bool tail_write(struct tracee *tracee, struct failure *why)
{
    struct text_list list;
    struct text text;
    uint64_t vdso = text_vdso(tracee->task);
    text_list_init(&list, tracee->task);
    bool found = vdso != 0 && text_next(&list, vdso, &text) && text.start <= vdso && try_text(tracee, &text);
    for (uint64_t address = 0; !found && text_next(&list, address, &text); address = text.end)
        found = !text.anonymous && !text.shared && try_text(tracee, &text); /* what a compiler will write code to is not padding */
    text_list_deinit(&list);
    return found || failure_set(why, "process %d: there is no padding behind any of its code, to make system calls from", tracee->pid);
}

bool tail_write_frame(struct tracee *tracee, const struct thread *thread, enum inject_role role, struct failure *why)
{
    struct {
        struct inject_frame frame;
        uint64_t admitted;
    } guest = {0};
    inject_frame_build(&guest.frame, &thread->registers, thread->mask);
    return tracee_write(tracee, inject_frame_place(tracee->tail, role), &guest, role == INJECT_GUEST ? sizeof(guest) : sizeof(guest.frame), why);
}

bool tail_admit_guest(struct tracee *tracee, struct failure *why)
{
    const uint64_t admitted = 1;
    return tracee_write(tracee, inject_admission_place(tracee->tail), &admitted, sizeof(admitted), why);
}

bool tail_remove(struct tracee *tracee, struct failure *why)
{
    static const unsigned char zeros[INJECT_TAIL_ROOM];
    if (tracee->tail == 0)
        return true;
    if (!tracee_write(tracee, tracee->tail, zeros, tail_room(), why))
        return false;
    tracee->tail = 0;
    return true;
}

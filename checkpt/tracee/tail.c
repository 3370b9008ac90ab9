/* Executable mappings end at a page boundary, the code in them before it: zeros are left, which nobody runs or reads. */
#include "checkpt/tracee/tail.h"

#include <string.h>
#include <sys/auxv.h>

#include "checkpt/tracee/inuse.h"
#include "checkpt/tracee/text.h"

static size_t room(void)
{
    return (inject_tail_size() + INJECT_FRAME_SIZE + 7) & ~(size_t)7;
}

/* The code of a tracer that was killed counts as nothing, unless a thread is still on its way back through it. */
static bool is_padding(const struct tracee *tracee, uint64_t address, const unsigned char *bytes)
{
    static const unsigned char zeros[INJECT_TAIL_ROOM];
    if (memcmp(bytes, zeros, room()) == 0)
        return true;
    return memcmp(bytes, inject_tail, inject_tail_size()) == 0 && !is_in_use(tracee, address, address + room());
}

static bool write_both(struct tracee *tracee, uint64_t address, const struct inject_frame *frame, struct failure *why)
{
    return tracee_write(tracee, address, inject_tail, inject_tail_size(), why) &&
           tracee_write(tracee, address + inject_tail_size(), frame, sizeof(*frame), why);
}

static bool try_text(struct tracee *tracee, const struct text *text, const struct inject_frame *frame)
{
    unsigned char bytes[INJECT_TAIL_ROOM];
    uint64_t address = text->end - room();
    struct failure ignored;
    if (!tracee_read(tracee, address, bytes, room(), &ignored) || !is_padding(tracee, address, bytes) || !write_both(tracee, address, frame, &ignored))
        return false;
    tracee->tail.address = address;
    memset(tracee->tail.saved, 0, sizeof(tracee->tail.saved));
    return true;
}

static uint64_t vdso_of(const struct tracee *tracee)
{
    struct arena arena = {0};
    void *auxv;
    size_t size;
    uint64_t address = 0;
    struct failure ignored;
    if (proc_auxv(tracee->directory, &arena, &auxv, &size, &ignored))
        for (size_t i = 0; i + 16 <= size; i += 16) {
            uint64_t entry[2];
            memcpy(entry, (char *)auxv + i, sizeof(entry));
            if (entry[0] == AT_SYSINFO_EHDR)
                address = entry[1];
        }
    arena_deinit(&arena);
    return address;
}

static bool find(struct tracee *tracee, const struct inject_frame *frame)
{
    struct text_list list;
    struct text text;
    uint64_t vdso = vdso_of(tracee);
    text_list_init(&list, tracee);
    bool found = vdso != 0 && text_next(&list, vdso, &text) && text.start <= vdso && try_text(tracee, &text, frame);
    for (uint64_t address = 0; !found && text_next(&list, address, &text); address = text.end)
        found = !text.anonymous && try_text(tracee, &text, frame); /* what a compiler will write code to is not padding */
    text_list_deinit(&list);
    return found;
}

bool tail_write(struct tracee *tracee, const struct thread *thread, uint64_t signal_mask, struct failure *why)
{
    struct inject_frame frame;
    inject_frame_build(&frame, &thread->registers, signal_mask);
    if (tracee->tail.address != 0)
        return write_both(tracee, tracee->tail.address, &frame, why);
    return find(tracee, &frame) ||
           failure_set(why, "process %d: there is no padding behind any of its code, to make system calls from", tracee->pid);
}

bool tail_remove(struct tracee *tracee, struct failure *why)
{
    if (tracee->tail.address == 0)
        return true;
    if (!tracee_write(tracee, tracee->tail.address, tracee->tail.saved, room(), why))
        return false;
    tracee->tail.address = 0;
    return true;
}

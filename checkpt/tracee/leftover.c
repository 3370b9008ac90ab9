#include "checkpt/tracee/leftover.h"

#include <string.h>

#include "checkpt/tracee/tail.h"

enum { PAGE = 4096, STACK_MAX = 8 << 20 };

static bool is_in_tail(const unsigned char *page, size_t offset)
{
    size_t place = (PAGE - 1 - offset) / tail_room();
    return place < TAIL_PLACES && (place + 1) * tail_room() <= PAGE && tail_is_ours(page + PAGE - (place + 1) * tail_room());
}

bool leftover_is_run_by(const struct tracee *tracee, const struct thread *thread)
{
    unsigned char page[PAGE];
    uint64_t offset = thread->registers.rip % PAGE;
    struct failure ignored;
    if (!tracee_read(tracee, thread->registers.rip - offset, page, sizeof(page), &ignored))
        return false;
    return memcmp(page, INJECT_MAGIC, sizeof(INJECT_MAGIC)) == 0 || is_in_tail(page, offset);
}

/* Nothing but a signal's frame leads there, as ours pushes nothing: behind the instruction pointer it has flags and code segment. What was a frame once is a word like
 * any other in memory that the stack grew over again. */
static bool is_frame(const struct tracee *tracee, uint64_t address)
{
    enum { ALWAYS_SET = 2, USER_CODE = 0x33 };
    uint64_t behind[2];
    struct failure ignored;
    return tracee_read(tracee, address + 8, behind, sizeof(behind), &ignored) && (behind[0] & ALWAYS_SET) != 0 && behind[0] >> 32 == 0 &&
           (uint16_t)behind[1] == USER_CODE;
}

/* Any such frame above the stack pointer counts, also one that nobody returns from any more. */
static bool stack_leads_to(const struct tracee *tracee, uint64_t stack_pointer, uint64_t start, uint64_t end)
{
    uint64_t words[PAGE / 8], address = stack_pointer & ~7ull;
    struct failure ignored;
    for (uint64_t seen = 0; seen < STACK_MAX;) {
        size_t length = PAGE - address % PAGE;
        if (!tracee_read(tracee, address, words, length, &ignored))
            return seen == 0;
        for (size_t i = 0; i < length / 8; i++)
            if (words[i] >= start && words[i] < end && is_frame(tracee, address + i * 8))
                return true;
        address += length;
        seen += length;
    }
    return false;
}

bool leftover_is_returned_to(const struct tracee *tracee, uint64_t start, uint64_t end)
{
    for (size_t i = 0; i < tracee->thread_count; i++)
        if (tracee->threads[i].state == THREAD_STOPPED && stack_leads_to(tracee, tracee->threads[i].registers.rsp, start, end))
            return true;
    return false;
}

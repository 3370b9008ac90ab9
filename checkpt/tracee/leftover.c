#include "checkpt/tracee/leftover.h"

#include <string.h>

#include "checkpt/tracee/tail.h"

enum { PAGE = 4096, STACK_MAX = 8 << 20 };

bool leftover_is_run_by(const struct tracee *tracee, const struct thread *thread)
{
    unsigned char page[PAGE];
    uint64_t offset = thread->registers.rip % PAGE;
    struct failure ignored;
    if (!tracee_read(tracee, thread->registers.rip - offset, page, sizeof(page), &ignored))
        return false;
    return memcmp(page, INJECT_MAGIC, sizeof(INJECT_MAGIC)) == 0 || (offset >= PAGE - tail_room() && tail_is_ours(page + PAGE - tail_room()));
}

/* Conservative: any word of the stack above the stack pointer that looks like an address in the range counts. */
static bool stack_leads_to(const struct tracee *tracee, uint64_t stack_pointer, uint64_t start, uint64_t end)
{
    uint64_t words[PAGE / 8], address = stack_pointer & ~7ull;
    struct failure ignored;
    for (uint64_t seen = 0; seen < STACK_MAX;) {
        size_t length = PAGE - address % PAGE;
        if (!tracee_read(tracee, address, words, length, &ignored))
            return seen == 0;
        for (size_t i = 0; i < length / 8; i++)
            if (words[i] >= start && words[i] < end)
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

#include "checkpt/tracee/inuse.h"

enum { AT_ONCE = 4096, STACK_MAX = 8 << 20 };

/* Conservative: any word of the stack above the stack pointer that looks like an address in the range counts. */
static bool stack_leads_to(const struct tracee *tracee, uint64_t stack_pointer, uint64_t start, uint64_t end)
{
    uint64_t words[AT_ONCE / 8], address = stack_pointer & ~7ull;
    struct failure ignored;
    for (uint64_t seen = 0; seen < STACK_MAX;) {
        size_t length = AT_ONCE - address % AT_ONCE;
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

bool is_in_use(const struct tracee *tracee, uint64_t start, uint64_t end)
{
    for (size_t i = 0; i < tracee->thread_count; i++) {
        const struct thread *thread = &tracee->threads[i];
        if (thread->state != THREAD_STOPPED)
            continue;
        if ((thread->registers.rip >= start && thread->registers.rip < end) || stack_leads_to(tracee, thread->registers.rsp, start, end))
            return true;
    }
    return false;
}

#include "checkpt/tracee/scratch.h"

#include <errno.h>
#include <string.h>
#include <sys/mman.h>
#include <sys/syscall.h>

#include "checkpt/tracee/inuse.h"
#include "checkpt/tracee/tail.h"
#include "checkpt/tracee/text.h"
#include "checkpt/tracee/visit.h"

enum { PAGE = 4096, SLOTS = 8 };

/* Places that nobody has anything at: a mapping of the right kind that begins there is ours, and none merges with a neighbour. */
static uint64_t slot_address(unsigned slot)
{
    return 0x2c6b5a97d000 + slot * 0x10000000000;
}

/* What a tracer left there when it was killed: at any step, so that its first page may still be empty. */
static bool is_leftover(const struct tracee *tracee, uint64_t address)
{
    static const char empty[sizeof(INJECT_MAGIC)];
    char magic[sizeof(INJECT_MAGIC)];
    struct text_list list;
    struct text text;
    struct failure ignored;
    text_list_init(&list, tracee);
    bool ours = text_next(&list, address, &text) && text.start == address && text.anonymous &&
                (text.end == address + PAGE || text.end == address + SCRATCH_SIZE) && tracee_read(tracee, address, magic, sizeof(magic), &ignored) &&
                (memcmp(magic, INJECT_MAGIC, sizeof(magic)) == 0 || memcmp(magic, empty, sizeof(magic)) == 0);
    text_list_deinit(&list);
    return ours && !is_in_use(tracee, address, address + PAGE);
}

/* One call from the tail. */
static bool call(struct tracee *tracee, const struct inject_call *call, int64_t *result, struct failure *why)
{
    struct thread *thread = tracee_first_running(tracee);
    uint64_t mask;
    if (thread == NULL)
        return failure_set(why, "process %d: has exited", tracee->pid);
    if (!tracee_signal_mask(tracee, (size_t)(thread - tracee->threads), &mask, why) || !tail_write(tracee, thread, mask, why))
        return false;
    struct user_regs_struct registers = thread->registers;
    inject_enter_tail(&registers, tracee->tail.address, call);
    return visit_for_call(tracee, thread, &registers, mask, result, why);
}

static bool check(int64_t result, const char *what, pid_t pid, struct failure *why)
{
    if (result >= 0)
        return true;
    errno = (int)-result;
    return failure_errno(why, "process %d: %s", pid, what);
}

static bool map_at(struct tracee *tracee, uint64_t address, int64_t *result, struct failure *why)
{
    const struct inject_call map = {
        SYS_mmap, {address, SCRATCH_SIZE, PROT_READ | PROT_EXEC, MAP_PRIVATE | MAP_ANONYMOUS | MAP_FIXED_NOREPLACE, ~0ull, 0}, 0};
    return call(tracee, &map, result, why);
}

static bool map(struct tracee *tracee, struct failure *why)
{
    int64_t result = -EEXIST;
    for (unsigned slot = 0; slot < SLOTS && result == -EEXIST; slot++) {
        uint64_t address = slot_address(slot);
        if (is_leftover(tracee, address))
            result = (int64_t)address;
        else if (!map_at(tracee, address, &result, why))
            return false;
    }
    if (result > 0)
        tracee->scratch = (uint64_t)result;
    return check(result, "mapping memory in it for our system calls", tracee->pid, why);
}

bool tracee_calls_begin(struct tracee *tracee, struct failure *why)
{
    int64_t result;
    if (!map(tracee, why))
        return false;
    const struct inject_call protect = {SYS_mprotect, {tracee->scratch + PAGE, SCRATCH_SIZE - 2 * PAGE, PROT_READ | PROT_WRITE}, 0};
    return tracee_write(tracee, tracee->scratch, inject_batch, (size_t)(inject_batch_end - inject_batch), why) && call(tracee, &protect, &result, why) &&
           check(result, "making that memory writable", tracee->pid, why);
}

static bool unmap(struct tracee *tracee, uint64_t address, struct failure *why)
{
    const struct inject_call unmap = {SYS_munmap, {address, SCRATCH_SIZE}, 0};
    int64_t result = 0;
    return call(tracee, &unmap, &result, why) && check(result, "unmapping the memory of our system calls", tracee->pid, why);
}

bool tracee_calls_end(struct tracee *tracee, struct failure *why)
{
    bool done = true;
    struct failure ignored;
    if (tracee->scratch != 0) {
        for (unsigned slot = 0; slot < SLOTS; slot++)
            if (slot_address(slot) != tracee->scratch && is_leftover(tracee, slot_address(slot)))
                unmap(tracee, slot_address(slot), &ignored);
        done = unmap(tracee, tracee->scratch, why);
        tracee->scratch = 0;
    }
    return tail_remove(tracee, done ? why : &ignored) && done;
}

uint64_t tracee_scratch(const struct tracee *tracee)
{
    return tracee->scratch + INJECT_DATA;
}

void tracee_scratch_range(const struct tracee *tracee, uint64_t *start, uint64_t *end)
{
    *start = tracee->scratch;
    *end = tracee->scratch != 0 ? tracee->scratch + SCRATCH_SIZE : 0;
}

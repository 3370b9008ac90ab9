#include "checkpt/listen/newcomer.h"

#include <errno.h>
#include <signal.h>
#include <string.h>
#include <sys/mman.h>
#include <unistd.h>

#include "checkpt/arch/x86_64/inject.h"
#include "checkpt/arch/x86_64/newcomer.h"
#include "checkpt/arena.h"
#include "checkpt/include/sys/checkpoint.h"
#include "checkpt/proc/proc.h"
#include "checkpt/tracee/text.h"

_Static_assert(NEWCOMER_CALL == SYS_newcomer, "the detour knows the call by its number");

struct newcomer {
    int directory, memory;
    uint64_t home, vdso;
    struct newcomer_detour detour;
};

static size_t room(void)
{
    return newcomer_detour_code() + sizeof(struct newcomer_detour);
}

static bool read_at(const struct newcomer *newcomer, uint64_t address, void *bytes, size_t length)
{
    return pread(newcomer->memory, bytes, length, (off_t)address) == (ssize_t)length;
}

static bool write_at(int memory, uint64_t address, const void *bytes, size_t length)
{
    return pwrite(memory, bytes, length, (off_t)address) == (ssize_t)length;
}

/* Not two at a time in the memory of one process; nor where both signals have something to do already. */
static bool is_to_have_handlers(int directory)
{
    struct arena arena = {0};
    struct proc_status status;
    struct failure ignored;
    const uint64_t both = 1ull << (SIGCKPT - 1) | 1ull << (SIGCKPTEXIT - 1);
    bool wanted = proc_status(directory, "status", &arena, &status, &ignored) && status.threads == 1 &&
                  ((status.sig_caught | status.sig_ignored) & both) != both;
    arena_deinit(&arena);
    return wanted;
}

/* Behind the call, where the thread is the only one to come. Bytes that are a jump already are those of an earlier attempt at this call. */
static bool look_at_home(struct newcomer *newcomer, const struct text *text)
{
    enum { PAGE = 4096 };
    uint64_t end = newcomer->home + NEWCOMER_JUMP_SIZE;
    if (text->shared || text->start > newcomer->home || text->end < end ||
        !read_at(newcomer, newcomer->home, newcomer->detour.displaced, NEWCOMER_JUMP_SIZE))
        return false;
    newcomer->detour.home = newcomer->home;
    newcomer->detour.start = newcomer->home & ~(uint64_t)(PAGE - 1);
    newcomer->detour.length = ((end + PAGE - 1) & ~(uint64_t)(PAGE - 1)) - newcomer->detour.start;
    newcomer->detour.protection = PROT_READ | PROT_EXEC | (text->writable ? PROT_WRITE : 0);
    return !newcomer_is_jump(newcomer->detour.displaced);
}

static bool is_padding(const unsigned char *bytes)
{
    static const unsigned char zeros[NEWCOMER_ROOM];
    return memcmp(bytes, zeros, room()) == 0 || memcmp(bytes, newcomer_detour, newcomer_detour_code()) == 0;
}

/* In the [vdso], whose bytes no image has, it does not stay, and leaves the very end to the tracee's tail. */
static bool write_detour(struct newcomer *newcomer, const struct text *text, uint64_t *place)
{
    unsigned char bytes[NEWCOMER_ROOM];
    bool is_vdso = text->start == newcomer->vdso;
    *place = (text->end - (is_vdso ? INJECT_TAIL_ROOM : 0) - room()) & ~7ull;
    if ((text->anonymous && !is_vdso) || text->shared || *place < text->start || !read_at(newcomer, *place, bytes, room()) || !is_padding(bytes))
        return false;
    newcomer->detour.clean = is_vdso;
    memcpy(bytes, newcomer_detour, newcomer_detour_code());
    memcpy(bytes + newcomer_detour_code(), &newcomer->detour, sizeof(newcomer->detour));
    return write_at(newcomer->memory, *place, bytes, room());
}

static bool find_place(struct newcomer *newcomer, struct text_list *list, const struct text *own, uint64_t *place)
{
    struct text text;
    bool found = write_detour(newcomer, own, place);
    for (uint64_t address = 0; !found && text_next(list, address, &text); address = text.end)
        found = write_detour(newcomer, &text, place);
    if (found)
        return true;
    newcomer->vdso = text_vdso(newcomer->directory);
    return newcomer->vdso != 0 && text_next(list, newcomer->vdso, &text) && write_detour(newcomer, &text, place);
}

static void lead_round(struct newcomer *newcomer)
{
    struct text_list list;
    struct text own;
    unsigned char jump[NEWCOMER_JUMP_SIZE];
    uint64_t place;
    text_list_init(&list, newcomer->directory);
    if (text_next(&list, newcomer->home, &own) && look_at_home(newcomer, &own) && find_place(newcomer, &list, &own, &place)) {
        newcomer_jump(jump, place);
        write_at(newcomer->memory, newcomer->home, jump, sizeof(jump));
    }
    text_list_deinit(&list);
}

void newcomer_meet(const struct caller *caller)
{
    struct newcomer newcomer = {.directory = caller_directory(caller->thread.td_tid), .home = caller->call.instruction_pointer};
    if (newcomer.directory < 0)
        return;
    if (is_to_have_handlers(newcomer.directory)) {
        newcomer.memory = caller_memory(caller, newcomer.directory);
        if (newcomer.memory >= 0) {
            lead_round(&newcomer);
            close(newcomer.memory);
        }
    }
    close(newcomer.directory);
}

/* Signals that were held back until this moment: of the first program only. */
static uint64_t take_held(struct caller *caller)
{
    return caller->held != NULL ? __atomic_exchange_n(caller->held, 0, __ATOMIC_ACQ_REL) : 0;
}

static bool fill_page(struct caller *caller, int memory, uint64_t page, uint64_t address, const struct newcomer_detour *detour)
{
    unsigned char bytes[NEWCOMER_PAGE_SIZE];
    if (page % NEWCOMER_PAGE_SIZE != 0)
        return false; /* a failed mmap()'s result */
    newcomer_page_build(bytes, page, detour, detour->clean != 0 ? address : 0, take_held(caller));
    return write_at(memory, page, bytes, newcomer_page_code() + sizeof(struct newcomer_page));
}

/* What is written is what the caller could write itself: its own memory. */
static int put_back(struct thread *td, int memory, uint64_t page, uint64_t address)
{
    struct newcomer_detour detour;
    unsigned char now[NEWCOMER_JUMP_SIZE];
    int error = td_copyin(td, (const void *)(uintptr_t)address, &detour, sizeof(detour));
    if (error != 0)
        return error;
    if (pread(memory, now, sizeof(now), (off_t)detour.home) != (ssize_t)sizeof(now) ||
        (newcomer_is_jump(now) && !write_at(memory, detour.home, detour.displaced, sizeof(now))))
        return EFAULT;
    td->td_retval[0] = !fill_page(caller_of(td), memory, page, address, &detour);
    return 0;
}

static int wipe(int memory, uint64_t address)
{
    static const unsigned char zeros[NEWCOMER_ROOM];
    unsigned char bytes[NEWCOMER_ROOM];
    uint64_t place = address - newcomer_detour_code();
    if (pread(memory, bytes, room(), (off_t)place) != (ssize_t)room() || memcmp(bytes, newcomer_detour, newcomer_detour_code()) != 0 ||
        !write_at(memory, place, zeros, room()))
        return EFAULT;
    return 0;
}

int newcomer_settle(struct thread *td, uint64_t page, uint64_t detour)
{
    int directory = caller_directory(td->td_tid), error = ESRCH;
    int memory = directory >= 0 ? caller_memory(caller_of(td), directory) : -1;
    if (memory >= 0) {
        error = page != 0 ? put_back(td, memory, page, detour) : wipe(memory, detour);
        close(memory);
    }
    if (directory >= 0)
        close(directory);
    return error;
}

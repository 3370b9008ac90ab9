#include <elf.h>
#include <fcntl.h>
#include <sys/mman.h>

#include "checkpt/resident/start/start.h"
#include "checkpt/resident/start/syscalls.h"

enum { PAGE = 4096, OWN_ARGUMENTS = 2, MISUSE = 2 };
#define AT_FLAGS_PRESERVE_ARGV0 1

static uint64_t code_room(void)
{
    return ((uint64_t)(start_code_end - start_code) + PAGE - 1) & ~(uint64_t)(PAGE - 1);
}

/* Runs in the copy: what the kernel has loaded of us may lie where the program has to go, and keeps /proc/PID/exe. */
static _Noreturn void go_on(struct start *start, uint64_t loaded)
{
    CALL_2(SYS_munmap, loaded, code_room());
    if (start->why_not == NULL)
        become_resident(start);
    if (!start->is_unknown || own_is_that_of(start->binary)) /* a new file of a resident program's name, but not any that begins like it */
        log_ordinary(start);
    if (start->header != NULL)
        CALL_2(SYS_munmap, start->header, start->header_size);
    become_ordinary(start);
}

static _Noreturn void move_and_go_on(struct start *start)
{
    uint64_t room = code_room(), place = start->header != NULL ? start->header->code : 0;
    long at = CALL_6(SYS_mmap, place, room, PROT_READ | PROT_WRITE, MAP_PRIVATE | MAP_ANONYMOUS | (place != 0 ? MAP_FIXED_NOREPLACE : 0), -1, 0);
    if (place != 0 && at != (long)place) {
        start->why_not = "its place in memory is taken";
        if (at < 0 && at > -PAGE)
            at = CALL_6(SYS_mmap, 0, room, PROT_READ | PROT_WRITE, MAP_PRIVATE | MAP_ANONYMOUS, -1, 0);
    }
    const uint64_t *from = (const uint64_t *)start_code;
    uint64_t *to = (uint64_t *)at;
    for (uint64_t i = 0; i < (uint64_t)(start_code_end - start_code + 7) / 8; i++)
        to[i] = from[i];
    CALL_3(SYS_mprotect, at, room, PROT_READ | PROT_EXEC);
    uint64_t distance = (uint64_t)at - (uint64_t)start_code;
    void (*moved)(struct start *, uint64_t) = (void (*)(struct start *, uint64_t))((uint64_t)go_on + distance);
    if (start->why_not != NULL)
        start->why_not += distance;
    moved(start, (uint64_t)start_code);
    for (;;)
        ;
}

static _Noreturn void refuse(void)
{
    const char *text = "checkpt-start: starts resident programs on the kernel's behalf; see checkpt(1), resident\n";
    uint64_t length = 0;
    while (text[length] != '\0')
        length++;
    CALL_3(SYS_write, 2, text, length);
    for (;;)
        CALL_1(SYS_exit_group, MISUSE);
}

/* The kernel's handler gives us as arguments: our own name, the binary's path, and what the program's are to be, its name included; and has the binary open. So does
 * `checkpt exec`, without that. Or a program has started itself by /proc/self/exe, which is us under its name: then all arguments are its own. */
__attribute__((used, visibility("hidden"))) _Noreturn void start_main(uint64_t *words);
void start_main(uint64_t *words)
{
    struct start start = {.binary = -1, .image = -1};
    char name[START_NAME_MAX];
    stack_read(&start.stack, words);
    uint64_t *opened = stack_aux(&start.stack, AT_EXECFD), *flags = stack_aux(&start.stack, AT_FLAGS);
    bool is_itself = opened == NULL && own_name(name);
    if (!is_itself && start.stack.argc <= OWN_ARGUMENTS)
        refuse();
    start.path = is_itself ? name : start.stack.argv[1];
    start.binary = opened != NULL ? (int)*opened : (int)CALL_3(SYS_open, start.path, O_RDONLY | O_CLOEXEC, 0);
    if (opened != NULL)
        opened[-1] = AT_IGNORE;
    else if (!is_itself)
        stack_name(&start.stack, start.path);
    if (flags != NULL)
        *flags &= ~(uint64_t)AT_FLAGS_PRESERVE_ARGV0;
    if (!is_itself)
        stack_shift(&start.stack, OWN_ARGUMENTS);
    lookup(&start);
    move_and_go_on(&start);
}

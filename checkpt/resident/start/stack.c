#include <elf.h>
#include <linux/prctl.h>

#include "checkpt/resident/start/start.h"
#include "checkpt/resident/start/syscalls.h"

void stack_read(struct start_stack *stack, uint64_t *words)
{
    stack->words = words;
    stack->argc = words[0];
    stack->argv = (char **)(words + 1);
    stack->envp = stack->argv + stack->argc + 1;
    char **end = stack->envp;
    while (*end != NULL)
        end++;
    stack->auxv = (uint64_t *)(end + 1);
    const uint64_t *name = stack_aux(stack, AT_EXECFN);
    if (stack->strings_end == 0 && name != NULL)
        stack->strings_end = *name; /* the kernel has put it behind all others */
}

/* The kernel keeps the stack's beginning a multiple of 16: an odd number of arguments moves all that is left of them down by a word, over those that are gone. */
void stack_shift(struct start_stack *stack, size_t count)
{
    uint64_t *words = stack->words + (count & ~(size_t)1);
    uint64_t argc = stack->argc - count;
    if (count % 2 != 0) {
        uint64_t *from = stack->words + 1 + count, *to = words + 1;
        uint64_t *end = stack->auxv;
        while (end[0] != AT_NULL)
            end += 2;
        for (end += 2; from < end;)
            *to++ = *from++;
    }
    words[0] = argc;
    stack_read(stack, words);
}

uint64_t *stack_aux(const struct start_stack *stack, uint64_t type)
{
    for (uint64_t *entry = stack->auxv; entry[0] != AT_NULL; entry += 2)
        if (entry[0] == type)
            return &entry[1];
    return NULL;
}

void stack_name(const struct start_stack *stack, const char *path)
{
    uint64_t *name = stack_aux(stack, AT_EXECFN);
    const char *last = path;
    if (name != NULL)
        *name = (uint64_t)path;
    for (; *path != '\0'; path++)
        if (*path == '/')
            last = path + 1;
    CALL_2(SYS_prctl, PR_SET_NAME, last);
}

void stack_set_layout(const struct start_stack *stack, const struct start_layout *layout, int executable)
{
    uint64_t environment_end = stack->strings_end;
    uint64_t *end = stack->auxv;
    while (end[0] != AT_NULL)
        end += 2;
    uint64_t arguments_end = stack->envp[0] != NULL ? (uint64_t)stack->envp[0] : environment_end;
    struct prctl_mm_map map = {
        .start_code = layout->start_code, .end_code = layout->end_code, .start_data = layout->start_data, .end_data = layout->end_data,
        .start_brk = layout->start_brk, .brk = layout->brk, .start_stack = (uint64_t)stack->words,
        .arg_start = stack->argc > 0 ? (uint64_t)stack->argv[0] : arguments_end, .arg_end = arguments_end, .env_start = arguments_end, .env_end = environment_end,
        .auxv = (void *)stack->auxv, .auxv_size = (uint32_t)((char *)(end + 2) - (char *)stack->auxv), .exe_fd = (uint32_t)executable,
    };
    if (CALL_5(SYS_prctl, PR_SET_MM, PR_SET_MM_MAP, &map, sizeof(map), 0) == 0)
        return;
    map.exe_fd = (uint32_t)-1; /* /proc/PID/exe takes rights, and stays ours without them */
    CALL_5(SYS_prctl, PR_SET_MM, PR_SET_MM_MAP, &map, sizeof(map), 0);
}

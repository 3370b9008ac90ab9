#include <asm/prctl.h>
#include <elf.h>
#include <fcntl.h>
#include <sys/mman.h>
#include <sys/resource.h>

#include "checkpt/resident/start/start.h"
#include "checkpt/resident/start/syscalls.h"

enum { TID_BITS = 0x3fffffff };

static bool map_one(const struct start_map *map, int fd)
{
    long at = CALL_6(SYS_mmap, map->start, map->length, map->protection, map->flags | MAP_FIXED_NOREPLACE, fd, map->offset);
    if (at >= 0 && (uint64_t)at != map->start)
        CALL_2(SYS_munmap, at, map->length);
    return (uint64_t)at == map->start;
}

/* Maps are sorted by their file, so that each is opened once. Returns how many were made. */
static uint64_t map_all(const struct start *start, const char **why_not)
{
    const struct start_header *header = start->header;
    const struct start_map *maps = lookup_array(header, header->maps);
    const struct start_mapped *mapped = lookup_array(header, header->mapped);
    int32_t current = START_ANONYMOUS;
    int fd = -1;
    uint64_t done = 0;
    for (; done < header->map_count; done++) {
        const struct start_map *map = &maps[done];
        if (map->file != current) {
            if (current >= 0)
                CALL_1(SYS_close, fd);
            current = map->file;
            fd = current == START_IMAGE ? start->image : -1;
            if (current >= 0) {
                fd = (int)CALL_3(SYS_open, lookup_array(header, mapped[current].path), O_RDONLY | O_CLOEXEC, 0);
                if (fd < 0 || !lookup_is_unchanged(fd, &mapped[current].identity)) {
                    *why_not = "a file that it maps has changed";
                    break;
                }
            }
        }
        if (!map_one(map, fd)) {
            *why_not = "its place in memory is taken";
            break;
        }
    }
    if (current >= 0 && fd >= 0)
        CALL_1(SYS_close, fd);
    return done;
}

static bool read_all(const struct start *start)
{
    const struct start_read *reads = lookup_array(start->header, start->header->reads);
    for (uint64_t i = 0; i < start->header->read_count; i++)
        if (CALL_4(SYS_pread64, start->image, reads[i].start, reads[i].length, reads[i].offset) != (long)reads[i].length)
            return false;
    return true;
}

static const char *last_part(const char *name)
{
    const char *part = name;
    for (; *name != '\0'; name++)
        if (*name == '/')
            part = name + 1;
    return part;
}

/* What each kind of patch stands for in this run. */
struct values {
    const struct start_stack *stack;
    uint64_t moved;         /* how far the kernel's special mappings lie from where they were */
    uint64_t random[2];
    uint64_t stack_size;
    uint32_t tid;
    const char *name;
};

static uint64_t value_of(const struct values *values, const struct start_patch *patch)
{
    const uint64_t *aux;
    switch (patch->kind) {
    case START_PATCH_STACK:
        return (uint64_t)values->stack->words;
    case START_PATCH_ARGC:
        return values->stack->argc;
    case START_PATCH_ARGV:
        return (uint64_t)values->stack->argv;
    case START_PATCH_ENVIRON:
        return (uint64_t)values->stack->envp;
    case START_PATCH_AUXV:
        return (uint64_t)values->stack->auxv;
    case START_PATCH_AUX:
        aux = stack_aux(values->stack, patch->detail);
        return aux != NULL ? *aux : 0;
    case START_PATCH_NAME:
        return (uint64_t)values->name;
    case START_PATCH_SHORT_NAME:
        return (uint64_t)last_part(values->name);
    case START_PATCH_VDSO:
        return patch->value + values->moved;
    case START_PATCH_CANARY:
        return values->random[0] & ~(uint64_t)0xff;
    case START_PATCH_STACK_SIZE:
        return values->stack_size;
    case START_PATCH_GUARD:
        return values->random[1];
    default:
        return 0;
    }
}

static void apply(const struct values *values, const struct start_patch *patches, uint64_t count)
{
    for (uint64_t i = 0; i < count; i++) {
        uint32_t *half = (uint32_t *)patches[i].address;
        if (patches[i].kind == START_PATCH_TID)
            *half = (*half & ~(uint32_t)TID_BITS) | values->tid;
        else if (patches[i].kind == START_PATCH_ARGC)
            *half = (uint32_t)values->stack->argc;
        else
            *(uint64_t *)patches[i].address = value_of(values, &patches[i]);
    }
}

static void set_aux(const struct start_stack *stack, uint64_t type, uint64_t value)
{
    uint64_t *entry = stack_aux(stack, type);
    if (entry != NULL)
        *entry = value;
}

static void fill_values(const struct start *start, struct values *values)
{
    const struct start_header *header = start->header;
    const uint64_t *vdso = stack_aux(&start->stack, AT_SYSINFO_EHDR), *random = stack_aux(&start->stack, AT_RANDOM);
    values->stack = &start->stack;
    values->moved = vdso != NULL ? *vdso - header->vdso_distance - header->special : 0;
    values->random[0] = random != NULL ? ((const uint64_t *)*random)[0] : 0;
    values->random[1] = random != NULL ? ((const uint64_t *)*random)[1] : 0;
    struct rlimit limit = {.rlim_cur = ~(rlim_t)0};
    CALL_2(SYS_getrlimit, RLIMIT_STACK, &limit);
    values->stack_size = start_stack_size(limit.rlim_cur);
    values->name = start->stack.argc > 0 ? start->stack.argv[0] : start->path;
}

static void register_thread(const struct start_header *header)
{
    CALL_2(SYS_arch_prctl, ARCH_SET_FS, header->fs_base);
    if (header->gs_base != 0)
        CALL_2(SYS_arch_prctl, ARCH_SET_GS, header->gs_base);
    if (header->robust_list != 0)
        CALL_2(SYS_set_robust_list, header->robust_list, header->robust_length);
    if (header->rseq_size != 0)
        CALL_4(SYS_rseq, header->rseq_address, header->rseq_size, 0, header->rseq_signature);
}

/* From here on nothing can fail that the program would notice. */
static _Noreturn void go_on(struct start *start)
{
    const struct start_header *header = start->header;
    const struct start_protect *protects = lookup_array(header, header->protects);
    struct values values;
    lookup_count(start);
    fill_values(start, &values);
    values.tid = (uint32_t)CALL_1(SYS_set_tid_address, header->tid_address);
    apply(&values, lookup_array(header, header->patches), header->patch_count);
    for (uint64_t i = 0; i < header->protect_count; i++)
        CALL_3(SYS_mprotect, protects[i].start, protects[i].length, protects[i].protection);
    register_thread(header);
    set_aux(&start->stack, AT_PHDR, header->place.phdr);
    set_aux(&start->stack, AT_PHENT, header->place.phent);
    set_aux(&start->stack, AT_PHNUM, header->place.phnum);
    set_aux(&start->stack, AT_BASE, header->place.base);
    set_aux(&start->stack, AT_ENTRY, header->place.entry);
    stack_set_layout(&start->stack, &header->layout, start->binary);
    CALL_1(SYS_close, start->image);
    CALL_1(SYS_close, start->binary);
    CALL_1(SYS_brk, 0); /* what a program begins with: `checkpt run` waits for it */
    uint64_t rip = header->rip, rax = header->rax;
    CALL_2(SYS_munmap, header, start->header_size);
    start_jump((uint64_t)start->stack.words, rip, rax);
}

void become_resident(struct start *start)
{
    const struct start_map *maps = lookup_array(start->header, start->header->maps);
    uint64_t done = map_all(start, &start->why_not);
    if (start->why_not == NULL && read_all(start))
        go_on(start);
    if (start->why_not == NULL)
        start->why_not = "its image cannot be read";
    while (done-- > 0)
        CALL_2(SYS_munmap, maps[done].start, maps[done].length);
}

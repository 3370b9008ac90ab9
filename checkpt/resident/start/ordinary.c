#include <elf.h>
#include <fcntl.h>
#include <sys/mman.h>

#include "checkpt/resident/start/start.h"
#include "checkpt/resident/start/syscalls.h"

enum { PAGE = 4096, HEADERS_MAX = 64, CANNOT_EXECUTE = 126 };
#define PAGES_UP(x) (((x) + PAGE - 1) & ~(uint64_t)(PAGE - 1))
#define PAGES_DOWN(x) ((x) & ~(uint64_t)(PAGE - 1))
/* Where the kernel puts programs that may lie anywhere: two thirds up, so that the heap has room. */
#define PROGRAM_BASE 0x555555554000u
#define RANDOM_PAGES 0xfffffff

struct loaded {
    Elf64_Ehdr header;
    Elf64_Phdr segments[HEADERS_MAX];
    uint64_t base;               /* what is added to its addresses */
    uint64_t lowest, highest;    /* of its addresses */
    struct start_layout layout;
};

static _Noreturn void give_up(void)
{
    static const char text[] = "checkpt: a program cannot be loaded: it is damaged, or memory ran out\n";
    CALL_3(SYS_write, 2, text, sizeof(text) - 1);
    for (;;)
        CALL_1(SYS_exit_group, CANNOT_EXECUTE);
}

static void read_headers(struct loaded *loaded, int fd)
{
    Elf64_Ehdr *header = &loaded->header;
    if (CALL_4(SYS_pread64, fd, header, sizeof(*header), 0) != (long)sizeof(*header) || header->e_phnum > HEADERS_MAX || header->e_phentsize != sizeof(Elf64_Phdr))
        give_up();
    long size = (long)(header->e_phnum * sizeof(Elf64_Phdr));
    if (CALL_4(SYS_pread64, fd, loaded->segments, size, header->e_phoff) != size)
        give_up();
    loaded->lowest = UINT64_MAX;
    loaded->highest = 0;
    for (unsigned i = 0; i < header->e_phnum; i++) {
        const Elf64_Phdr *segment = &loaded->segments[i];
        if (segment->p_type != PT_LOAD)
            continue;
        if (PAGES_DOWN(segment->p_vaddr) < loaded->lowest)
            loaded->lowest = PAGES_DOWN(segment->p_vaddr);
        if (PAGES_UP(segment->p_vaddr + segment->p_memsz) > loaded->highest)
            loaded->highest = PAGES_UP(segment->p_vaddr + segment->p_memsz);
    }
    if (loaded->lowest >= loaded->highest)
        give_up();
}

/* Takes the whole range first, so that what comes next lies in one piece. */
static void reserve(struct loaded *loaded, uint64_t hint)
{
    bool is_fixed = loaded->header.e_type == ET_EXEC;
    uint64_t wanted = is_fixed ? loaded->lowest : hint;
    long at = CALL_6(SYS_mmap, wanted, loaded->highest - loaded->lowest, PROT_NONE, MAP_PRIVATE | MAP_ANONYMOUS | (is_fixed ? MAP_FIXED_NOREPLACE : 0), -1, 0);
    if ((at < 0 && at > -PAGE) || (is_fixed && (uint64_t)at != wanted))
        give_up();
    loaded->base = (uint64_t)at - loaded->lowest;
}

static uint32_t protection_of(const Elf64_Phdr *segment)
{
    return ((segment->p_flags & PF_R) ? PROT_READ : 0) | ((segment->p_flags & PF_W) ? PROT_WRITE : 0) | ((segment->p_flags & PF_X) ? PROT_EXEC : 0);
}

static void load_segment(const struct loaded *loaded, const Elf64_Phdr *segment, int fd)
{
    uint64_t start = PAGES_DOWN(loaded->base + segment->p_vaddr), file_end = loaded->base + segment->p_vaddr + segment->p_filesz;
    uint64_t end = PAGES_UP(loaded->base + segment->p_vaddr + segment->p_memsz), mapped_end = PAGES_UP(file_end);
    if (segment->p_filesz > 0 && CALL_6(SYS_mmap, start, mapped_end - start, protection_of(segment), MAP_PRIVATE | MAP_FIXED, fd, PAGES_DOWN(segment->p_offset)) < 0)
        give_up();
    if (segment->p_filesz == 0)
        mapped_end = start;
    else if (segment->p_memsz > segment->p_filesz && (segment->p_flags & PF_W))
        for (char *zero = (char *)file_end; zero < (char *)mapped_end; zero++)
            *(volatile char *)zero = 0;
    if (end > mapped_end && CALL_6(SYS_mmap, mapped_end, end - mapped_end, protection_of(segment), MAP_PRIVATE | MAP_FIXED | MAP_ANONYMOUS, -1, 0) < 0)
        give_up();
}

static void note_layout(struct loaded *loaded, const Elf64_Phdr *segment)
{
    struct start_layout *layout = &loaded->layout;
    uint64_t start = loaded->base + segment->p_vaddr, end = start + segment->p_filesz;
    if ((segment->p_flags & PF_X) && (layout->start_code == 0 || start < layout->start_code))
        layout->start_code = start;
    if ((segment->p_flags & PF_X) && end > layout->end_code)
        layout->end_code = end;
    if (start > layout->start_data)
        layout->start_data = start;
    if (end > layout->end_data)
        layout->end_data = end;
    layout->start_brk = layout->brk = PAGES_UP(loaded->base + loaded->highest);
}

static void load(struct loaded *loaded, int fd, uint64_t hint)
{
    loaded->layout = (struct start_layout){0};
    read_headers(loaded, fd);
    reserve(loaded, hint);
    for (unsigned i = 0; i < loaded->header.e_phnum; i++)
        if (loaded->segments[i].p_type == PT_LOAD) {
            load_segment(loaded, &loaded->segments[i], fd);
            note_layout(loaded, &loaded->segments[i]);
        }
}

static const Elf64_Phdr *find(const struct loaded *loaded, uint32_t type)
{
    for (unsigned i = 0; i < loaded->header.e_phnum; i++)
        if (loaded->segments[i].p_type == type)
            return &loaded->segments[i];
    return NULL;
}

static uint64_t address_of_headers(const struct loaded *loaded)
{
    uint64_t offset = loaded->header.e_phoff;
    for (unsigned i = 0; i < loaded->header.e_phnum; i++) {
        const Elf64_Phdr *segment = &loaded->segments[i];
        if (segment->p_type == PT_LOAD && segment->p_offset <= offset && offset < segment->p_offset + segment->p_filesz)
            return loaded->base + segment->p_vaddr + (offset - segment->p_offset);
    }
    return 0;
}

static void set_aux(const struct start_stack *stack, uint64_t type, uint64_t value)
{
    uint64_t *entry = stack_aux(stack, type);
    if (entry != NULL)
        *entry = value;
}

static int open_interpreter(const struct loaded *program, int binary)
{
    char path[PAGE];
    const Elf64_Phdr *segment = find(program, PT_INTERP);
    if (segment == NULL)
        return -1;
    if (segment->p_filesz == 0 || segment->p_filesz > sizeof(path) || CALL_4(SYS_pread64, binary, path, segment->p_filesz, segment->p_offset) != (long)segment->p_filesz)
        give_up();
    path[segment->p_filesz - 1] = '\0';
    int fd = (int)CALL_3(SYS_open, path, O_RDONLY | O_CLOEXEC, 0);
    if (fd < 0)
        give_up();
    return fd;
}

static void set_stack_protection(const struct loaded *program, const struct start_stack *stack)
{
    const Elf64_Phdr *segment = find(program, PT_GNU_STACK);
    if (segment == NULL || (segment->p_flags & PF_X))
        CALL_3(SYS_mprotect, PAGES_DOWN((uint64_t)stack->words), PAGE, PROT_READ | PROT_WRITE | PROT_EXEC | PROT_GROWSDOWN);
}

_Noreturn void become_ordinary(struct start *start)
{
    struct loaded program, linker;
    const uint64_t *random = stack_aux(&start->stack, AT_RANDOM);
    uint64_t shift = random != NULL ? (*(const uint64_t *)*random & RANDOM_PAGES) * PAGE : 0;
    load(&program, start->binary, PROGRAM_BASE + shift);
    uint64_t rip = program.base + program.header.e_entry;
    set_aux(&start->stack, AT_PHDR, address_of_headers(&program));
    set_aux(&start->stack, AT_PHENT, sizeof(Elf64_Phdr));
    set_aux(&start->stack, AT_PHNUM, program.header.e_phnum);
    set_aux(&start->stack, AT_ENTRY, rip);
    set_aux(&start->stack, AT_BASE, 0);
    int fd = open_interpreter(&program, start->binary);
    if (fd >= 0) {
        load(&linker, fd, 0);
        CALL_1(SYS_close, fd);
        set_aux(&start->stack, AT_BASE, linker.base + linker.lowest);
        rip = linker.base + linker.header.e_entry;
    }
    set_stack_protection(&program, &start->stack);
    stack_set_layout(&start->stack, &program.layout, start->binary);
    CALL_1(SYS_close, start->binary);
    start_jump((uint64_t)start->stack.words, rip, 0);
}

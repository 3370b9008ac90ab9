#include <criterion/criterion.h>
#include <cpuid.h>
#include <signal.h>
#include <stdlib.h>
#include <string.h>
#include <sys/auxv.h>
#include <sys/mman.h>
#include <sys/ptrace.h>
#include <sys/syscall.h>
#include <sys/uio.h>
#include <sys/user.h>
#include <sys/wait.h>
#include <time.h>
#include <unistd.h>
#include <elf.h>

#include "checkpt/arch/x86_64/xsave.h"
#include "checkpt/thaw/plan.h"

/* What a program finds when it goes on: its registers, its alternate stack, its vdso. Plans run in a traced child that stops in an endless loop
 * of the new world, where the tracer looks at it. */
#define CODE 0x20000000ull
#define DATA 0x30000000ull
#define PAGE 4096ull

static struct user_regs_struct some_registers(void)
{
    return (struct user_regs_struct){.r8 = 8, .r9 = 9, .r10 = 10, .r11 = 11, .r12 = 12, .r13 = 13, .r14 = 14, .r15 = 15, .rdi = 1, .rsi = 2, .rbp = 3,
                                     .rbx = 4, .rdx = 5, .rax = 6, .rcx = 7, .rsp = DATA + 2048, .rip = CODE, .eflags = 0x246, .cs = 0x33, .ss = 0x2b,
                                     .fs_base = DATA + 8, .gs_base = DATA + 16};
}

static void map(struct plan *plan, uint64_t address, int protection)
{
    plan_reserve(plan, address, address + PAGE);
    PLAN_EXPECT(plan, address, "memory: mapping", SYS_mmap, PLAN_NUMBER(address), PLAN_NUMBER(PAGE), PLAN_NUMBER(protection),
                PLAN_NUMBER(MAP_PRIVATE | MAP_ANONYMOUS | MAP_FIXED_NOREPLACE), PLAN_NUMBER(-1), PLAN_NUMBER(0));
}

static void store_code(struct plan *plan, const unsigned char *code, size_t size)
{
    map(plan, CODE, PROT_READ | PROT_WRITE | PROT_EXEC);
    map(plan, DATA, PROT_READ | PROT_WRITE);
    for (size_t i = 0; i < size; i += sizeof(uint32_t)) {
        uint32_t word = 0;
        memcpy(&word, code + i, size - i < sizeof(word) ? size - i : sizeof(word));
        plan_store(plan, CODE + i, PLAN_NUMBER(word), 0);
    }
}

static void run(struct plan *plan)
{
    struct failure why = {0};
    if (plan_seal(plan, &why))
        plan_run(plan, "x.ckpt", &why);
    dprintf(2, "not run: %s\n", why.sentence);
    _exit(99);
}

/* int3: a trap is a place to look at. */
static pid_t start_traced(void (*build)(struct plan *plan))
{
    pid_t child = fork();
    if (child == 0) {
        ptrace(PTRACE_TRACEME, 0, 0, 0);
        struct plan *plan = plan_create();
        build(plan);
        run(plan);
    }
    int status;
    cr_assert_eq(waitpid(child, &status, 0), child);
    cr_assert(WIFSTOPPED(status) && WSTOPSIG(status) == SIGTRAP, "status %x", status);
    return child;
}

static void end_traced(pid_t child)
{
    kill(child, SIGKILL);
    waitpid(child, NULL, 0);
}

static const unsigned char trap_code[] = {0xcc, 0xeb, 0xfe};

/* AVX and AVX-512. Where they lie, and what lies between them, is each CPU maker's choice. */
static const unsigned vector_components[] = {2, 5, 6, 7};
enum { VECTORS = sizeof(vector_components) / sizeof(vector_components[0]) };

static unsigned char *pattern(size_t *size)
{
    struct xsave_host host;
    xsave_host_look(&host);
    uint64_t features = xsave_features(&host, 0);
    *size = xsave_size(&host, features);
    unsigned char *area = calloc(1, *size);
    for (size_t i = 32; i < 416; i++)
        area[i] = (unsigned char)(i * 7 + 1); /* x87 and XMM registers */
    for (size_t i = 0; i < 8; i++)            /* 80-bit registers: the kernel shows 6 bytes of padding as they are */
        memset(area + 32 + 16 * i + 10, 0, 6);
    const uint16_t control = 0x27f;
    const uint32_t mxcsr = 0x1fa0;
    memcpy(area, &control, sizeof(control));
    memcpy(area + 24, &mxcsr, sizeof(mxcsr));
    uint64_t vectors = features & 0xe7;
    memcpy(area + 512, &vectors, sizeof(vectors));
    for (size_t k = 0; k < VECTORS; k++)
        for (size_t i = 0; (features >> vector_components[k] & 1) != 0 && i < host.components[vector_components[k]].size; i++)
            area[host.components[vector_components[k]].offset + i] = (unsigned char)(i * 5 + i / 256 + k);
    return area;
}

static void build_registers(struct plan *plan)
{
    store_code(plan, trap_code, sizeof(trap_code));
    struct user_regs_struct registers = some_registers();
    struct plan_context context = {.registers = &registers, .signal_mask = 0x8000000000004200, .stack_address = DATA, .stack_size = 2048,
                                   .stack_flags = SS_ONSTACK};
    context.xsave = pattern(&context.xsave_size);
    context.stack_size = (uint64_t)sysconf(_SC_MINSIGSTKSZ) + 2048;
    plan_leave(plan, 0, &context);
}

Test(plan_state, every_register_survives)
{
    pid_t child = start_traced(build_registers);
    struct user_regs_struct got, wanted = some_registers();
    wanted.rip += 1;
    wanted.orig_rax = ~0ull;
    cr_assert_eq(ptrace(PTRACE_GETREGS, child, 0, &got), 0);
    cr_expect_arr_eq(&got, &wanted, sizeof(got));
    uint64_t mask = 0;
    cr_assert_eq(ptrace(PTRACE_GETSIGMASK, child, sizeof(mask), &mask), 0);
    cr_expect_eq(mask, 0x8000000000004200);
    end_traced(child);
}

Test(plan_state, vector_registers_survive)
{
    pid_t child = start_traced(build_registers);
    unsigned char area[16384];
    struct iovec vector = {area, sizeof(area)};
    cr_assert_eq(ptrace(PTRACE_GETREGSET, child, NT_X86_XSTATE, &vector), 0);
    size_t size;
    unsigned char *wanted = pattern(&size);
    cr_expect_geq(vector.iov_len, size);
    cr_expect_arr_eq(area + 32, wanted + 32, 384);
    cr_expect_arr_eq(area, wanted, 2);
    cr_expect_arr_eq(area + 24, wanted + 24, 4);
    cr_expect_arr_eq(area + 512, wanted + 512, 8);
    cr_expect_arr_eq(area + 576, wanted + 576, size - 576);
    free(wanted);
    end_traced(child);
}

/* Areas of other makers: the same values at other places. */
Test(plan_state, vector_registers_of_another_layout)
{
    struct xsave_host host;
    xsave_host_look(&host);
    uint64_t features = xsave_features(&host, 0);
    if ((features & 0xe0) != 0xe0)
        cr_skip_test("this CPU has no AVX-512");
    unsigned char intel[2688 + 8] = {0}, amd[2432 + 8] = {0}, out[16384];
    const uint64_t used = 0xe7;
    const struct { size_t intel, amd, size; } parts[] = {{576, 576, 256}, {1088, 832, 64}, {1152, 896, 512}, {1664, 1408, 1024}};
    memcpy(intel + 512, &used, sizeof(used));
    memcpy(amd + 512, &used, sizeof(used));
    for (size_t i = 0; i < 4; i++) {
        memset(intel + parts[i].intel, (int)(0x50 + i), parts[i].size);
        memset(amd + parts[i].amd, (int)(0x50 + i), parts[i].size);
    }
    bool here_intel = xsave_size(&host, 0xe7) == 2688;
    const void *foreign = here_intel ? amd : intel;
    xsave_convert(&host, out, features, foreign, here_intel ? sizeof(amd) : sizeof(intel));
    for (size_t i = 0; i < 4; i++)
        cr_expect_eq(out[here_intel ? parts[i].intel : parts[i].amd], 0x50 + i);
    xsave_convert(&host, out, features, foreign, here_intel ? sizeof(amd) - 8 : sizeof(intel) - 8);
    for (size_t i = 0; i < 4; i++)
        cr_expect_eq(out[(here_intel ? parts[i].intel : parts[i].amd) + parts[i].size - 1], 0x50 + i);
}

static void read_line(pid_t child, const char *file, const char *with, char *line, int size)
{
    char path[64];
    snprintf(path, sizeof(path), "/proc/%d/%s", child, file);
    FILE *in = fopen(path, "re");
    while (fgets(line, size, in) != NULL)
        if (strstr(line, with) != NULL)
            goto found;
    line[0] = 0;
found:
    fclose(in);
}

static unsigned count_lines(pid_t child)
{
    char path[64], line[512];
    snprintf(path, sizeof(path), "/proc/%d/maps", child);
    FILE *in = fopen(path, "re");
    unsigned lines = 0;
    while (fgets(line, sizeof(line), in) != NULL)
        lines += strstr(line, "[vsyscall]") == NULL;
    fclose(in);
    return lines;
}

/* The code and a signal frame, which is larger the more vectors there are. */
Test(plan_state, what_stays_behind_is_small_and_read_only)
{
    pid_t child = start_traced(build_registers);
    char line[512];
    unsigned long start, end;
    read_line(child, "maps", PLAN_REMAINS, line, sizeof(line));
    cr_assert_eq(sscanf(line, "%lx-%lx r-xs", &start, &end), 2, "%s", line);
    cr_expect_leq(end - start, 2 * PAGE);
    cr_expect(strstr(line, "r-xs") != NULL && strstr(line, "/memfd:checkpt-thaw (deleted)") != NULL);
    cr_expect_eq(count_lines(child), 3);
    end_traced(child);
}

/* --- the alternate stack: sigaltstack(NULL, rsi), then a trap */
static const unsigned char stack_code[] = {0xb8, SYS_sigaltstack, 0, 0, 0, 0x0f, 0x05, 0xcc, 0xeb, 0xfe};

static void build_stack(struct plan *plan)
{
    store_code(plan, stack_code, sizeof(stack_code));
    struct user_regs_struct registers = some_registers();
    registers.rdi = 0;
    registers.rsi = DATA;
    const struct plan_context context = {.registers = &registers, .stack_address = DATA + 0x100000, .stack_size = 65536};
    plan_leave(plan, 0, &context);
}

Test(plan_state, the_alternate_stack_is_set_by_leaving)
{
    pid_t child = start_traced(build_stack);
    cr_expect_eq((uint64_t)ptrace(PTRACE_PEEKDATA, child, DATA, 0), DATA + 0x100000);
    cr_expect_eq((uint64_t)ptrace(PTRACE_PEEKDATA, child, DATA + 16, 0), 65536);
    end_traced(child);
}

/* --- the vdso: call clock_gettime(CLOCK_MONOTONIC, DATA) in it */
#define VDSO_AT 0x7ff000100000ull
static const unsigned char vdso_code[] = {0xff, 0xd0, 0xcc, 0xeb, 0xfe}; /* call *%rax */

/* This kernel's, told as if the program had had it at VDSO_AT; `change` bytes of it differ. */
static struct {
    uint64_t start, vdso, end, function;
} own;

static void look_at_own_vdso(void)
{
    char line[512], name[64] = "";
    uint64_t start, end;
    FILE *maps = fopen("/proc/self/maps", "re");
    own.vdso = getauxval(AT_SYSINFO_EHDR);
    while (fgets(line, sizeof(line), maps) != NULL) {
        name[0] = 0;
        if (sscanf(line, "%lx-%lx %*s %*s %*s %*s %63s", &start, &end, name) < 2 || strncmp(name, "[v", 2) != 0 || strcmp(name, "[vsyscall]") == 0)
            continue;
        if (own.start == 0)
            own.start = start;
        own.end = end;
    }
    fclose(maps);
    const char *elf = (const char *)own.vdso;
    const Elf64_Ehdr *header = (const void *)elf;
    const Elf64_Shdr *sections = (const void *)(elf + header->e_shoff);
    for (int i = 0; i < header->e_shnum; i++) {
        if (sections[i].sh_type != SHT_DYNSYM)
            continue;
        const Elf64_Sym *symbols = (const void *)(elf + sections[i].sh_offset);
        const char *names = elf + sections[sections[i].sh_link].sh_offset;
        for (size_t k = 0; k < sections[i].sh_size / sizeof(Elf64_Sym); k++)
            if (strcmp(names + symbols[k].st_name, "__vdso_clock_gettime") == 0)
                own.function = symbols[k].st_value;
    }
}

static void build_vdso(struct plan *plan, bool changed)
{
    look_at_own_vdso();
    size_t size = own.end - own.vdso;
    unsigned char *bytes = malloc(size);
    memcpy(bytes, (const void *)own.vdso, size);
    bytes[9] ^= changed; /* padding of e_ident */
    plan_vdso(plan, VDSO_AT - (own.vdso - own.start), VDSO_AT + size, VDSO_AT, bytes, size);
    store_code(plan, vdso_code, sizeof(vdso_code));
    struct user_regs_struct registers = some_registers();
    registers.rax = VDSO_AT + own.function;
    registers.rdi = CLOCK_MONOTONIC;
    registers.rsi = DATA;
    const struct plan_context context = {.registers = &registers, .stack_flags = SS_DISABLE};
    plan_leave(plan, 0, &context);
}

static void build_same_vdso(struct plan *plan)
{
    build_vdso(plan, false);
}

static void build_other_vdso(struct plan *plan)
{
    build_vdso(plan, true);
}

/* As a kernel with CONFIG_MSEAL_SYSTEM_MAPPINGS does it. */
static void build_sealed_vdso(struct plan *plan)
{
    look_at_own_vdso();
    if (syscall(462 /* mseal */, own.start, own.end - own.start, 0) != 0)
        _exit(77);
    build_vdso(plan, false);
}

static void expect_clock(pid_t child)
{
    struct user_regs_struct registers;
    struct timespec now;
    clock_gettime(CLOCK_MONOTONIC, &now);
    cr_assert_eq(ptrace(PTRACE_GETREGS, child, 0, &registers), 0);
    cr_expect_eq(registers.rip, CODE + 3);
    cr_expect_eq(registers.rax, 0);
    long told = ptrace(PTRACE_PEEKDATA, child, DATA, 0);
    cr_expect(told > 0 && told <= now.tv_sec && told >= now.tv_sec - 60, "told %ld, is %ld", told, now.tv_sec);
}

Test(plan_state, the_vdso_comes_back_to_its_place)
{
    pid_t child = start_traced(build_same_vdso);
    expect_clock(child);
    char line[512], wanted[32];
    read_line(child, "maps", "[vdso]", line, sizeof(line));
    snprintf(wanted, sizeof(wanted), "%llx-", VDSO_AT);
    cr_expect_eq(strncmp(line, wanted, strlen(wanted)), 0, "%s", line);
    end_traced(child);
}

Test(plan_state, a_sealed_vdso_is_led_to_where_it_is)
{
    pid_t probe = fork();
    if (probe == 0)
        _exit(syscall(462, 0, 0, 0) == 0 ? 0 : 77);
    int status;
    waitpid(probe, &status, 0);
    if (WEXITSTATUS(status) == 77)
        cr_skip_test("this kernel has no mseal");
    pid_t child = start_traced(build_sealed_vdso);
    expect_clock(child);
    end_traced(child);
}

Test(plan_state, another_kernels_vdso_leads_to_this_ones)
{
    pid_t child = start_traced(build_other_vdso);
    expect_clock(child);
    char line[512], wanted[32];
    snprintf(wanted, sizeof(wanted), "%llx-", VDSO_AT);
    read_line(child, "maps", wanted, line, sizeof(line));
    cr_expect(strstr(line, "r-xp") != NULL && strstr(line, "[vdso]") == NULL, "%s", line);
    read_line(child, "maps", "[vdso]", line, sizeof(line));
    cr_expect_neq(line[0], 0);
    end_traced(child);
}

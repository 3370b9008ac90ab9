#include "checkpt/arch/x86_64/cpu.h"

#include <fcntl.h>
#include <stdbool.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

enum { ENOUGH = 8192 /* one CPU takes about 2 KiB */ };

/* Instructions that C libraries and programs choose by. What only the kernel uses, and how fast things are, is left out. Ascending. */
static const char *const chosen[] = {
    "3dnow", "3dnowext", "3dnowprefetch", "abm", "adx", "aes", "amx_bf16", "amx_complex", "amx_fp16", "amx_int8", "amx_tile", "apx_f", "avx", "avx10", "avx2",
    "avx512_4fmaps", "avx512_4vnniw", "avx512_bf16", "avx512_bitalg", "avx512_fp16", "avx512_vbmi2", "avx512_vnni", "avx512_vp2intersect",
    "avx512_vpopcntdq", "avx512bw", "avx512cd", "avx512dq", "avx512er", "avx512f", "avx512ifma", "avx512pf", "avx512vbmi", "avx512vl", "avx_ifma",
    "avx_ne_convert", "avx_vnni", "avx_vnni_int16", "avx_vnni_int8", "bmi1", "bmi2", "cldemote", "clflush", "clflushopt", "clwb", "clzero", "cmov",
    "cmpccxadd", "cx16", "cx8", "enqcmd", "erms", "f16c", "fma", "fma4", "fsgsbase", "fsrm", "fxsr", "gfni", "hle", "lahf_lm", "lwp", "mmx", "mmxext",
    "monitorx", "movbe", "movdir64b", "movdiri", "mwaitx", "ospke", "pclmulqdq", "pni", "popcnt", "prefetchi", "ptwrite", "raoint", "rdpid", "rdpru",
    "rdrand", "rdseed", "rdtscp", "rtm", "serialize", "sha512", "sha_ni", "sm3", "sm4", "sse", "sse2", "sse4_1", "sse4_2", "sse4a", "ssse3", "tbm",
    "tsxldtrk", "vaes", "vpclmulqdq", "waitpkg", "xgetbv1", "xop", "xsave", "xsavec", "xsaveopt",
};

static int compare(const void *a, const void *b)
{
    return strcmp(*(char *const *)a, *(char *const *)b);
}

static bool is_chosen(const char *name)
{
    return bsearch(&name, chosen, sizeof(chosen) / sizeof(chosen[0]), sizeof(chosen[0]), compare) != NULL;
}

static size_t read_text(char text[ENOUGH + 1])
{
    int fd = open("/proc/cpuinfo", O_RDONLY | O_CLOEXEC);
    size_t length = 0;
    for (ssize_t n; fd >= 0 && length < ENOUGH && (n = read(fd, text + length, ENOUGH - length)) > 0;) {
        length += (size_t)n;
        text[length] = '\0';
        if (strstr(text, "\n\n") != NULL)
            break;
    }
    if (fd >= 0)
        close(fd);
    text[length] = '\0';
    return length;
}

static void read_features(struct cpu *cpu, struct arena *arena, char *value)
{
    size_t room = 1;
    for (const char *c = value; *c != '\0'; c++)
        room += *c == ' ';
    cpu->features = arena_alloc(arena, room * sizeof(*cpu->features));
    for (char *name, *rest = value; (name = strsep(&rest, " ")) != NULL;)
        if (is_chosen(name))
            cpu->features[cpu->feature_count++] = arena_copy(arena, name, strlen(name) + 1);
    qsort(cpu->features, cpu->feature_count, sizeof(*cpu->features), compare);
}

static void read_line(struct cpu *cpu, struct arena *arena, char *line)
{
    char *value = strstr(line, ": ");
    if (value == NULL)
        return;
    value += 2;
    if (strncmp(line, "vendor_id", 9) == 0)
        cpu->vendor = arena_copy(arena, value, strlen(value) + 1);
    else if (strncmp(line, "model name", 10) == 0)
        cpu->model = arena_copy(arena, value, strlen(value) + 1);
    else if (strncmp(line, "flags", 5) == 0)
        read_features(cpu, arena, value);
}

static bool has(const struct cpu *cpu, const char *name)
{
    return cpu->feature_count > 0 && bsearch(&name, cpu->features, cpu->feature_count, sizeof(*cpu->features), compare) != NULL;
}

void cpu_look(struct cpu *cpu, struct arena *arena)
{
    char text[ENOUGH + 1];
    *cpu = (struct cpu){.vendor = "", .model = ""};
    read_text(text);
    for (char *line, *rest = text; (line = strsep(&rest, "\n")) != NULL && *line != '\0';)
        read_line(cpu, arena, line);
    if (has(cpu, "xsave")) {
        uint32_t low, high;
        __asm__("xgetbv" : "=a"(low), "=d"(high) : "c"(0));
        cpu->xfeatures = (uint64_t)high << 32 | low;
    }
}

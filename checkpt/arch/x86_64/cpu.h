/* The CPU of this host, as far as a program can tell one from another. */
#ifndef CHECKPT_ARCH_CPU_H
#define CHECKPT_ARCH_CPU_H

#include <stdint.h>

#include "checkpt/arena.h"

struct cpu {
    const char *vendor, *model;  /* "" where unknown */
    char **features;             /* as /proc/cpuinfo names them: those that a program can choose by, ascending */
    size_t feature_count;
    uint64_t xfeatures;          /* XCR0: 0 without XSAVE */
};

/* From the first CPU in /proc/cpuinfo: CPUID itself traps under a hypervisor. Everything is in the arena. */
void cpu_look(struct cpu *cpu, struct arena *arena);

#endif

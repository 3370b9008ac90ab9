/* The registers of a thread: an NT_PRSTATUS note and the NT_X86_XSTATE note that follows it, as Linux lays them out on x86-64. */
#ifndef CKPTDUMP_REGISTERS_H
#define CKPTDUMP_REGISTERS_H

#include "ckptdump/image.h"

enum registers_index { /* order of struct user_regs_struct */
    REG_R15, REG_R14, REG_R13, REG_R12, REG_RBP, REG_RBX, REG_R11, REG_R10, REG_R9, REG_R8, REG_RAX, REG_RCX, REG_RDX, REG_RSI, REG_RDI,
    REG_ORIG_RAX, REG_RIP, REG_CS, REG_EFLAGS, REG_RSP, REG_SS, REG_FS_BASE, REG_GS_BASE, REG_DS, REG_ES, REG_FS, REG_GS, REG_COUNT,
};

struct registers {
    uint32_t process; /* image-local number */
    int32_t tid;
    uint64_t values[REG_COUNT];
    const uint8_t *xsave; /* borrowed; NULL where there is none */
    size_t xsave_size;
};

/* The next thread's registers. False after the last. Notes that are too short, and those of other machines, are complained of. */
bool registers_next(struct image *image, struct note_cursor *cursor, struct registers *registers);

/* Registers for threads that come process by process, as their records do. Zero-initialise. */
struct registers_walk {
    struct note_cursor cursor;
    uint32_t process;
};
bool registers_of_thread(struct image *image, struct registers_walk *walk, uint32_t process, struct registers *registers);

extern const char *const register_names[REG_COUNT];

#endif

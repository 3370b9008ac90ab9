#include "ckptdump/registers.h"

#include <elf.h>
#include <inttypes.h>
#include <string.h>

/* struct elf_prstatus of x86-64: pr_pid and pr_reg. */
enum { PRSTATUS_PID = 32, PRSTATUS_REG = 112, PRSTATUS_SIZE = 336 };

const char *const register_names[REG_COUNT] = {
    "r15", "r14", "r13", "r12", "rbp", "rbx", "r11", "r10", "r9", "r8", "rax", "rcx", "rdx", "rsi", "rdi",
    "orig_rax", "rip", "cs", "eflags", "rsp", "ss", "fs_base", "gs_base", "ds", "es", "fs", "gs",
};

static bool is_note(const struct ckpt_note *note, const char *name, uint32_t type)
{
    return note->type == type && strcmp(note->name, name) == 0;
}

static bool find_status(struct image *image, size_t *i, struct ckpt_note *note)
{
    for (; ckpt_reader_note(image->reader, *i, note) == CKPT_OK; ++*i) {
        if (!is_note(note, "CORE", NT_PRSTATUS))
            continue;
        if (note->length >= PRSTATUS_SIZE)
            return true;
        image_complain(image, "reading registers: note PRSTATUS at 0x%" PRIx64 ": %zu bytes are too few", note->offset, note->length);
    }
    return false;
}

bool registers_next(struct image *image, size_t *i, struct registers *registers)
{
    struct ckpt_note note;
    if (!find_status(image, i, &note))
        return false;
    *registers = (struct registers){0};
    memcpy(&registers->tid, note.body + PRSTATUS_PID, sizeof(registers->tid));
    memcpy(registers->values, note.body + PRSTATUS_REG, sizeof(registers->values));
    for (++*i; ckpt_reader_note(image->reader, *i, &note) == CKPT_OK && !is_note(&note, "CORE", NT_PRSTATUS); ++*i)
        if (is_note(&note, "LINUX", NT_X86_XSTATE)) {
            registers->xsave = note.body;
            registers->xsave_size = note.length;
        }
    return true;
}

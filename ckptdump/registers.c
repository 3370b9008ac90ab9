#include "ckptdump/registers.h"

#include <elf.h>
#include <inttypes.h>
#include <string.h>

#include "ckptdump/foreign.h"

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

static bool find_status(struct image *image, struct note_cursor *cursor, struct ckpt_note *note)
{
    while (image_next_note(image, cursor, note)) {
        if (!is_note(note, "CORE", NT_PRSTATUS))
            continue;
        if (image->foreign != NULL && image->foreign->machine != EM_X86_64)
            return false;
        if (note->length >= PRSTATUS_SIZE)
            return true;
        image_complain(image, "reading registers: note PRSTATUS at 0x%" PRIx64 ": %zu bytes are too few", note->offset, note->length);
    }
    return false;
}

bool registers_next(struct image *image, struct note_cursor *cursor, struct registers *registers)
{
    struct ckpt_note note;
    if (!find_status(image, cursor, &note))
        return false;
    *registers = (struct registers){.process = cursor->process};
    memcpy(&registers->tid, note.body + PRSTATUS_PID, sizeof(registers->tid));
    memcpy(registers->values, note.body + PRSTATUS_REG, sizeof(registers->values));
    struct note_cursor ahead = *cursor;
    while (image_next_note(image, &ahead, &note) && !is_note(&note, "CORE", NT_PRSTATUS)) {
        if (is_note(&note, "LINUX", NT_X86_XSTATE)) {
            registers->xsave = note.body;
            registers->xsave_size = note.length;
        }
        *cursor = ahead;
    }
    return true;
}

bool registers_of_thread(struct image *image, struct registers_walk *walk, uint32_t process, struct registers *registers)
{
    if (walk->process != process)
        *walk = (struct registers_walk){.process = process};
    while (registers_next(image, &walk->cursor, registers))
        if (registers->process == process)
            return true;
    return false;
}

/* A plain core file of one process: its notes, and a sparse segment for everything that the image has. Debuggers find the rest in the mapped files. */
#include <elf.h>
#include <errno.h>
#include <inttypes.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/mman.h>
#include <unistd.h>

#include "ckptdump/dump.h"
#include "ckptdump/memory.h"
#include "cli/complain.h"
#include "cli/progress.h"
#include "cli/whole_file.h"

enum { BLOCK = 65536, PAGE = CKPT_PAGE_SIZE };

struct piece {
    uint64_t address, length, offset;
    uint32_t flags; /* PF_* */
    bool held;      /* in the core file: stored bytes, or zeros */
};

struct core {
    struct dump *dump;
    struct whole_file file;
    struct piece *pieces;
    size_t piece_count, room;
    uint8_t *notes;
    size_t notes_size;
    uint64_t head_size, size;
    int error; /* negative errno of a failed write */
};

static void put(struct core *core, const void *bytes, size_t length, uint64_t offset)
{
    for (size_t done = 0; done < length && core->error == 0;) {
        ssize_t count = pwrite(core->file.fd, (const char *)bytes + done, length - done, (off_t)(offset + done));
        if (count < 0 && errno != EINTR)
            core->error = -errno;
        done += count > 0 ? (size_t)count : 0;
    }
    core->file.doing = "writing";
}

static bool add_piece(struct core *core, const struct piece *piece)
{
    struct piece *last = core->piece_count > 0 ? &core->pieces[core->piece_count - 1] : NULL;
    if (last != NULL && last->address + last->length == piece->address && last->flags == piece->flags && last->held == piece->held) {
        last->length += piece->length;
        return true;
    }
    if (core->piece_count == core->room) {
        size_t room = core->room * 2 + 64;
        struct piece *bigger = realloc(core->pieces, room * sizeof(*bigger));
        if (bigger == NULL) {
            image_complain(&core->dump->image, "writing a core file: out of memory");
            return false;
        }
        core->pieces = bigger;
        core->room = room;
    }
    core->pieces[core->piece_count++] = *piece;
    return true;
}

static uint32_t flags_of(uint32_t protection)
{
    return (protection & PROT_READ ? PF_R : 0u) | (protection & PROT_WRITE ? PF_W : 0u) | (protection & PROT_EXEC ? PF_X : 0u);
}

static bool find_pieces(struct core *core)
{
    const Ckpt__Memory *memory = memory_of(&core->dump->image);
    for (size_t i = 0; memory != NULL && i < memory->n_mappings; i++) {
        const Ckpt__Mapping *mapping = memory->mappings[i];
        for (uint64_t at = mapping->start; at < mapping->end;) {
            struct memory_run run;
            if (!memory_locate(&core->dump->image, at, mapping->end - at, &run))
                return false;
            bool held = run.source == MEMORY_STORED || run.source == MEMORY_ZERO;
            if (!add_piece(core, &(struct piece){at, run.length, 0, flags_of(mapping->protection), held}))
                return false;
            at += run.length;
        }
    }
    return true;
}

static size_t padded(size_t length)
{
    return (length + 3) & ~(size_t)3;
}

static bool add_note(struct core *core, const struct ckpt_note *note)
{
    size_t name = strlen(note->name) + 1, length = sizeof(Elf64_Nhdr) + padded(name) + padded(note->length);
    uint8_t *bigger = realloc(core->notes, core->notes_size + length);
    if (bigger == NULL) {
        image_complain(&core->dump->image, "writing a core file: out of memory");
        return false;
    }
    Elf64_Nhdr header = {(Elf64_Word)name, (Elf64_Word)note->length, note->type};
    core->notes = bigger;
    uint8_t *at = bigger + core->notes_size;
    memset(at, 0, length);
    memcpy(at, &header, sizeof(header));
    memcpy(at + sizeof(header), note->name, name);
    memcpy(at + sizeof(header) + padded(name), note->body, note->length);
    core->notes_size += length;
    return true;
}

static bool find_notes(struct core *core)
{
    struct image *image = &core->dump->image;
    struct note_cursor cursor = {0};
    struct ckpt_note note;
    while (image_next_note(image, &cursor, &note))
        if (cursor.process == image->process && !add_note(core, &note))
            return false;
    if (core->notes_size > 0)
        return true;
    image_complain(image, "writing a core file: the image has no registers of process %d", image_pid(image, image->process));
    return false;
}

static void lay_out(struct core *core)
{
    size_t headers = core->piece_count + 1;
    uint64_t at = sizeof(Elf64_Ehdr) + headers * sizeof(Elf64_Phdr) + (headers >= PN_XNUM ? sizeof(Elf64_Shdr) : 0) + core->notes_size;
    at = core->head_size = (at + PAGE - 1) / PAGE * PAGE;
    for (size_t i = 0; i < core->piece_count; i++) {
        core->pieces[i].offset = at;
        at += core->pieces[i].held ? core->pieces[i].length : 0;
    }
    core->size = at;
}

static void put_headers(struct core *core)
{
    size_t headers = core->piece_count + 1;
    bool many = headers >= PN_XNUM;
    uint64_t sections = sizeof(Elf64_Ehdr) + headers * sizeof(Elf64_Phdr), notes = sections + (many ? sizeof(Elf64_Shdr) : 0);
    Elf64_Ehdr header = {.e_ident = {ELFMAG0, ELFMAG1, ELFMAG2, ELFMAG3, ELFCLASS64, ELFDATA2LSB, EV_CURRENT}, .e_type = ET_CORE,
                         .e_machine = EM_X86_64, .e_version = EV_CURRENT, .e_phoff = sizeof(header), .e_ehsize = sizeof(header), .e_phentsize = sizeof(Elf64_Phdr),
                         .e_phnum = many ? PN_XNUM : (Elf64_Half)headers, .e_shoff = many ? sections : 0, .e_shentsize = many ? sizeof(Elf64_Shdr) : 0,
                         .e_shnum = many};
    Elf64_Phdr first = {.p_type = PT_NOTE, .p_flags = PF_R, .p_offset = notes, .p_filesz = core->notes_size, .p_align = 4};
    put(core, &header, sizeof(header), 0);
    put(core, &first, sizeof(first), sizeof(header));
    for (size_t i = 0; i < core->piece_count; i++) {
        const struct piece *piece = &core->pieces[i];
        Elf64_Phdr segment = {.p_type = PT_LOAD, .p_flags = piece->flags, .p_offset = piece->offset, .p_vaddr = piece->address,
                              .p_filesz = piece->held ? piece->length : 0, .p_memsz = piece->length, .p_align = PAGE};
        put(core, &segment, sizeof(segment), sizeof(header) + (i + 1) * sizeof(segment));
    }
    if (many) {
        Elf64_Shdr section = {.sh_size = 1, .sh_info = (Elf64_Word)headers};
        put(core, &section, sizeof(section), sections);
    }
    put(core, core->notes, core->notes_size, notes);
}

static void put_block(struct core *core, const uint8_t *block, size_t length, uint64_t offset)
{
    static const uint8_t zeros[PAGE];
    for (size_t at = 0; at < length; at += PAGE) {
        size_t part = length - at < PAGE ? length - at : PAGE;
        if (memcmp(block + at, zeros, part) != 0)
            put(core, block + at, part, offset + at);
    }
}

static bool put_piece(struct core *core, const struct piece *piece, uint64_t *done, struct cli_progress *progress)
{
    uint8_t block[BLOCK];
    for (uint64_t at = 0; at < piece->length && core->error == 0;) {
        struct memory_run run;
        struct image *image = &core->dump->image;
        if (!memory_locate(image, piece->address + at, piece->length - at, &run))
            return false;
        if (run.source == MEMORY_STORED && !memory_read(image, piece->address + at, block, run.length < BLOCK ? (size_t)run.length : BLOCK, &run))
            return false;
        if (run.source == MEMORY_STORED)
            put_block(core, block, (size_t)run.length, piece->offset + at);
        at += run.length;
        *done += run.length;
        cli_progress_update(progress, *done, core->size);
    }
    return true;
}

static bool write_core(struct core *core)
{
    struct cli_progress progress;
    uint64_t done = 0;
    bool fine = true;
    cli_progress_init(&progress, "ckptdump", "writing a core file");
    core->error = ftruncate(core->file.fd, (off_t)core->size) != 0 ? -errno : 0;
    core->file.doing = "writing";
    put_headers(core);
    for (size_t i = 0; fine && i < core->piece_count && core->error == 0; i++)
        fine = !core->pieces[i].held || put_piece(core, &core->pieces[i], &done, &progress);
    cli_progress_finish(&progress);
    return fine && core->error == 0;
}

void show_core(struct dump *dump)
{
    struct core core = {.dump = dump};
    const char *path = dump->settings->core;
    if (find_pieces(&core) && find_notes(&core)) {
        lay_out(&core);
        core.error = whole_file_create(&core.file, path, 0600);
        if (core.error == 0 && write_core(&core))
            core.error = whole_file_commit(&core.file);
        if (core.error != 0)
            cli_complain("ckptdump", path, "%s: %s", core.file.doing, strerror(-core.error));
        dump->image.damaged |= core.error != 0;
        whole_file_close(&core.file);
    }
    free(core.pieces);
    free(core.notes);
}

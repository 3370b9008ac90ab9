#include "ckptdump/unwind.h"

#include <elfutils/libdwfl.h>
#include <stdlib.h>
#include <string.h>
#include <sys/mman.h>
#include <unistd.h>

#include "ckptdump/backing.h"
#include "ckptdump/inlined.h"
#include "ckptdump/memory.h"
#include "ckptdump/registers.h"

enum { FRAMES_MAX = 1000, DWARF_REGISTERS = 17 };

struct unwinding {
    struct image *image;
    const struct unwind_events *events;
    struct backing backing; /* for memory that is not stored */
    struct registers_walk walk;
    struct registers registers;
    unsigned frames;
    struct inlined_cache inlined;
};

static bool is_elf(int fd)
{
    char magic[SELFMAG];
    return pread(fd, magic, sizeof(magic), 0) == SELFMAG && memcmp(magic, ELFMAG, SELFMAG) == 0;
}

/* Reports the object that a mapping, an executable one, is of: its first mapping says where it was loaded. */
static void report(struct unwinding *u, Dwfl *dwfl, struct backing *backing, const Ckpt__Memory *memory, size_t at)
{
    uint32_t id = memory->mappings[at]->file;
    const Ckpt__File *file = image_file(u->image, id);
    size_t first = at;
    for (size_t i = at; i-- > 0 && at - i < 16;)
        if (memory->mappings[i]->file == id)
            first = i;
    if (first < at && u->image->foreign != NULL)
        return; /* protections are not known there: all mappings were asked about */
    for (size_t i = first; i < at; i++)
        if (memory->mappings[i]->file == id && (memory->mappings[i]->protection & PROT_EXEC) != 0)
            return; /* reported already */
    int fd = backing_open(backing, file);
    if (fd < 0) {
        u->events->unusable(u->events->context, file, backing->why);
        return;
    }
    if (!is_elf(fd))
        return;
    char path[4096] = {0};
    memcpy(path, file->path.data, file->path.len < sizeof(path) ? file->path.len : sizeof(path) - 1);
    uint64_t base = memory->mappings[first]->start - memory->mappings[first]->offset;
    int own = dup(fd);
    if (dwfl_report_elf(dwfl, path, path, own, base, false) == NULL) {
        close(own);
        u->events->unusable(u->events->context, file, dwfl_errmsg(-1));
    }
}

static void report_all(struct unwinding *u, Dwfl *dwfl)
{
    const Ckpt__Memory *memory = memory_of(u->image);
    struct backing backing;
    backing_init(&backing);
    backing.trust = u->image->foreign != NULL;
    dwfl_report_begin(dwfl);
    for (size_t i = 0; memory != NULL && i < memory->n_mappings; i++) {
        const Ckpt__Mapping *mapping = memory->mappings[i];
        bool code = (mapping->protection & PROT_EXEC) != 0 || u->image->foreign != NULL;
        if (code && !mapping->special && image_file(u->image, mapping->file) != NULL)
            report(u, dwfl, &backing, memory, i);
    }
    dwfl_report_end(dwfl, NULL, NULL);
    backing_deinit(&backing);
}

static pid_t next_thread(Dwfl *dwfl, void *context, void **thread)
{
    (void)dwfl;
    struct unwinding *u = context;
    *thread = u;
    return registers_of_thread(u->image, &u->walk, u->image->process, &u->registers) ? u->registers.tid : 0;
}

static bool read_word(Dwfl *dwfl, Dwarf_Addr address, Dwarf_Word *word, void *context)
{
    (void)dwfl;
    struct unwinding *u = context;
    uint8_t bytes[sizeof(*word)];
    for (size_t done = 0; done < sizeof(bytes);) {
        struct memory_run run;
        if (!memory_read(u->image, address + done, bytes + done, sizeof(bytes) - done, &run))
            return false;
        bool file = run.source == MEMORY_FILE && backing_read(&u->backing, run.file, run.file_offset, bytes + done, (size_t)run.length);
        if (run.source != MEMORY_STORED && run.source != MEMORY_ZERO && !file)
            return false;
        done += (size_t)run.length;
    }
    memcpy(word, bytes, sizeof(*word));
    return true;
}

/* DWARF's numbers of registers: System V ABI for AMD64, figure 3.36. */
static bool set_registers(Dwfl_Thread *thread, void *context)
{
    static const uint8_t order[DWARF_REGISTERS] = {REG_RAX, REG_RDX, REG_RCX, REG_RBX, REG_RSI, REG_RDI, REG_RBP, REG_RSP, REG_R8,
                                                   REG_R9, REG_R10, REG_R11, REG_R12, REG_R13, REG_R14, REG_R15, REG_RIP};
    const struct unwinding *u = context;
    Dwarf_Word values[DWARF_REGISTERS];
    for (size_t i = 0; i < DWARF_REGISTERS; i++)
        values[i] = u->registers.values[order[i]];
    return dwfl_thread_state_registers(thread, 0, DWARF_REGISTERS, values);
}

/* The frames that a debugger would show before this one. Each is at the line that its inner one was called from. */
static void tell_inlined(struct unwinding *u, struct unwind_frame *frame, Dwfl_Module *module, uint64_t inside)
{
    const struct inlined *inlined = inlined_at(&u->inlined, module, inside);
    for (unsigned i = 0; i < inlined->count && u->frames < FRAMES_MAX; i++) {
        const struct inlined_call *call = &inlined->calls[i];
        struct unwind_frame inner = *frame;
        inner.symbol = call->name;
        inner.inlined = true;
        u->events->frame(u->events->context, &inner);
        frame->number = u->frames++;
        frame->source = call->call_source;
        frame->line = call->call_line;
    }
}

static void name_frame(struct unwinding *u, Dwfl *dwfl, struct unwind_frame *frame, uint64_t inside)
{
    Dwfl_Module *module = dwfl_addrmodule(dwfl, inside);
    if (module == NULL)
        return;
    GElf_Sym symbol;
    GElf_Off offset = 0;
    Dwfl_Line *line = dwfl_module_getsrc(module, inside);
    frame->source = line != NULL ? dwfl_lineinfo(line, NULL, &frame->line, NULL, NULL, NULL) : NULL;
    tell_inlined(u, frame, module, inside);
    frame->symbol = dwfl_module_addrinfo(module, inside, &offset, &symbol, NULL, NULL, NULL);
    frame->offset = offset + (frame->pc - inside);
}

static int on_frame(Dwfl_Frame *state, void *context)
{
    struct unwinding *u = context;
    Dwarf_Addr pc;
    bool interrupted;
    if (u->frames >= FRAMES_MAX || !dwfl_frame_pc(state, &pc, &interrupted))
        return DWARF_CB_ABORT;
    struct unwind_frame frame = {.number = u->frames++, .pc = pc};
    struct memory_run run;
    uint64_t inside = interrupted || pc == 0 ? pc : pc - 1; /* a return address may lie behind the end of its function */
    if (memory_locate(u->image, inside, 1, &run))
        frame.mapping = run.mapping;
    name_frame(u, dwfl_thread_dwfl(dwfl_frame_thread(state)), &frame, inside);
    u->events->frame(u->events->context, &frame);
    return DWARF_CB_OK;
}

static int on_thread(Dwfl_Thread *thread, void *context)
{
    struct unwinding *u = context;
    u->frames = 0;
    u->events->thread(u->events->context, (int32_t)dwfl_thread_tid(thread));
    int result = dwfl_thread_getframes(thread, on_frame, u);
    const char *why = u->frames >= FRAMES_MAX ? "there are more frames" : result != 0 ? dwfl_errmsg(-1) : NULL;
    u->events->end(u->events->context, why);
    return DWARF_CB_OK;
}

static bool unwind_with(struct unwinding *u, Dwfl *dwfl)
{
    static const Dwfl_Thread_Callbacks callbacks = {
        .next_thread = next_thread, .memory_read = read_word, .set_initial_registers = set_registers};
    int pid = image_pid(u->image, u->image->process);
    report_all(u, dwfl);
    if (!dwfl_attach_state(dwfl, NULL, pid > 0 ? pid : 1, &callbacks, u)) {
        image_complain(u->image, "unwinding: %s: none of the files with the program's code can be used", dwfl_errmsg(-1));
        return false;
    }
    dwfl_getthreads(dwfl, on_thread, u);
    return true;
}

bool unwind(struct image *image, const struct unwind_events *events)
{
    static const Dwfl_Callbacks callbacks = {.find_elf = dwfl_build_id_find_elf, .find_debuginfo = dwfl_standard_find_debuginfo};
    struct unwinding u = {.image = image, .events = events};
    backing_init(&u.backing);
    u.backing.trust = image->foreign != NULL;
    Dwfl *dwfl = dwfl_begin(&callbacks);
    bool fine = dwfl != NULL && unwind_with(&u, dwfl);
    dwfl_end(dwfl);
    backing_deinit(&u.backing);
    return fine;
}

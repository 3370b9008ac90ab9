/* The program's mappings, in ascending order, each made whole before the next; then they are filled (memory_fill.c) and finished (memory_finish.c). What is packed is
 * in memory before that: memory_hold.c, memory_unpack.c. */
#include <fcntl.h>
#include <inttypes.h>
#include <linux/limits.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/mman.h>
#include <sys/syscall.h>
#include <unistd.h>

#include "checkpt/resource/memory_thaw.h"

/* Room that the interpreter leaves for the heap, and for a stack whose limit is not known or very large. */
#define HEAP_ROOM (1ull << 32)
#define STACK_ROOM (64ull << 20)

/* The file that mappings are made of, kept open while one after the other needs it. */
struct opened {
    uint32_t file;
    bool writable;
    struct plan_arg fd;
    bool is_ours; /* to be closed */
};

const char *memory_what(struct memory_thaw *m, const Ckpt__Mapping *mapping, const char *what)
{
    snprintf(m->what, sizeof(m->what), "mapping %" PRIx64 "-%" PRIx64 ": %s", mapping->start, mapping->end, what);
    return m->what;
}

static void map(struct memory_thaw *m, const Ckpt__Mapping *mapping, uint64_t start, uint64_t end, uint32_t protection, uint32_t flags,
                struct plan_arg fd, uint64_t offset)
{
    if (start < end)
        PLAN_EXPECT(m->thaw->plan, start, memory_what(m, mapping, "mapping it"), SYS_mmap, PLAN_NUMBER(start), PLAN_NUMBER(end - start),
                    PLAN_NUMBER(protection), PLAN_NUMBER(flags | MAP_FIXED_NOREPLACE), fd, PLAN_NUMBER(offset));
}

/* Pages are read into it before it gets its own protection; executable memory is not writable meanwhile for the sake of hosts that forbid it. */
static uint32_t first_protection(const struct memory_thaw *m, const Ckpt__Mapping *mapping)
{
    return memory_is_filled(m, mapping) ? PROT_READ | PROT_WRITE : mapping->protection;
}

/* Anonymous memory that no piece of an image lies in: new, or held with its pages. */
static void map_part(struct memory_thaw *m, const Ckpt__Mapping *mapping, uint64_t start, uint64_t end, uint32_t protection)
{
    size_t i = memory_find_held(m, start);
    const struct plan_held *held = i < m->held_count && m->held[i].start == start && start < end ? &m->held[i] : NULL;
    if (held == NULL)
        map(m, mapping, start, end, protection, MAP_ANONYMOUS | (mapping->flags & (MAP_SHARED | MAP_PRIVATE | MAP_GROWSDOWN | MAP_NORESERVE)), PLAN_NUMBER(-1), 0);
    else if (held->at == start)
        plan_note(m->thaw->plan, "mapping %" PRIx64 "-%" PRIx64 ": unpacked where it belongs", start, end);
    else
        plan_move(m->thaw->plan, held->at, end - start, start, memory_what(m, mapping, "moving what was unpacked into place"));
}

static void map_anonymous(struct memory_thaw *m, const Ckpt__Mapping *mapping)
{
    uint32_t protection = first_protection(m, mapping);
    uint64_t at = mapping->start;
    for (size_t i = memory_find_piece(m, at); i < m->piece_count && m->pieces[i].start < mapping->end; i++) {
        const struct memory_piece *piece = &m->pieces[i];
        map_part(m, mapping, at, piece->start, protection);
        map(m, mapping, piece->start, piece->end, protection, MAP_PRIVATE | (mapping->flags & MAP_NORESERVE), PLAN_NUMBER(piece->fd), piece->offset);
        at = piece->end;
    }
    map_part(m, mapping, at, mapping->end, protection);
}

static void close_file(struct memory_thaw *m, struct opened *opened)
{
    if (opened->is_ours)
        PLAN_CALL(m->thaw->plan, "mapped file: closing", SYS_close, opened->fd);
    *opened = (struct opened){0};
}

static bool may_write(const Ckpt__File *file)
{
    char path[PATH_MAX + 1] = {0};
    memcpy(path, file->path.data, file->path.len < PATH_MAX ? file->path.len : PATH_MAX);
    return file->space != 0 || access(path, W_OK) == 0;
}

/* What a program maps shared and reads only it may still make writable later, if the file was open for writing. Images from before may_write only have the
 * descriptors to go by. */
static bool is_wanted_writable(const struct model *model, const Ckpt__Mapping *mapping)
{
    if ((mapping->flags & MAP_SHARED) == 0)
        return false;
    if ((mapping->protection & PROT_WRITE) != 0)
        return true;
    if (mapping->may_write)
        return may_write(model_file(model, mapping->file));
    for (size_t i = 0; i < model->open_file_count; i++)
        if (model->open_files[i]->file == mapping->file && (model->open_files[i]->flags & O_ACCMODE) == O_RDWR)
            return true;
    return false;
}

static struct plan_arg open_path(struct memory_thaw *m, const char *path, bool writable)
{
    uint32_t data = plan_data(m->thaw->plan, path, strlen(path) + 1, 1);
    snprintf(m->what, sizeof(m->what), "file %.120s: opening it", path);
    uint32_t fd = PLAN_CALL(m->thaw->plan, m->what, SYS_openat, PLAN_NUMBER(AT_FDCWD), PLAN_DATA(data),
                            PLAN_NUMBER((writable ? O_RDWR : O_RDONLY) | O_CLOEXEC | O_NOCTTY));
    return PLAN_RESULT(fd);
}

/* A memfd that is sealed against writing is mapped through a descriptor that cannot write. */
static void open_file(struct memory_thaw *m, struct opened *opened, const Ckpt__File *file, bool writable)
{
    char path[PATH_MAX + 1] = {0};
    int content = m->thaw->content[file->id - 1];
    if (opened->file == file->id && opened->writable == writable)
        return;
    close_file(m, opened);
    *opened = (struct opened){.file = file->id, .writable = writable, .is_ours = true};
    if (content >= 0 && (file->seals & F_SEAL_WRITE) == 0) {
        opened->fd = PLAN_NUMBER(content);
        opened->is_ours = false;
        return;
    }
    if (content >= 0)
        snprintf(path, sizeof(path), "/proc/self/fd/%d", content);
    else
        memcpy(path, file->path.data, file->path.len < PATH_MAX ? file->path.len : PATH_MAX);
    opened->fd = open_path(m, path, writable);
}

static void plan_mapping(struct memory_thaw *m, const Ckpt__Mapping *mapping, struct opened *opened)
{
    const struct model *model = m->thaw->model;
    if (mapping->special)
        return;
    if (memory_is_anonymous(model, mapping)) {
        map_anonymous(m, mapping);
        return;
    }
    open_file(m, opened, model_file(model, mapping->file), is_wanted_writable(model, mapping));
    map(m, mapping, mapping->start, mapping->end, first_protection(m, mapping), mapping->flags & (MAP_SHARED | MAP_PRIVATE | MAP_NORESERVE), opened->fd,
        mapping->offset);
}

static bool is_vdso(const Ckpt__Mapping *mapping)
{
    static const char name[] = "[vdso]";
    return mapping->special && mapping->name.len == strlen(name) && memcmp(mapping->name.data, name, strlen(name)) == 0;
}

/* The special mappings that lie with the vdso: they touch one another. */
static bool plan_special(struct memory_thaw *m, struct failure *why)
{
    const Ckpt__Memory *memory = &m->thaw->model->memory;
    size_t n = 0, first, last;
    while (n < memory->n_mappings && !is_vdso(memory->mappings[n]))
        n++;
    if (n == memory->n_mappings)
        return true;
    for (first = n; first > 0 && memory->mappings[first - 1]->special && memory->mappings[first - 1]->end == memory->mappings[first]->start;)
        first--;
    for (last = n; last + 1 < memory->n_mappings && memory->mappings[last + 1]->special && memory->mappings[last + 1]->start == memory->mappings[last]->end;)
        last++;
    const Ckpt__Mapping *vdso = memory->mappings[n];
    size_t size = vdso->end - vdso->start;
    void *bytes = size <= 1 << 20 ? malloc(size) : NULL;
    bool known = bytes != NULL && stored_peek(m->thaw, memory->space, vdso->start, bytes, size);
    if (known)
        plan_vdso(m->thaw->plan, memory->mappings[first]->start, memory->mappings[last]->end, vdso->start, bytes, size);
    else
        failure_set(why, "mapping %" PRIx64 "-%" PRIx64 ": the program calls the kernel's vdso there, and its bytes are not in the image", vdso->start, vdso->end);
    free(bytes);
    return known;
}

/* Neither the interpreter nor what is unpacked has a place where the program's mappings are, nor where its heap and stack will grow. */
static void reserve(struct memory_thaw *m)
{
    const struct model *model = m->thaw->model;
    const Ckpt__Layout *layout = model->memory.layout;
    if (layout != NULL && layout->brk != 0 && layout->brk < UINT64_MAX - HEAP_ROOM)
        plan_reserve(m->thaw->plan, layout->start_brk, layout->brk + HEAP_ROOM);
    for (size_t i = 0; i < model->memory.n_mappings; i++) {
        const Ckpt__Mapping *mapping = model->memory.mappings[i];
        plan_reserve(m->thaw->plan, mapping->start, mapping->end);
        if ((mapping->flags & MAP_GROWSDOWN) != 0 && mapping->start > STACK_ROOM)
            plan_reserve(m->thaw->plan, mapping->start - STACK_ROOM, mapping->start);
    }
}

static void plan_mappings(struct memory_thaw *m)
{
    const Ckpt__Memory *memory = &m->thaw->model->memory;
    struct opened opened = {0};
    for (size_t i = 0; i < memory->n_mappings; i++)
        plan_mapping(m, memory->mappings[i], &opened);
    close_file(m, &opened);
}

static bool prepare(struct memory_thaw *m, struct failure *why)
{
    if (!stored_runs(&m->source, m->thaw->model->memory.space, &m->stored, why) || !memory_choose_pieces(m, why) || !plan_special(m, why))
        return false;
    reserve(m);
    return memory_hold(m, why) && memory_divide(m, why) && memory_make_contents(m, why) && memory_unpack(m, why);
}

static bool plan_memory(struct memory_thaw *m, struct failure *why)
{
    if (!prepare(m, why))
        return false;
    memory_plan_contents(m);
    plan_mappings(m);
    memory_plan_seals(m);
    memory_plan_fill(m);
    memory_plan_finish(m);
    return true;
}

bool memory_plan(struct thaw *thaw, struct failure *why)
{
    struct memory_thaw m = {.thaw = thaw, .source = {.thaw = thaw}, .unpack = {.thaw = thaw}, .unpacked = -1};
    bool done = plan_memory(&m, why) || failure_prepend(why, "memory");
    for (size_t i = 0; i < m.content_count; i++)
        stored_deinit(&m.contents[i].stored);
    unpack_deinit(&m.unpack);
    stored_deinit(&m.stored);
    free(m.contents);
    free(m.held);
    free(m.pieces);
    return done;
}

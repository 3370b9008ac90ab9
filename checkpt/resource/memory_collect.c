#include <inttypes.h>
#include <string.h>
#include <sys/mman.h>
#include <sys/syscall.h>

#include "checkpt/resource/file_record.h"
#include "checkpt/resource/memory.h"
#include "checkpt/tracee/tracee.h"

/* The kernel's flag of a mapping, and what it is in the record. */
static const struct {
    uint64_t vm_flag;
    uint32_t flag, advice;
} flag_table[] = {
    {PROC_VM_GROWSDOWN, MAP_GROWSDOWN, 0},
    {PROC_VM_LOCKED, MAP_LOCKED, 0},
    {PROC_VM_NORESERVE, MAP_NORESERVE, 0},
    {PROC_VM_LOCKONFAULT, 0, CKPT__ADVICE__ADVICE_LOCKONFAULT},
    {PROC_VM_SEQUENTIAL, 0, CKPT__ADVICE__ADVICE_SEQUENTIAL},
    {PROC_VM_RANDOM, 0, CKPT__ADVICE__ADVICE_RANDOM},
    {PROC_VM_DONTFORK, 0, CKPT__ADVICE__ADVICE_DONTFORK},
    {PROC_VM_DONTDUMP, 0, CKPT__ADVICE__ADVICE_DONTDUMP},
    {PROC_VM_WIPEONFORK, 0, CKPT__ADVICE__ADVICE_WIPEONFORK},
    {PROC_VM_HUGEPAGE, 0, CKPT__ADVICE__ADVICE_HUGEPAGE},
    {PROC_VM_NOHUGEPAGE, 0, CKPT__ADVICE__ADVICE_NOHUGEPAGE},
    {PROC_VM_MERGEABLE, 0, CKPT__ADVICE__ADVICE_MERGEABLE},
    {PROC_VM_SEALED, 0, CKPT__ADVICE__ADVICE_SEALED},
};

static ProtobufCBinaryData bytes_of(struct arena *arena, const char *text, size_t length)
{
    return (ProtobufCBinaryData){length, arena_copy(arena, text, length)};
}

/* "[anon:NAME]" and "[anon_shmem:NAME]" */
static ProtobufCBinaryData name_of(struct arena *arena, const struct proc_mapping *mapping)
{
    const char *path = mapping->path, *colon = strchr(path, ':');
    size_t length = strlen(path);
    if (mapping->special)
        return bytes_of(arena, path, length);
    if (strncmp(path, "[anon", 5) != 0 || colon == NULL || path[length - 1] != ']')
        return (ProtobufCBinaryData){0};
    return bytes_of(arena, colon + 1, length - 1 - (size_t)(colon + 1 - path));
}

/* Its size and time are those of now: it was surveyed while the program ran. A path that leads elsewhere is as good as none. */
static Ckpt__File *record_of(struct model *model, struct survey_file *behind)
{
    if (behind->id != 0)
        return model_file(model, behind->id);
    struct stat status = {.st_dev = behind->device, .st_ino = behind->inode, .st_mode = S_IFREG};
    if (behind->has_status && (!behind->reachable || stat(behind->path, &status) != 0))
        status = behind->status;
    Ckpt__File *file = file_record(model, behind->path, &status, !behind->reachable);
    if (behind->build_id_size > 0 && file->build_id.len == 0)
        file->build_id = bytes_of(&model->arena, (const char *)behind->build_id, behind->build_id_size);
    behind->id = file->id;
    return file;
}

static void refer_to_file(struct model *model, Ckpt__Mapping *record, enum memory_kind kind, struct survey_file *behind)
{
    if (behind == NULL || kind == MEMORY_ANONYMOUS || (kind == MEMORY_WHOLE && behind->is_image)) {
        record->flags |= MAP_ANONYMOUS;
        return;
    }
    Ckpt__File *file = record_of(model, behind);
    record->file = file->id;
    if (kind != MEMORY_CONTENT)
        return;
    if (file->space == 0)
        file->space = model->next_space++;
    uint64_t end = record->offset + (record->end - record->start);
    if (!behind->has_status && file->size < end)
        file->size = end;
}

static void collect_mapping(struct freeze *freeze, const struct proc_mapping *mapping, enum memory_kind kind, struct survey_file *behind)
{
    struct model *model = freeze->model;
    Ckpt__Mapping *record = arena_alloc(&model->arena, sizeof(*record));
    ckpt__mapping__init(record);
    record->start = mapping->start;
    record->end = mapping->end;
    record->protection = mapping->protection;
    record->flags = mapping->shared ? MAP_SHARED : MAP_PRIVATE;
    record->protection_key = mapping->protection_key;
    record->special = mapping->special;
    record->may_write = mapping->shared && mapping->inode != 0 && (mapping->vm_flags & PROC_VM_MAYWRITE) != 0;
    record->name = name_of(&model->arena, mapping);
    for (size_t i = 0; i < sizeof(flag_table) / sizeof(flag_table[0]); i++) {
        if ((mapping->vm_flags & flag_table[i].vm_flag) == 0)
            continue;
        record->flags |= flag_table[i].flag;
        record->advice |= flag_table[i].advice;
    }
    if (mapping->inode != 0 && kind != MEMORY_ANONYMOUS)
        record->offset = mapping->offset;
    if (!mapping->special)
        refer_to_file(model, record, kind, behind);
    model->memory.mappings[model->memory.n_mappings++] = record;
    if (behind != NULL && behind->discards)
        model->memory.discards = true;
}

/* The list was read before our scratch area was mapped. */
static bool collect_mappings(struct freeze *freeze, struct failure *why)
{
    freeze->model->memory.mappings = arena_alloc(&freeze->model->arena, freeze->map_count * sizeof(Ckpt__Mapping *));
    for (size_t i = 0; i < freeze->map_count; i++) {
        const struct proc_mapping *mapping = &freeze->maps[i];
        struct survey_file *behind;
        const char *reason;
        enum memory_kind kind = memory_kind(freeze->survey, mapping, &behind, &reason);
        if (kind == MEMORY_REFUSED)
            return failure_set(why, "mapping %" PRIx64 "-%" PRIx64 ": %s: %s", mapping->start, mapping->end, mapping->path, reason);
        if (kind != MEMORY_LEFT_OUT)
            collect_mapping(freeze, mapping, kind, behind);
    }
    return true;
}

/* Where the heap ends only brk(2) knows: the mapping's end is rounded, and may belong to something else. */
static bool collect_layout(struct freeze *freeze, struct failure *why)
{
    struct tracee_call brk_call = {.number = SYS_brk};
    if (!tracee_calls(freeze->tracee, 0, &brk_call, 1, why))
        return false;
    Ckpt__Layout *layout = arena_alloc(&freeze->model->arena, sizeof(*layout));
    ckpt__layout__init(layout);
    const struct proc_stat *stat = &freeze->stat;
    layout->start_code = stat->start_code;
    layout->end_code = stat->end_code;
    layout->start_data = stat->start_data;
    layout->end_data = stat->end_data;
    layout->start_brk = stat->start_brk;
    layout->brk = (uint64_t)brk_call.result;
    layout->start_stack = stat->start_stack;
    layout->arg_start = stat->arg_start;
    layout->arg_end = stat->arg_end;
    layout->env_start = stat->env_start;
    layout->env_end = stat->env_end;
    freeze->model->memory.layout = layout;
    return true;
}

/* What ps(1) shows; NT_PRPSINFO has room for 80 bytes. */
static void collect_arguments(struct freeze *freeze)
{
    enum { ROOM = 80 };
    struct failure ignored;
    const struct proc_stat *stat = &freeze->stat;
    char *text = arena_alloc(&freeze->model->arena, ROOM + 1);
    uint64_t length = stat->arg_end > stat->arg_start ? stat->arg_end - stat->arg_start : 0;
    freeze->model->arguments = text;
    if (length > ROOM)
        length = ROOM;
    if (length == 0 || !tracee_read(freeze->tracee, stat->arg_start, text, length, &ignored))
        return;
    for (size_t i = 0; i + 1 < length; i++)
        if (text[i] == '\0')
            text[i] = ' ';
}

static bool collect_auxv(struct freeze *freeze, struct failure *why)
{
    void *auxv;
    if (!proc_auxv(freeze->directory, &freeze->model->arena, &auxv, &freeze->model->auxv_size, why))
        return false;
    freeze->model->auxv = auxv;
    return true;
}

static const struct proc_mapping *mapping_at(const struct proc_mapping *maps, size_t count, uint64_t address)
{
    for (size_t i = 0; i < count; i++)
        if (address >= maps[i].start && address < maps[i].end)
            return &maps[i];
    return NULL;
}

/* Nobody tells of mlockall(MCL_FUTURE) but a mapping made since: our scratch area is one. Where nothing is locked, that is not either. */
static bool collect_future(struct freeze *freeze, struct failure *why)
{
    struct arena *arena = &freeze->model->arena;
    struct proc_status status;
    struct proc_mapping *maps;
    size_t count;
    if (!proc_status(freeze->directory, "status", arena, &status, why))
        return false;
    if (status.locked_kib == 0)
        return true;
    if (!proc_smaps(freeze->directory, arena, &maps, &count, why))
        return false;
    const struct proc_mapping *ours = mapping_at(maps, count, tracee_scratch(freeze->tracee));
    freeze->model->memory.lock_future = ours != NULL && (ours->vm_flags & PROC_VM_LOCKED) != 0;
    freeze->model->memory.lock_future_on_fault = ours != NULL && (ours->vm_flags & PROC_VM_LOCKONFAULT) != 0;
    return true;
}

bool memory_collect(struct freeze *freeze, struct failure *why)
{
    collect_arguments(freeze);
    return collect_mappings(freeze, why) && collect_layout(freeze, why) && collect_future(freeze, why) && collect_auxv(freeze, why);
}

#include "checkpt/model/check.h"

#include <inttypes.h>
#include <string.h>
#include <sys/mman.h>

/* User space of x86-64 with 4-level page tables ends here, less the guard page; 5-level addresses are only given to those who ask. */
static const uint64_t user_end = 0x7ffffffff000;
enum { HIGHEST_SIGNAL = 64, MOST_DESCRIPTORS = 1 << 20, LIMIT_COUNT = 16 };

static bool check_mapping(const struct model *model, const Ckpt__Mapping *m, uint64_t last, struct failure *why)
{
    if (m->start >= m->end || m->start < last || m->end > user_end || (m->start | m->end | m->offset) % CKPT_PAGE_SIZE != 0)
        return failure_set(why, "mapping %" PRIx64 "-%" PRIx64 ": empty, not in order, or outside user space", m->start, m->end);
    if (m->file != 0 && model_file(model, m->file) == NULL)
        return failure_set(why, "mapping %" PRIx64 "-%" PRIx64 ": file %u is not in the image", m->start, m->end, m->file);
    if ((m->protection & ~(uint32_t)(PROT_READ | PROT_WRITE | PROT_EXEC)) != 0)
        return failure_set(why, "mapping %" PRIx64 "-%" PRIx64 ": protection 0x%x has unknown bits", m->start, m->end, m->protection);
    for (size_t i = 0; i < m->n_guards; i++)
        if (m->guards[i]->start < m->start || m->guards[i]->end > m->end || m->guards[i]->start >= m->guards[i]->end ||
            (m->guards[i]->start | m->guards[i]->end) % CKPT_PAGE_SIZE != 0)
            return failure_set(why, "mapping %" PRIx64 "-%" PRIx64 ": a guard range lies outside it", m->start, m->end);
    return true;
}

static bool check_mappings(const struct model *model, struct failure *why)
{
    uint64_t last = 0;
    for (size_t i = 0; i < model->memory.n_mappings; i++) {
        if (!check_mapping(model, model->memory.mappings[i], last, why))
            return false;
        last = model->memory.mappings[i]->end;
    }
    return true;
}

static bool check_files(const struct model *model, struct failure *why)
{
    for (size_t i = 0; i < model->file_count; i++) {
        const Ckpt__File *file = model->files[i];
        if (file->path.len >= 4096 || (file->path.len > 0 && memchr(file->path.data, 0, file->path.len) != NULL))
            return failure_set(why, "file %u: its path is too long or has a NUL in it", file->id);
    }
    for (size_t i = 0; i < model->open_file_count; i++) {
        const Ckpt__OpenFile *open_file = model->open_files[i];
        if (open_file->file != 0 && model_file(model, open_file->file) == NULL)
            return failure_set(why, "open file %u: file %u is not in the image", open_file->id, open_file->file);
        if (open_file->inherited > MOST_DESCRIPTORS)
            return failure_set(why, "open file %u: it is inherited from descriptor %u, which no process can have", open_file->id, open_file->inherited - 1);
    }
    return true;
}

struct references {
    const struct model *model;
    const char *kind;
    struct failure *why;
    bool resolve;
};

static void check_reference(void *context, uint32_t kind, uint32_t id)
{
    struct references *references = context;
    bool is_file = kind == CKPT__KIND__KIND_FILE;
    if (!references->resolve || (is_file ? model_file(references->model, id) != NULL : model_open_file(references->model, id) != NULL))
        return;
    references->resolve = failure_set(references->why, "record %s: %s %u is not in the image", references->kind, is_file ? "file" : "open file", id);
}

static bool check_objects(const struct model *model, struct failure *why)
{
    struct references references = {.model = model, .why = why, .resolve = true};
    for (uint32_t kind = MODEL_OBJECTS_FROM; kind < MODEL_OBJECTS_TO; kind++) {
        const struct model_objects *objects = model_objects(model, kind);
        references.kind = ckpt_record_kind_name(kind);
        for (size_t i = 0; i < objects->count; i++)
            ckpt_record_references(objects->list[i], check_reference, &references);
    }
    return references.resolve;
}

static bool check_descriptors(const struct model *model, struct failure *why)
{
    for (size_t i = 0; i < model->descriptors.n_descriptors; i++) {
        const Ckpt__Descriptor *d = model->descriptors.descriptors[i];
        if (i > 0 && d->number <= model->descriptors.descriptors[i - 1]->number)
            return failure_set(why, "fd %u: descriptors are not in order", d->number);
        const Ckpt__OpenFile *open_file = model_open_file(model, d->open_file);
        if (d->number >= MOST_DESCRIPTORS || open_file == NULL)
            return failure_set(why, "fd %u: beyond a million, or open file %u is not in the image", d->number, d->open_file);
        if (open_file->inherited == 0 && model_file(model, open_file->file) == NULL)
            return failure_set(why, "fd %u: the file of open file %u is not in the image", d->number, d->open_file);
    }
    return true;
}

static bool check_threads(const struct model *model, struct failure *why)
{
    for (size_t i = 0; i < model->thread_count; i++) {
        const struct model_thread *thread = &model->threads[i];
        if (thread->record.tid <= 0 || (i == 0 && thread->record.tid != model->process.pid))
            return failure_set(why, "thread %d: the first thread must have the process's id, and ids are positive", thread->record.tid);
        for (size_t k = 0; k < i && i < 64; k++)
            if (model->threads[k].record.tid == thread->record.tid)
                return failure_set(why, "thread %d: there are two of them", thread->record.tid);
    }
    return true;
}

static bool check_signals(const struct model *model, struct failure *why)
{
    for (size_t i = 0; i < model->signal_actions.n_actions; i++)
        if (model->signal_actions.actions[i]->signal == 0 || model->signal_actions.actions[i]->signal > HIGHEST_SIGNAL)
            return failure_set(why, "signal %u: there is no such signal", model->signal_actions.actions[i]->signal);
    for (size_t i = 0; i < model->pending_count; i++)
        for (size_t k = 0; k < model->pending[i]->n_siginfo; k++)
            if (model->pending[i]->siginfo[k].len != sizeof(siginfo_t))
                return failure_set(why, "pending signals: a siginfo of %zu bytes instead of %zu", model->pending[i]->siginfo[k].len,
                                   sizeof(siginfo_t));
    for (size_t i = 0; i < model->limits.n_limits; i++)
        if (model->limits.limits[i]->resource >= LIMIT_COUNT)
            return failure_set(why, "limit %u: there is no such limit", model->limits.limits[i]->resource);
    return true;
}

bool model_check(const struct model *model, struct failure *why)
{
    return check_mappings(model, why) && check_files(model, why) && check_descriptors(model, why) && check_objects(model, why) && check_threads(model, why) &&
           check_signals(model, why);
}

/* Notes in the order that the kernel's own core files have them: the first thread's status, the process, then the other threads. */
#include <elf.h>
#include <stddef.h>
#include <stdlib.h>
#include <string.h>
#include <sys/mman.h>
#include <sys/procfs.h>

#include "checkpt/model/model.h"

struct emit {
    const struct model *model;
    struct ckpt_writer *writer;
    enum ckpt_status status;
};

static void note(struct emit *e, const char *name, uint32_t type, const void *body, size_t length)
{
    if (e->status == CKPT_OK)
        e->status = ckpt_writer_note(e->writer, name, type, body, length);
}

static void message(struct emit *e, uint32_t kind, bool critical, const void *record)
{
    if (e->status == CKPT_OK)
        e->status = ckpt_writer_message(e->writer, kind, critical, record);
}


static void emit_prstatus(struct emit *e, const struct model_thread *thread)
{
    const Ckpt__Process *process = &e->model->process;
    struct elf_prstatus status;
    memset(&status, 0, sizeof(status));
    status.pr_pid = thread->record.tid;
    status.pr_ppid = process->ppid;
    status.pr_pgrp = process->pgid;
    status.pr_sid = process->sid;
    status.pr_sighold = thread->record.signal_mask;
    status.pr_fpvalid = 1;
    _Static_assert(sizeof(status.pr_reg) == sizeof(thread->registers), "the same 27 registers");
    memcpy(&status.pr_reg, &thread->registers, sizeof(status.pr_reg));
    note(e, "CORE", NT_PRSTATUS, &status, sizeof(status));
}

/* The first 512 bytes of an XSAVE area are the FXSAVE area that NT_PRFPREG has. */
static void emit_float(struct emit *e, const struct model_thread *thread)
{
    enum { FXSAVE_SIZE = 512 };
    if (thread->xsave_size < FXSAVE_SIZE)
        return;
    note(e, "CORE", NT_PRFPREG, thread->xsave, FXSAVE_SIZE);
    note(e, "LINUX", NT_X86_XSTATE, thread->xsave, thread->xsave_size);
}

static void emit_process(struct emit *e)
{
    const struct model *model = e->model;
    struct elf_prpsinfo info;
    memset(&info, 0, sizeof(info));
    info.pr_sname = 'R';
    info.pr_uid = model->credentials.uid;
    info.pr_gid = model->credentials.gid;
    info.pr_pid = model->process.pid;
    info.pr_ppid = model->process.ppid;
    info.pr_pgrp = model->process.pgid;
    info.pr_sid = model->process.sid;
    const ProtobufCBinaryData *comm = &model->process.comm;
    memcpy(info.pr_fname, comm->data, comm->len < sizeof(info.pr_fname) ? comm->len : sizeof(info.pr_fname));
    memcpy(info.pr_psargs, model->arguments, strnlen(model->arguments, sizeof(info.pr_psargs) - 1));
    note(e, "CORE", NT_PRPSINFO, &info, sizeof(info));
}

static bool is_listed(const Ckpt__Mapping *m)
{
    return m->file != 0 && !m->special;
}

/* NT_FILE: count, page size, then start, end and offset in pages of each, then the names. */
static void emit_files(struct emit *e)
{
    const struct model *model = e->model;
    size_t count = 0, names = 0;
    for (size_t i = 0; i < model->memory.n_mappings; i++) {
        const Ckpt__Mapping *m = model->memory.mappings[i];
        const Ckpt__File *file = model_file(model, m->file);
        if (!is_listed(m) || file == NULL)
            continue;
        count++;
        names += file->path.len + 1;
    }
    size_t size = (2 + 3 * count) * sizeof(uint64_t) + names;
    uint64_t *body = malloc(size);
    if (body == NULL) {
        e->status = CKPT_NO_MEMORY;
        return;
    }
    body[0] = count;
    body[1] = CKPT_PAGE_SIZE;
    uint64_t *numbers = body + 2;
    char *name = (char *)(numbers + 3 * count);
    for (size_t i = 0; i < model->memory.n_mappings; i++) {
        const Ckpt__Mapping *m = model->memory.mappings[i];
        const Ckpt__File *file = model_file(model, m->file);
        if (!is_listed(m) || file == NULL)
            continue;
        *numbers++ = m->start;
        *numbers++ = m->end;
        *numbers++ = m->offset / CKPT_PAGE_SIZE;
        memcpy(name, file->path.data, file->path.len);
        name[file->path.len] = 0;
        name += file->path.len + 1;
    }
    note(e, "CORE", NT_FILE, body, size);
    free(body);
}

static void emit_threads(struct emit *e)
{
    const struct model *model = e->model;
    for (size_t i = 0; i < model->thread_count; i++) {
        emit_prstatus(e, &model->threads[i]);
        if (i == 0) {
            emit_process(e);
            if (model->threads[0].last_signal != NULL)
                note(e, "CORE", NT_SIGINFO, model->threads[0].last_signal, sizeof(siginfo_t));
            note(e, "CORE", NT_AUXV, model->auxv, model->auxv_size);
            emit_files(e);
        }
        emit_float(e, &model->threads[i]);
    }
}

static void emit_objects(struct emit *e)
{
    for (uint32_t kind = MODEL_OBJECTS_FROM; kind < MODEL_OBJECTS_TO; kind++) {
        const struct model_objects *objects = model_objects(e->model, kind);
        for (size_t i = 0; i < objects->count; i++)
            message(e, kind, true, objects->list[i]);
    }
}

static void emit_records(struct emit *e)
{
    const struct model *model = e->model;
    Ckpt__Image image = model->image;
    ckpt_writer_fill_image(e->writer, &image);
    message(e, CKPT__KIND__KIND_IMAGE, true, &image);
    message(e, CKPT__KIND__KIND_PROCESS, true, &model->process);
    message(e, CKPT__KIND__KIND_MEMORY, true, &model->memory);
    for (size_t i = 0; i < model->thread_count; i++)
        message(e, CKPT__KIND__KIND_THREAD, true, &model->threads[i].record);
    for (size_t i = 0; i < model->file_count; i++)
        message(e, CKPT__KIND__KIND_FILE, true, model->files[i]);
    for (size_t i = 0; i < model->open_file_count; i++)
        message(e, CKPT__KIND__KIND_OPEN_FILE, true, model->open_files[i]);
    message(e, CKPT__KIND__KIND_DESCRIPTORS, true, &model->descriptors);
    emit_objects(e);
    message(e, CKPT__KIND__KIND_SIGNAL_ACTIONS, true, &model->signal_actions);
    for (size_t i = 0; i < model->pending_count; i++)
        message(e, CKPT__KIND__KIND_PENDING_SIGNALS, true, model->pending[i]);
    message(e, CKPT__KIND__KIND_TIMERS, true, &model->timers);
    message(e, CKPT__KIND__KIND_LIMITS, true, &model->limits);
    message(e, CKPT__KIND__KIND_CREDENTIALS, false, &model->credentials);
}

bool model_emit(const struct model *model, struct ckpt_writer *writer, struct failure *why)
{
    struct emit e = {.model = model, .writer = writer, .status = CKPT_OK};
    emit_threads(&e);
    emit_records(&e);
    if (e.status != CKPT_OK)
        return failure_set(why, "writing records: %s", ckpt_writer_error(writer));
    return true;
}

/* From an image to a model. The order of work: registers from the debugger's notes, records into their places, then every rule that a thaw relies on. */
#include <elf.h>
#include <inttypes.h>
#include <string.h>
#include <sys/mman.h>
#include <sys/procfs.h>

#include "checkpt/model/check.h"
#include "checkpt/model/model.h"

struct load {
    struct model *model;
    struct ckpt_reader *reader;
    struct failure *why;
    size_t register_count; /* threads' notes seen so far */
    bool seen[32];                      /* records of which there is one per process */
};

static bool refuse(struct load *l, const struct ckpt_note *note, const char *sentence)
{
    const char *name = ckpt_record_kind_name(note->type);
    return failure_set(l->why, "record %s at 0x%" PRIx64 ": %s", name != NULL ? name : note->name, note->offset, sentence);
}

/* The n-th thread, added where it is new. */
static struct model_thread *thread_at(struct load *l, size_t n)
{
    struct model *model = l->model;
    if (n < model->thread_count)
        return &model->threads[n];
    if ((model->thread_count & (model->thread_count - 1)) == 0)
        model->threads = arena_grow(&model->arena, model->threads, model->thread_count, model->thread_count == 0 ? 1 : model->thread_count * 2,
                                    sizeof(*model->threads));
    struct model_thread *thread = &model->threads[model->thread_count++];
    ckpt__thread__init(&thread->record);
    return thread;
}

static bool load_registers(struct load *l, const struct ckpt_note *note)
{
    struct elf_prstatus status;
    if (note->length != sizeof(status))
        return refuse(l, note, "NT_PRSTATUS is not of this architecture's size");
    memcpy(&status, note->body, sizeof(status));
    struct model_thread *thread = thread_at(l, l->register_count++);
    memcpy(&thread->registers, &status.pr_reg, sizeof(thread->registers));
    return true;
}

static bool load_debugger_note(struct load *l, const struct ckpt_note *note)
{
    if (strcmp(note->name, "CORE") == 0 && note->type == NT_PRSTATUS)
        return load_registers(l, note);
    if (strcmp(note->name, "LINUX") == 0 && note->type == NT_X86_XSTATE) {
        if (l->register_count == 0)
            return refuse(l, note, "NT_X86_XSTATE without a thread before it");
        struct model_thread *thread = thread_at(l, l->register_count - 1);
        thread->xsave = note->body;
        thread->xsave_size = note->length;
    }
    if (strcmp(note->name, "CORE") == 0 && note->type == NT_AUXV) {
        l->model->auxv = note->body;
        l->model->auxv_size = note->length;
    }
    return true;
}

static void keep(struct model *model, ProtobufCMessage *message)
{
    if ((model->unpacked_count & (model->unpacked_count - 1)) == 0)
        model->unpacked = arena_grow(&model->arena, model->unpacked, model->unpacked_count,
                                     model->unpacked_count == 0 ? 1 : model->unpacked_count * 2, sizeof(*model->unpacked));
    model->unpacked[model->unpacked_count++] = message;
}

static bool load_thread(struct load *l, const struct ckpt_note *note, const Ckpt__Thread *record, size_t *records)
{
    if (*records >= l->register_count)
        return refuse(l, note, "there are fewer register notes than THREAD records");
    l->model->threads[(*records)++].record = *record;
    return true;
}

/* File and open file ids are positions: the maker gives them out from 1 on. Editors may leave gaps. */
static bool load_file(struct load *l, const struct ckpt_note *note, Ckpt__File *file)
{
    if (file->id == 0 || file->id > 1u << 20)
        return refuse(l, note, "its id is 0 or beyond a million");
    while (l->model->file_count < file->id)
        model_add_file(l->model);
    l->model->files[file->id - 1] = file;
    if (file->space >= l->model->next_space)
        l->model->next_space = file->space + 1;
    return true;
}

static bool load_open_file(struct load *l, const struct ckpt_note *note, Ckpt__OpenFile *open_file)
{
    if (open_file->id == 0 || open_file->id > 1u << 20)
        return refuse(l, note, "its id is 0 or beyond a million");
    while (l->model->open_file_count < open_file->id)
        model_add_open_file(l->model);
    l->model->open_files[open_file->id - 1] = open_file;
    return true;
}

static void load_pending(struct load *l, Ckpt__PendingSignals *pending)
{
    struct model *model = l->model;
    model->pending = arena_grow(&model->arena, model->pending, model->pending_count, model->pending_count + 1, sizeof(*model->pending));
    model->pending[model->pending_count++] = pending;
}

/* Records of which a process has one: where they go. */
static void *single(struct model *model, uint32_t kind, size_t *size)
{
    const struct {
        uint32_t kind;
        void *place;
        size_t size;
    } places[] = {
        {CKPT__KIND__KIND_IMAGE, &model->image, sizeof(model->image)},
        {CKPT__KIND__KIND_PROCESS, &model->process, sizeof(model->process)},
        {CKPT__KIND__KIND_MEMORY, &model->memory, sizeof(model->memory)},
        {CKPT__KIND__KIND_DESCRIPTORS, &model->descriptors, sizeof(model->descriptors)},
        {CKPT__KIND__KIND_SIGNAL_ACTIONS, &model->signal_actions, sizeof(model->signal_actions)},
        {CKPT__KIND__KIND_TIMERS, &model->timers, sizeof(model->timers)},
        {CKPT__KIND__KIND_LIMITS, &model->limits, sizeof(model->limits)},
        {CKPT__KIND__KIND_CREDENTIALS, &model->credentials, sizeof(model->credentials)},
        {CKPT__KIND__KIND_TID_WORDS, &model->tid_words, sizeof(model->tid_words)},
    };
    for (size_t i = 0; i < sizeof(places) / sizeof(places[0]); i++) {
        if (places[i].kind == kind) {
            *size = places[i].size;
            return places[i].place;
        }
    }
    return NULL;
}

static bool load_record(struct load *l, const struct ckpt_note *note, size_t *thread_records)
{
    ProtobufCMessage *message;
    size_t size;
    if (ckpt_record_descriptor(note->type) == NULL)
        return true;
    if (ckpt_reader_unpack(l->reader, note, &message) != CKPT_OK)
        return failure_set(l->why, "%s", ckpt_reader_error(l->reader));
    keep(l->model, message);
    void *place = single(l->model, note->type, &size);
    if (place != NULL) {
        if (l->seen[note->type])
            return refuse(l, note, "a second one: images of several processes cannot be resumed yet");
        l->seen[note->type] = true;
        memcpy(place, message, size);
        return true;
    }
    switch (note->type) {
    case CKPT__KIND__KIND_THREAD:
        return load_thread(l, note, (const Ckpt__Thread *)message, thread_records);
    case CKPT__KIND__KIND_FILE:
        return load_file(l, note, (Ckpt__File *)message);
    case CKPT__KIND__KIND_OPEN_FILE:
        return load_open_file(l, note, (Ckpt__OpenFile *)message);
    case CKPT__KIND__KIND_PENDING_SIGNALS:
        load_pending(l, (Ckpt__PendingSignals *)message);
    }
    if (note->type >= MODEL_OBJECTS_FROM && note->type < MODEL_OBJECTS_TO && !model_add_object(l->model, note->type, message))
        return refuse(l, note, "a second one about the same file");
    return true;
}

bool model_load(struct model *model, struct ckpt_reader *reader, struct failure *why)
{
    struct load l = {.model = model, .reader = reader, .why = why};
    struct ckpt_note note;
    size_t thread_records = 0;
    for (size_t i = 0; ckpt_reader_note(reader, i, &note) == CKPT_OK; i++) {
        if (note.segment == CKPT_SEGMENT_PROCESS)
            continue;
        bool ours = strcmp(note.name, CKPT_NOTE_NAME) == 0;
        if (ours ? !load_record(&l, &note, &thread_records) : !load_debugger_note(&l, &note))
            return false;
    }
    if (!l.seen[CKPT__KIND__KIND_PROCESS] || !l.seen[CKPT__KIND__KIND_MEMORY] || thread_records == 0)
        return failure_set(why, "there is no process in it that could be resumed");
    if (thread_records != l.register_count)
        return failure_set(why, "%zu threads have registers, but %zu have THREAD records", l.register_count, thread_records);
    return model_check(model, why);
}

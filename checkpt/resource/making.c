#include "checkpt/resource/making.h"

#include <fcntl.h>
#include <stddef.h>
#include <stdio.h>
#include <string.h>
#include <sys/syscall.h>
#include <unistd.h>

#include "checkpt/thaw/stored.h"

enum { CHANGEABLE = O_APPEND | O_NONBLOCK | O_DIRECT | O_NOATIME /* by F_SETFL; O_ASYNC is making_owner()'s */ };

/* From the last to the first, so that lists ascend. */
static void link_open_files(struct making *m, const struct model *model)
{
    for (size_t i = model->open_file_count; i-- > 0;) {
        const Ckpt__OpenFile *open_file = model->open_files[i];
        if (open_file->inherited != 0 || open_file->file == 0)
            continue;
        m->next_open_file[i] = m->open_file_of[open_file->file - 1];
        m->open_file_of[open_file->file - 1] = open_file->id;
    }
    for (size_t i = model->descriptors.n_descriptors; i-- > 0;) {
        size_t open_file = model->descriptors.descriptors[i]->open_file - 1;
        m->next_descriptor[i] = m->descriptor_of[open_file];
        m->descriptor_of[open_file] = i + 1;
    }
}

void making_init(struct making *m, struct thaw *thaw, struct arena *arena)
{
    const struct model *model = thaw->model;
    size_t open_files = model->open_file_count + 1;
    *m = (struct making){.thaw = thaw, .lowest = FILES_STANDARD};
    m->taken = arena_alloc(arena, (size_t)thaw->high + 1);
    m->first = arena_alloc(arena, open_files * sizeof(*m->first));
    memset(m->first, -1, open_files * sizeof(*m->first));
    memset(m->spares, -1, sizeof(m->spares));
    m->open_file_of = arena_alloc(arena, (model->file_count + 1) * sizeof(*m->open_file_of));
    m->next_open_file = arena_alloc(arena, open_files * sizeof(*m->next_open_file));
    m->descriptor_of = arena_alloc(arena, open_files * sizeof(*m->descriptor_of));
    m->next_descriptor = arena_alloc(arena, (model->descriptors.n_descriptors + 1) * sizeof(*m->next_descriptor));
    link_open_files(m, model);
}

const char *making_about(struct making *m, const Ckpt__Descriptor *descriptor, const char *path, const char *doing)
{
    snprintf(m->what, sizeof(m->what), "fd %u: %s: %s", descriptor->number, path, doing);
    return m->what;
}

const char *making_about_file(struct making *m, const Ckpt__File *file, const char *doing)
{
    snprintf(m->what, sizeof(m->what), "%.*s: %s", (int)file->path.len, (const char *)file->path.data, doing);
    return m->what;
}

const Ckpt__OpenFile *making_next(const struct making *m, const Ckpt__File *file, const Ckpt__OpenFile *open_file)
{
    uint32_t id = open_file == NULL ? m->open_file_of[file->id - 1] : m->next_open_file[open_file->id - 1];
    return model_open_file(m->thaw->model, id);
}

uint32_t making_lowest(const struct making *m, unsigned n)
{
    uint32_t number = m->lowest;
    for (;; number++)
        if (number > (uint32_t)m->thaw->high || !m->taken[number])
            if (n-- == 0)
                return number;
}

int making_spare(struct making *m, unsigned n, struct failure *why)
{
    if (m->spares[n] < 0)
        m->spares[n] = stored_descriptor(m->thaw, why);
    return m->spares[n];
}

void making_move(struct making *m, const char *what, uint32_t from, int to)
{
    PLAN_CALL(m->thaw->plan, what, SYS_dup3, PLAN_NUMBER(from), PLAN_NUMBER(to), PLAN_NUMBER(O_CLOEXEC));
    PLAN_CALL(m->thaw->plan, what, SYS_close, PLAN_NUMBER(from));
}

void making_copy(struct making *m, uint32_t from, const Ckpt__Descriptor *descriptor)
{
    PLAN_CALL(m->thaw->plan, making_about(m, descriptor, "the same open file as another", "copying it"), SYS_dup3, PLAN_NUMBER(from),
              PLAN_NUMBER(descriptor->number), PLAN_NUMBER(descriptor->close_on_exec ? O_CLOEXEC : 0));
}

void making_taken(struct making *m, const Ckpt__Descriptor *descriptor)
{
    const Ckpt__OpenFile *open_file = model_open_file(m->thaw->model, descriptor->open_file);
    if (descriptor->number < FILES_STANDARD && open_file->inherited == 0)
        m->stands_in[descriptor->number] = false;
    m->taken[descriptor->number] = true;
    if (m->first[open_file->id - 1] < 0)
        m->first[open_file->id - 1] = descriptor->number;
    while (m->taken[m->lowest])
        m->lowest++;
}

/* Who is told of I/O by a signal: the program's threads have new ids, its group is the caller's. Others' ids mean nothing now. */
void making_owner(struct making *m, const Ckpt__Descriptor *descriptor, const Ckpt__OpenFile *open_file, const char *path)
{
    struct plan *plan = m->thaw->plan;
    const struct model *model = m->thaw->model;
    struct f_owner_ex owner = {.type = F_OWNER_PGRP, .pid = getpgrp()};
    bool known = open_file->owner < 0 && -open_file->owner == model->process.pgid;
    size_t thread = model->thread_count;
    for (size_t i = 0; i < model->thread_count && open_file->owner > 0; i++)
        if (model->threads[i].record.tid == open_file->owner)
            thread = i;
    if (thread < model->thread_count)
        owner = (struct f_owner_ex){.type = thread == 0 && !open_file->owner_is_thread ? F_OWNER_PID : F_OWNER_TID};
    if (known || thread < model->thread_count) {
        uint32_t data = plan_data(plan, &owner, sizeof(owner), sizeof(uint32_t));
        if (thread < model->thread_count)
            plan_store_data(plan, plan_data_part(plan, data, offsetof(struct f_owner_ex, pid), sizeof(owner.pid)), PLAN_RESULT(m->thaw->thread_slots[thread]), 0);
        PLAN_CALL(plan, making_about(m, descriptor, path, "who is told of I/O"), SYS_fcntl, PLAN_NUMBER(descriptor->number), PLAN_NUMBER(F_SETOWN_EX), PLAN_DATA(data));
    }
    if (open_file->owner_signal != 0)
        PLAN_CALL(plan, making_about(m, descriptor, path, "the signal that tells of I/O"), SYS_fcntl, PLAN_NUMBER(descriptor->number), PLAN_NUMBER(F_SETSIG),
                  PLAN_NUMBER(open_file->owner_signal));
    if ((open_file->flags & O_ASYNC) != 0)
        PLAN_CALL(plan, making_about(m, descriptor, path, "signals that tell of I/O"), SYS_fcntl, PLAN_NUMBER(descriptor->number), PLAN_NUMBER(F_SETFL),
                  PLAN_NUMBER(open_file->flags));
}

static void place(struct making *m, const Ckpt__Descriptor *descriptor, uint32_t from)
{
    if (descriptor->number != from)
        making_copy(m, from, descriptor);
    else if (!descriptor->close_on_exec)
        PLAN_CALL(m->thaw->plan, making_about(m, descriptor, "it", "open on exec"), SYS_fcntl, PLAN_NUMBER(from), PLAN_NUMBER(F_SETFD), PLAN_NUMBER(0));
    making_taken(m, descriptor);
}

void making_place(struct making *m, const Ckpt__OpenFile *open_file, uint32_t from, uint32_t flags)
{
    const struct model *model = m->thaw->model;
    const Ckpt__File *file = model_file(model, open_file->file);
    bool is_at_place = from >= (uint32_t)m->thaw->high;
    if ((open_file->flags & O_PATH) == 0 && ((open_file->flags ^ flags) & CHANGEABLE) != 0)
        PLAN_CALL(m->thaw->plan, making_about_file(m, file, "its flags"), SYS_fcntl, PLAN_NUMBER(from), PLAN_NUMBER(F_SETFL),
                  PLAN_NUMBER(open_file->flags & ~(uint32_t)O_ASYNC));
    for (size_t i = m->descriptor_of[open_file->id - 1]; i != 0; i = m->next_descriptor[i - 1]) {
        place(m, model->descriptors.descriptors[i - 1], from);
        is_at_place |= model->descriptors.descriptors[i - 1]->number == from;
    }
    if (!is_at_place)
        PLAN_CALL(m->thaw->plan, making_about_file(m, file, "closing what it was made as"), SYS_close, PLAN_NUMBER(from));
    if (m->descriptor_of[open_file->id - 1] != 0)
        making_owner(m, model->descriptors.descriptors[m->descriptor_of[open_file->id - 1] - 1], open_file, (const char *)"it");
}

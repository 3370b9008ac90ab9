#include <fcntl.h>
#include <stdio.h>
#include <string.h>
#include <sys/syscall.h>

#include "checkpt/resource/file_record.h"
#include "checkpt/resource/object.h"
#include "checkpt/tracee/tracee.h"

/* The path of one's own directory in /proc has one's number in it, the first thread's has it twice. */
static const char *path_of(const struct freeze *freeze, const struct files_fate *fate)
{
    char own[32], leader[64];
    int own_length = snprintf(own, sizeof(own), "/proc/%d", freeze->pid), leader_length = snprintf(leader, sizeof(leader), "%s/task/%d", own, freeze->pid);
    const struct {
        const char *path, *same;
        size_t length;
    } names[] = {{leader, "/proc/thread-self", (size_t)leader_length}, {own, "/proc/self", (size_t)own_length}};
    for (size_t i = 0; i < sizeof(names) / sizeof(names[0]); i++) {
        const char *rest = fate->noun + names[i].length;
        if (strncmp(fate->noun, names[i].path, names[i].length) == 0 && (*rest == '/' || *rest == '\0'))
            return arena_printf(&freeze->model->arena, "%s%s", names[i].same, rest);
    }
    return fate->noun;
}

static Ckpt__File *collect_file(struct freeze *freeze, const struct proc_fd *fd, const struct files_fate *fate)
{
    struct model *model = freeze->model;
    struct stat status = files_status(fd);
    Ckpt__File *file;
    if (fate->kind == FILES_VIRTUAL || fate->is_virtual) {
        const struct stat type_only = {.st_mode = fd->mode, .st_rdev = fd->rdev};
        file = model_add_file(model);
        file_record_begin(&model->arena, file, path_of(freeze, fate), &type_only);
        return file;
    }
    if (fate->kind == FILES_OBJECT && fate->object->is_single) {
        const struct stat type_only = {.st_mode = fd->mode};
        file = model_add_file(model);
        file_record_begin(&model->arena, file, fd->target, &type_only);
        return file;
    }
    bool gone = fate->kind == FILES_CONTENT || fd->deleted || (S_ISREG(fd->mode) && fd->target[0] != '/');
    file = file_record(model, fd->target, &status, gone);
    file_record_status(&model->arena, file, &status);
    if (fate->kind == FILES_CONTENT && file->space == 0)
        file->space = model->next_space++;
    return file;
}

static Ckpt__Lock *lock_record(struct arena *arena, const struct proc_lock *lock)
{
    Ckpt__Lock *record = arena_alloc(arena, sizeof(*record));
    ckpt__lock__init(record);
    record->type = (Ckpt__Lock__Type)lock->type;
    record->write = lock->write;
    record->start = lock->start;
    record->length = lock->length;
    return record;
}

/* A POSIX lock is the process's; the others are the open file's. /proc shows both beside every descriptor of it. */
static void collect_locks(struct arena *arena, const struct proc_fd *fd, Ckpt__OpenFile *open_file, Ckpt__Descriptor *descriptor)
{
    if (fd->lock_count == 0)
        return;
    open_file->locks = arena_alloc(arena, fd->lock_count * sizeof(*open_file->locks));
    descriptor->locks = arena_alloc(arena, fd->lock_count * sizeof(*descriptor->locks));
    for (size_t i = 0; i < fd->lock_count; i++) {
        Ckpt__Lock *lock = lock_record(arena, &fd->locks[i]);
        if (lock->type == CKPT__LOCK__TYPE__POSIX)
            descriptor->locks[descriptor->n_locks++] = lock;
        else
            open_file->locks[open_file->n_locks++] = lock;
    }
}

static Ckpt__OpenFile *collect_image(struct model *model)
{
    Ckpt__OpenFile *open_file = model_add_open_file(model);
    Ckpt__File *file = model_add_file(model);
    file->type = CKPT__FILE_TYPE__FILE_TYPE_IMAGE;
    file->mode = S_IFREG;
    open_file->file = file->id;
    open_file->flags = O_RDONLY;
    return open_file;
}

static Ckpt__OpenFile *collect_open_file(struct freeze *freeze, const struct proc_fd *fd, const struct files_fate *fate, Ckpt__Descriptor *descriptor)
{
    struct model *model = freeze->model;
    if (fate->kind == FILES_IMAGE)
        return collect_image(model);
    Ckpt__OpenFile *open_file = model_add_open_file(model);
    open_file->file = collect_file(freeze, fd, fate)->id;
    open_file->flags = fd->flags;
    open_file->offset = fd->position;
    open_file->inherited = fate->kind == FILES_INHERITED ? 1 + fate->from : 0;
    collect_locks(&model->arena, fd, open_file, descriptor);
    return open_file;
}

struct asked {
    Ckpt__OpenFile *open_file;
    uint32_t number;
};

/* F_GETOWN itself cannot tell a process group from an error. */
static bool ask_some(struct freeze *freeze, const struct asked *asked, size_t count, struct failure *why)
{
    enum { MOST = 256 };
    struct f_owner_ex owners[MOST];
    struct tracee_call calls[2 * MOST];
    uint64_t scratch = tracee_scratch(freeze->tracee);
    for (size_t i = 0; i < count; i++) {
        calls[2 * i] = (struct tracee_call){.number = SYS_fcntl, .arguments = {asked[i].number, F_GETOWN_EX, scratch + i * sizeof(owners[0])}};
        calls[2 * i + 1] = (struct tracee_call){.number = SYS_fcntl, .arguments = {asked[i].number, F_GETSIG}};
    }
    if (!tracee_calls(freeze->tracee, 0, calls, 2 * count, why) || !tracee_read(freeze->tracee, scratch, owners, count * sizeof(owners[0]), why))
        return false;
    for (size_t i = 0; i < count; i++) {
        if (calls[2 * i].result == 0) {
            asked[i].open_file->owner = owners[i].type == F_OWNER_PGRP ? -owners[i].pid : owners[i].pid;
            asked[i].open_file->owner_is_thread = owners[i].type == F_OWNER_TID;
        }
        if (calls[2 * i + 1].result > 0)
            asked[i].open_file->owner_signal = (int32_t)calls[2 * i + 1].result;
    }
    return true;
}

static bool ask(struct freeze *freeze, const struct asked *asked, size_t count, struct failure *why)
{
    enum { AT_ONCE = 256 };
    for (size_t done = 0; done < count; done += AT_ONCE)
        if (!ask_some(freeze, asked + done, count - done < AT_ONCE ? count - done : AT_ONCE, why))
            return failure_prepend(why, "who is told of I/O");
    return true;
}

static bool refuse(const struct proc_fd *fd, const struct files_fate *fate, struct failure *why)
{
    return failure_set(why, "fd %u: %s: %s", fd->number, fate->noun, fate->reason);
}

bool files_collect(struct freeze *freeze, struct failure *why)
{
    struct model *model = freeze->model;
    struct arena *arena = &model->arena;
    const size_t *same = files_same(freeze, arena, why);
    if (same == NULL)
        return false;
    struct asked *asked = arena_alloc(arena, (freeze->fd_count + 1) * sizeof(*asked));
    size_t asked_count = 0;
    freeze->numbers = arena_alloc(arena, (freeze->fd_count + 1) * sizeof(*freeze->numbers));
    model->descriptors.descriptors = arena_alloc(arena, (freeze->fd_count + 1) * sizeof(Ckpt__Descriptor *));
    for (size_t i = 0; i < freeze->fd_count; i++) {
        const struct proc_fd *fd = &freeze->fds[i];
        Ckpt__Descriptor *descriptor = arena_alloc(arena, sizeof(*descriptor));
        ckpt__descriptor__init(descriptor);
        descriptor->number = fd->number;
        descriptor->close_on_exec = fd->close_on_exec;
        model->descriptors.descriptors[model->descriptors.n_descriptors++] = descriptor;
        if (same[i] != i) {
            descriptor->open_file = model->descriptors.descriptors[same[i]]->open_file;
            continue;
        }
        struct files_fate fate = files_fate(freeze, same, i, arena);
        if (fate.kind == FILES_REFUSED)
            return refuse(fd, &fate, why);
        Ckpt__OpenFile *open_file = collect_open_file(freeze, fd, &fate, descriptor);
        descriptor->open_file = open_file->id;
        freeze->numbers[open_file->id - 1] = fd->number;
        if (fate.kind != FILES_INHERITED && fate.kind != FILES_IMAGE && (fd->flags & O_PATH) == 0)
            asked[asked_count++] = (struct asked){open_file, fd->number};
    }
    return ask(freeze, asked, asked_count, why);
}

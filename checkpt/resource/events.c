#include "checkpt/resource/events.h"

#include <string.h>

bool events_is(const struct proc_fd *fd, const char *name)
{
    return strcmp(fd->target, name) == 0;
}

bool events_is_file(const Ckpt__File *file, const char *name)
{
    return file->type == CKPT__FILE_TYPE__FILE_TYPE_ANONYMOUS_INODE && file->path.len == strlen(name) && memcmp(file->path.data, name, file->path.len) == 0;
}

bool events_is_own(const struct freeze *freeze, const struct proc_fd *fd)
{
    (void)freeze;
    (void)fd;
    return true;
}

bool events_collect(struct freeze *freeze, const char *name, bool (*collect)(struct freeze *freeze, uint32_t number, uint32_t file, struct failure *why),
                    struct failure *why)
{
    const struct model *model = freeze->model;
    for (size_t i = 0; i < model->open_file_count; i++) {
        const Ckpt__OpenFile *open_file = model->open_files[i];
        const Ckpt__File *file = model_file(model, open_file->file);
        if (file == NULL || open_file->inherited != 0 || !events_is_file(file, name))
            continue;
        if (!collect(freeze, freeze->numbers[i], file->id, why))
            return failure_prepend(why, "fd %u", freeze->numbers[i]);
    }
    return true;
}

/* Every such message begins with `file`. */
struct of_file {
    ProtobufCMessage base;
    uint32_t file;
};

const void *events_record(const struct model *model, uint32_t kind, const Ckpt__File *file, struct failure *why)
{
    const struct model_objects *records = model_objects(model, kind);
    for (size_t i = 0; i < records->count; i++)
        if (((const struct of_file *)records->list[i])->file == file->id)
            return records->list[i];
    failure_set(why, "file %u has no %s record", file->id, ckpt_record_kind_name(kind));
    return NULL;
}

void events_place(struct making *m, const Ckpt__File *file, uint32_t given, uint32_t flags)
{
    making_place(m, making_next(m, file, NULL), given, flags);
}

const int64_t *events_numbers(const struct model *model, struct arena *arena)
{
    int64_t *numbers = arena_alloc(arena, (model->file_count + 1) * sizeof(*numbers));
    memset(numbers, -1, (model->file_count + 1) * sizeof(*numbers));
    for (size_t i = model->descriptors.n_descriptors; i-- > 0;) {
        const Ckpt__OpenFile *open_file = model_open_file(model, model->descriptors.descriptors[i]->open_file);
        if (open_file->inherited == 0 && open_file->file != 0)
            numbers[open_file->file - 1] = model->descriptors.descriptors[i]->number;
    }
    return numbers;
}

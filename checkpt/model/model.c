#include "checkpt/model/model.h"

#include <string.h>

void model_init(struct model *model)
{
    memset(model, 0, sizeof(*model));
    ckpt__image__init(&model->image);
    ckpt__process__init(&model->process);
    ckpt__memory__init(&model->memory);
    ckpt__descriptors__init(&model->descriptors);
    ckpt__signal_actions__init(&model->signal_actions);
    ckpt__timers__init(&model->timers);
    ckpt__limits__init(&model->limits);
    ckpt__credentials__init(&model->credentials);
    ckpt__tid_words__init(&model->tid_words);
    model->process.process = model->memory.process = model->descriptors.process = model->signal_actions.process = MODEL_PROCESS;
    model->timers.process = model->limits.process = model->credentials.process = model->tid_words.process = MODEL_PROCESS;
    model->image.root_process = MODEL_PROCESS;
    model->process.space = model->memory.space = 1;
    model->next_space = 2;
}

void model_deinit(struct model *model)
{
    for (size_t i = 0; i < model->unpacked_count; i++)
        protobuf_c_message_free_unpacked(model->unpacked[i], NULL);
    arena_deinit(&model->arena);
}

/* Pointer arrays double: their old selves stay in the arena until the end, at most as large again. */
static void *appended(struct arena *arena, void *array, size_t count)
{
    bool full = (count & (count - 1)) == 0;
    return full ? arena_grow(arena, array, count, count == 0 ? 1 : count * 2, sizeof(void *)) : array;
}

Ckpt__File *model_add_file(struct model *model)
{
    Ckpt__File *file = arena_alloc(&model->arena, sizeof(*file));
    ckpt__file__init(file);
    model->files = appended(&model->arena, model->files, model->file_count);
    model->files[model->file_count++] = file;
    file->id = (uint32_t)model->file_count;
    return file;
}

Ckpt__OpenFile *model_add_open_file(struct model *model)
{
    Ckpt__OpenFile *open_file = arena_alloc(&model->arena, sizeof(*open_file));
    ckpt__open_file__init(open_file);
    model->open_files = appended(&model->arena, model->open_files, model->open_file_count);
    model->open_files[model->open_file_count++] = open_file;
    open_file->id = (uint32_t)model->open_file_count;
    return open_file;
}

/* Field 1 of each of them. */
static uint32_t file_of(const ProtobufCMessage *message)
{
    uint32_t file;
    memcpy(&file, (const char *)message + protobuf_c_message_descriptor_get_field(message->descriptor, 1)->offset, sizeof(file));
    return file;
}

static size_t place_of(const struct model_objects *objects, uint32_t file)
{
    size_t low = 0, high = objects->count;
    while (low < high) {
        size_t middle = low + (high - low) / 2;
        if (file_of(objects->list[middle]) < file)
            low = middle + 1;
        else
            high = middle;
    }
    return low;
}

bool model_add_object(struct model *model, uint32_t kind, void *message)
{
    struct model_objects *objects = &model->objects[kind - MODEL_OBJECTS_FROM];
    size_t at = place_of(objects, file_of(message));
    if (at < objects->count && file_of(objects->list[at]) == file_of(message))
        return false;
    objects->list = appended(&model->arena, objects->list, objects->count);
    memmove(objects->list + at + 1, objects->list + at, (objects->count - at) * sizeof(*objects->list));
    objects->list[at] = message;
    objects->count++;
    return true;
}

const void *model_object(const struct model *model, uint32_t kind, uint32_t file)
{
    const struct model_objects *objects = model_objects(model, kind);
    size_t at = place_of(objects, file);
    return at < objects->count && file_of(objects->list[at]) == file ? objects->list[at] : NULL;
}

const struct model_objects *model_objects(const struct model *model, uint32_t kind)
{
    return &model->objects[kind - MODEL_OBJECTS_FROM];
}

Ckpt__File *model_file(const struct model *model, uint32_t id)
{
    return id > 0 && id <= model->file_count ? model->files[id - 1] : NULL;
}

Ckpt__OpenFile *model_open_file(const struct model *model, uint32_t id)
{
    return id > 0 && id <= model->open_file_count ? model->open_files[id - 1] : NULL;
}

const Ckpt__Mapping *model_find_mapping(const struct model *model, uint64_t address)
{
    size_t low = 0, high = model->memory.n_mappings;
    while (low < high) {
        size_t middle = low + (high - low) / 2;
        if (model->memory.mappings[middle]->end <= address)
            low = middle + 1;
        else
            high = middle;
    }
    if (low == model->memory.n_mappings || model->memory.mappings[low]->start > address)
        return NULL;
    return model->memory.mappings[low];
}

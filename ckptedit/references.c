#include "ckptedit/references.h"

#include <stdlib.h>

#include "schemas/files.pb-c.h"
#include "schemas/memory.pb-c.h"
#include "schemas/process.pb-c.h"

void references_deinit(struct references *references)
{
    free(references->ids);
    *references = (struct references){0};
}

bool references_add(struct references *references, uint32_t id)
{
    if (references->count == references->room) {
        size_t room = references->room == 0 ? 64 : references->room * 2;
        uint32_t *ids = realloc(references->ids, room * sizeof(*ids));
        if (ids == NULL)
            return false;
        references->ids = ids;
        references->room = room;
    }
    references->ids[references->count++] = id;
    return true;
}

static int compare(const void *a, const void *b)
{
    uint32_t x = *(const uint32_t *)a, y = *(const uint32_t *)b;
    return (x > y) - (x < y);
}

void references_sort(struct references *references)
{
    if (references->count > 0)
        qsort(references->ids, references->count, sizeof(*references->ids), compare);
}

bool references_has(const struct references *references, uint32_t id)
{
    return references->count > 0 && bsearch(&id, references->ids, references->count, sizeof(id), compare) != NULL;
}

typedef bool add_from(struct references *references, const ProtobufCMessage *message);

static bool add_from_descriptors(struct references *references, const ProtobufCMessage *message)
{
    const Ckpt__Descriptors *all = (const Ckpt__Descriptors *)message;
    bool fine = true;
    for (size_t i = 0; i < all->n_descriptors && fine; i++)
        fine = references_add(references, all->descriptors[i]->open_file);
    return fine;
}

static bool add_from_open_file(struct references *references, const ProtobufCMessage *message)
{
    return references_add(references, ((const Ckpt__OpenFile *)message)->file);
}

static bool add_from_memory(struct references *references, const ProtobufCMessage *message)
{
    const Ckpt__Memory *memory = (const Ckpt__Memory *)message;
    bool fine = true;
    for (size_t i = 0; i < memory->n_mappings && fine; i++)
        fine = references_add(references, memory->mappings[i]->file);
    return fine;
}

static bool add_from_process(struct references *references, const ProtobufCMessage *message)
{
    const Ckpt__Process *process = (const Ckpt__Process *)message;
    return references_add(references, process->executable) && references_add(references, process->cwd) && references_add(references, process->root);
}

static enum ckpt_status add_kind(struct references *references, struct records *records, Ckpt__Kind kind, add_from *from)
{
    enum ckpt_status status = CKPT_OK;
    struct record *record;
    for (size_t i = 0; (record = records_next(records, kind, &i, &status)) != NULL;)
        if (!from(references, record->message))
            return CKPT_NO_MEMORY;
    references_sort(references);
    return status;
}

enum ckpt_status references_to_open_files(struct references *references, struct records *records)
{
    return add_kind(references, records, CKPT__KIND__KIND_DESCRIPTORS, add_from_descriptors);
}

enum ckpt_status references_to_files(struct references *references, struct records *records)
{
    static const struct {
        Ckpt__Kind kind;
        add_from *from;
    } sources[] = {
        {CKPT__KIND__KIND_OPEN_FILE, add_from_open_file},
        {CKPT__KIND__KIND_MEMORY, add_from_memory},
        {CKPT__KIND__KIND_PROCESS, add_from_process},
    };
    enum ckpt_status status = CKPT_OK;
    for (size_t i = 0; i < sizeof(sources) / sizeof(sources[0]) && status == CKPT_OK; i++)
        status = add_kind(references, records, sources[i].kind, sources[i].from);
    return status;
}

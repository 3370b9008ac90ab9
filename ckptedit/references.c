#include "ckptedit/references.h"

#include <stdlib.h>
#include <string.h>

#include "schemas/record.pb-c.h"

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

struct search {
    struct references *references;
    uint32_t kind;
    bool own;  /* an object's own file is to come, which stands in its first field */
    bool fine;
};

static void found(void *context, uint32_t kind, uint32_t id)
{
    struct search *search = context;
    bool own = search->own;
    search->own = false;
    if (kind == search->kind && search->fine && !own)
        search->fine = references_add(search->references, id);
}

bool references_is_object(Ckpt__Kind kind)
{
    const ProtobufCMessageDescriptor *descriptor = ckpt_record_descriptor((uint32_t)kind);
    return descriptor != NULL && kind != CKPT__KIND__KIND_OPEN_FILE && protobuf_c_message_descriptor_get_field_by_name(descriptor, "file") != NULL;
}

uint32_t references_own_file(const ProtobufCMessage *message)
{
    uint32_t file;
    memcpy(&file, (const char *)message + protobuf_c_message_descriptor_get_field_by_name(message->descriptor, "file")->offset, sizeof(file));
    return file;
}

static bool is_source(Ckpt__Kind kind, uint32_t wanted)
{
    if (wanted == CKPT__KIND__KIND_FILE)
        return kind == CKPT__KIND__KIND_PROCESS || kind == CKPT__KIND__KIND_MEMORY || kind == CKPT__KIND__KIND_OPEN_FILE || references_is_object(kind);
    return kind == CKPT__KIND__KIND_DESCRIPTORS || references_is_object(kind);
}

static enum ckpt_status collect(struct references *references, struct records *records, uint32_t wanted)
{
    struct search search = {.references = references, .kind = wanted, .fine = true};
    enum ckpt_status status = CKPT_OK;
    for (size_t k = 0; k < ckpt__kind__descriptor.n_values && status == CKPT_OK; k++) {
        Ckpt__Kind kind = (Ckpt__Kind)ckpt__kind__descriptor.values[k].value;
        struct record *record;
        for (size_t i = 0; is_source(kind, wanted) && (record = records_next(records, kind, &i, &status)) != NULL;) {
            search.own = references_is_object(kind) && references_own_file(record->message) != 0;
            ckpt_record_references(record->message, found, &search);
        }
    }
    references_sort(references);
    return search.fine ? status : CKPT_NO_MEMORY;
}

enum ckpt_status references_to_open_files(struct references *references, struct records *records)
{
    return collect(references, records, CKPT__KIND__KIND_OPEN_FILE);
}

enum ckpt_status references_to_files(struct references *references, struct records *records)
{
    return collect(references, records, CKPT__KIND__KIND_FILE);
}

#include "ckptedit/records.h"

#include <stdlib.h>
#include <string.h>

enum ckpt_status records_init(struct records *records, struct ckpt_reader *reader)
{
    *records = (struct records){.reader = reader};
    struct ckpt_note note;
    for (size_t i = 0; ckpt_reader_note(reader, i, &note) == CKPT_OK; i++) {
        if ((records->count & (records->count + 1)) == 0) { /* room doubles at 0, 1, 3, 7 … */
            struct record *bigger = realloc(records->list, (records->count * 2 + 1) * sizeof(*bigger));
            if (bigger == NULL)
                return CKPT_NO_MEMORY;
            records->list = bigger;
        }
        records->list[records->count++] = (struct record){.note = note};
    }
    return CKPT_OK;
}

void records_deinit(struct records *records)
{
    for (size_t i = 0; i < records->count; i++) {
        if (records->list[i].message != NULL)
            protobuf_c_message_free_unpacked(records->list[i].message, NULL);
        free(records->list[i].packed);
    }
    free(records->list);
    *records = (struct records){0};
}

struct record *records_next(struct records *records, Ckpt__Kind kind, size_t *i, enum ckpt_status *status)
{
    for (; *i < records->count; ++*i) {
        struct record *record = &records->list[*i];
        if (record->dropped || record->note.type != (uint32_t)kind || strcmp(record->note.name, CKPT_NOTE_NAME) != 0)
            continue;
        if (record->message == NULL)
            *status = ckpt_reader_unpack(records->reader, &record->note, &record->message);
        ++*i;
        return record->message != NULL ? record : NULL;
    }
    return NULL;
}

bool records_changed(const struct records *records)
{
    for (size_t i = 0; i < records->count; i++)
        if (records->list[i].changed || records->list[i].dropped)
            return true;
    return false;
}

bool records_pack(struct records *records)
{
    records->visited = 0;
    for (size_t i = 0; i < records->count; i++) {
        struct record *record = &records->list[i];
        if (!record->changed || record->dropped)
            continue;
        free(record->packed);
        record->packed_length = protobuf_c_message_get_packed_size(record->message);
        record->packed = malloc(record->packed_length > 0 ? record->packed_length : 1);
        if (record->packed == NULL)
            return false;
        protobuf_c_message_pack(record->message, record->packed);
    }
    return true;
}

enum ckpt_edit records_filter(void *context, const struct ckpt_note *note, const void **body, size_t *length)
{
    (void)note;
    struct records *records = context;
    const struct record *record = &records->list[records->visited++];
    if (record->dropped)
        return CKPT_EDIT_DROP;
    if (record->packed == NULL)
        return CKPT_EDIT_KEEP;
    *body = record->packed;
    *length = record->packed_length;
    return CKPT_EDIT_REPLACE;
}

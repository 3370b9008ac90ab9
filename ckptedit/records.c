#include "ckptedit/records.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>

static bool is_ours(const struct record *record, Ckpt__Kind kind)
{
    return !record->dropped && record->note.type == (uint32_t)kind && strcmp(record->note.name, CKPT_NOTE_NAME) == 0;
}

/* Room doubles at 0, 1, 3, 7 … */
static bool append(struct records *records, const struct record *record)
{
    if ((records->count & (records->count + 1)) == 0) {
        struct record *bigger = realloc(records->list, (records->count * 2 + 1) * sizeof(*bigger));
        if (bigger == NULL)
            return false;
        records->list = bigger;
    }
    records->list[records->count++] = *record;
    return true;
}

enum ckpt_status records_init(struct records *records, struct ckpt_reader *reader)
{
    *records = (struct records){.reader = reader};
    struct ckpt_note note;
    for (size_t i = 0; ckpt_reader_note(reader, i, &note) == CKPT_OK; i++)
        if (!append(records, &(struct record){.note = note}))
            return CKPT_NO_MEMORY;
    records->note_count = records->count;
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
        if (!is_ours(record, kind))
            continue;
        if (record->message == NULL)
            *status = ckpt_reader_unpack(records->reader, &record->note, &record->message);
        ++*i;
        return record->message != NULL ? record : NULL;
    }
    return NULL;
}

/* 0 where its kind has no such field. */
static uint32_t process_of(const ProtobufCMessage *message)
{
    const ProtobufCFieldDescriptor *field = protobuf_c_message_descriptor_get_field_by_name(message->descriptor, "process");
    uint32_t process = 0;
    if (field != NULL && field->type == PROTOBUF_C_TYPE_UINT32)
        memcpy(&process, (const char *)message + field->offset, sizeof(process));
    return process;
}

struct record *records_of(struct records *records, Ckpt__Kind kind, uint32_t process, enum ckpt_status *status)
{
    struct record *record;
    for (size_t i = 0; (record = records_next(records, kind, &i, status)) != NULL;)
        if (process_of(record->message) == process)
            return record;
    return NULL;
}

void records_add(struct records *records, Ckpt__Kind kind, bool critical, void *message)
{
    struct record record = {.note = {.segment = CKPT_SEGMENT_HEAD, .name = CKPT_NOTE_NAME, .type = (uint32_t)kind, .critical = critical},
                            .message = message,
                            .changed = true};
    if (append(records, &record))
        return;
    fputs("ckptedit: out of memory\n", stderr);
    exit(1);
}

void record_replace(struct record *record, uint8_t *body, size_t length)
{
    free(record->packed);
    record->packed = body;
    record->packed_length = length;
    record->changed = true;
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
        if (!record->changed || record->dropped || record->message == NULL)
            continue;
        size_t length = protobuf_c_message_get_packed_size(record->message);
        uint8_t *body = malloc(length > 0 ? length : 1);
        if (body == NULL)
            return false;
        protobuf_c_message_pack(record->message, body);
        record_replace(record, body, length);
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

/* What was added and dropped again is passed over. */
bool records_append(void *context, size_t i, struct ckpt_note *note)
{
    struct records *records = context;
    if (i == 0)
        records->visited = records->note_count;
    while (records->visited < records->count && records->list[records->visited].dropped)
        records->visited++;
    if (records->visited == records->count)
        return false;
    const struct record *record = &records->list[records->visited++];
    *note = record->note;
    note->body = record->packed;
    note->length = record->packed_length;
    return true;
}

#include <inttypes.h>
#include <stdlib.h>
#include <string.h>

#include "schemas/files.pb-c.h"
#include "schemas/memory.pb-c.h"
#include "schemas/record.pb-c.h"
#include "verify_state.h"

/* The ids that records of a kind have given themselves, ascending. */
struct ids {
    uint32_t *list;
    size_t count;
};

struct check {
    struct verify *verify;
    struct ckpt_reader *reader;
    const struct ckpt_note *note; /* of the record that is looked at */
    struct ids files, open_files;
};

static int compare_ids(const void *a, const void *b)
{
    uint32_t x = *(const uint32_t *)a, y = *(const uint32_t *)b;
    return (x > y) - (x < y);
}

static bool has_id(const struct ids *ids, uint32_t id)
{
    return id == 0 || (ids->count > 0 && bsearch(&id, ids->list, ids->count, sizeof(id), compare_ids) != NULL);
}

static void collect_ids(struct check *c, uint32_t kind, struct ids *ids)
{
    struct ckpt_note note;
    size_t count = 0;
    for (size_t i = 0; ckpt_reader_find_record(c->reader, kind, &i, &note) == CKPT_OK; i++)
        count++;
    ids->list = malloc((count > 0 ? count : 1) * sizeof(*ids->list));
    for (size_t i = 0; ids->list != NULL && ckpt_reader_find_record(c->reader, kind, &i, &note) == CKPT_OK; i++) {
        ProtobufCMessage *message = ckpt_record_unpack(kind, note.body, note.length);
        if (message == NULL)
            continue;
        ids->list[ids->count++] = kind == CKPT__KIND__KIND_FILE ? ((Ckpt__File *)message)->id : ((Ckpt__OpenFile *)message)->id;
        protobuf_c_message_free_unpacked(message, NULL);
    }
    if (ids->list != NULL)
        qsort(ids->list, ids->count, sizeof(*ids->list), compare_ids);
    for (size_t i = 1; i < ids->count; i++)
        if (ids->list[i] == ids->list[i - 1])
            verify_record_fault(c->verify, error_set(&c->reader->error, CKPT_CORRUPT, "two %s records have the id %u", ckpt_record_kind_name(kind),
                                                     ids->list[i]), 0);
}

static void expect(void *context, uint32_t kind, uint32_t id)
{
    struct check *c = context;
    bool is_file = kind == CKPT__KIND__KIND_FILE;
    if (has_id(is_file ? &c->files : &c->open_files, id))
        return;
    verify_record_fault(c->verify,
                        error_set(&c->reader->error, CKPT_CORRUPT, "record %s at 0x%" PRIx64 ": %s %u is not in the image",
                                  ckpt_record_kind_name(c->note->type), c->note->offset, is_file ? "file" : "open file", id),
                        c->note->offset);
}

static void check_memory(struct check *c, const Ckpt__Memory *memory, const struct ckpt_note *note)
{
    uint64_t last = 0;
    for (size_t i = 0; i < memory->n_mappings; i++) {
        const Ckpt__Mapping *m = memory->mappings[i];
        if (m->start >= m->end || m->start < last || (m->start | m->end | m->offset) % CKPT_PAGE_SIZE != 0) {
            verify_record_fault(c->verify,
                                error_set(&c->reader->error, CKPT_CORRUPT,
                                          "record MEMORY at 0x%" PRIx64 ": mapping %" PRIx64 "-%" PRIx64 " is empty, not in order, or not whole pages",
                                          note->offset, m->start, m->end),
                                note->offset);
            return;
        }
        last = m->end;
    }
}

static void check_descriptors(struct check *c, const Ckpt__Descriptors *descriptors, const struct ckpt_note *note)
{
    for (size_t i = 0; i < descriptors->n_descriptors; i++) {
        const Ckpt__Descriptor *d = descriptors->descriptors[i];
        if (i > 0 && d->number <= descriptors->descriptors[i - 1]->number)
            verify_record_fault(c->verify,
                                error_set(&c->reader->error, CKPT_CORRUPT, "record DESCRIPTORS at 0x%" PRIx64 ": descriptor %u is not in order",
                                          note->offset, d->number),
                                note->offset);
    }
}

static void check_record(struct check *c, const ProtobufCMessage *message, const struct ckpt_note *note)
{
    if (note->type == CKPT__KIND__KIND_MEMORY)
        check_memory(c, (const Ckpt__Memory *)message, note);
    if (note->type == CKPT__KIND__KIND_DESCRIPTORS)
        check_descriptors(c, (const Ckpt__Descriptors *)message, note);
    c->note = note;
    ckpt_record_references(message, expect, c);
}

void verify_records(struct verify *verify, struct ckpt_reader *reader)
{
    struct check c = {.verify = verify, .reader = reader};
    collect_ids(&c, CKPT__KIND__KIND_FILE, &c.files);
    collect_ids(&c, CKPT__KIND__KIND_OPEN_FILE, &c.open_files);
    struct ckpt_note note;
    for (size_t i = 0; ckpt_reader_note(reader, i, &note) == CKPT_OK; i++) {
        ProtobufCMessage *message;
        if (strcmp(note.name, CKPT_NOTE_NAME) != 0 || ckpt_record_descriptor(note.type) == NULL)
            continue;
        enum ckpt_status status = ckpt_reader_unpack(reader, &note, &message);
        if (status != CKPT_OK) {
            verify_record_fault(verify, status, note.offset);
            continue;
        }
        check_record(&c, message, &note);
        protobuf_c_message_free_unpacked(message, NULL);
    }
    free(c.files.list);
    free(c.open_files.list);
}

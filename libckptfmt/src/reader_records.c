#include <inttypes.h>
#include <string.h>

#include "reader_state.h"

enum ckpt_status ckpt_reader_note(struct ckpt_reader *r, size_t i, struct ckpt_note *note)
{
    if (i >= r->note_count)
        return CKPT_END;
    *note = r->notes[i];
    return CKPT_OK;
}

enum ckpt_status ckpt_reader_find_record(struct ckpt_reader *r, uint32_t kind, size_t *i, struct ckpt_note *note)
{
    for (size_t n = *i; n < r->note_count; n++) {
        if (r->notes[n].type == kind && strcmp(r->notes[n].name, CKPT_NOTE_NAME) == 0) {
            *i = n;
            *note = r->notes[n];
            return CKPT_OK;
        }
    }
    return CKPT_END;
}

enum ckpt_status ckpt_reader_unpack(struct ckpt_reader *r, const struct ckpt_note *note, ProtobufCMessage **message)
{
    const char *name = ckpt_record_kind_name(note->type);
    if (name == NULL)
        return error_set(&r->error, CKPT_UNSUPPORTED, "record at 0x%" PRIx64 ": kind %u is not known to this library", note->offset, note->type);
    ProtobufCMessage *unpacked = ckpt_record_unpack(note->type, note->body, note->length);
    if (unpacked == NULL)
        return error_set(&r->error, CKPT_CORRUPT, "record %s at 0x%" PRIx64 ": it does not follow its schema", name, note->offset);
    *message = unpacked;
    return CKPT_OK;
}

enum ckpt_status ckpt_reader_resumable(struct ckpt_reader *r)
{
    uint64_t unknown = r->footer.facts.read_only_features & ~(CKPT_FEATURE_REDACTED | CKPT_FEATURE_SALVAGED);
    if (unknown != 0)
        return error_set(&r->error, CKPT_UNSUPPORTED,
                         "read-only feature bits 0x%" PRIx64 " are not known to this library: the image can be dumped and verified, not resumed "
                         "or edited",
                         unknown);
    for (size_t i = 0; i < r->note_count; i++) {
        const struct ckpt_note *note = &r->notes[i];
        if (note->critical && ckpt_record_descriptor(note->type) == NULL)
            return error_set(&r->error, CKPT_UNSUPPORTED, "record at 0x%" PRIx64 ": kind %u is critical and not known to this library",
                             note->offset, note->type);
    }
    return CKPT_OK;
}

#include <string.h>

#include <ckptfmt/record.h>

#include "schemas/record.pb-c.h"
#include "submessages.h"

/* Fields of every schema that have such a name are references: see schemas/README.md. */
static const struct {
    const char *field;
    uint32_t kind;
} names[] = {
    {"file", CKPT__KIND__KIND_FILE}, {"executable", CKPT__KIND__KIND_FILE},      {"cwd", CKPT__KIND__KIND_FILE},
    {"root", CKPT__KIND__KIND_FILE}, {"open_file", CKPT__KIND__KIND_OPEN_FILE},
};

static uint32_t kind_of(const ProtobufCFieldDescriptor *field)
{
    for (size_t i = 0; i < sizeof(names) / sizeof(names[0]) && field->type == PROTOBUF_C_TYPE_UINT32; i++)
        if (strcmp(field->name, names[i].field) == 0)
            return names[i].kind;
    return 0;
}

static void visit(const ProtobufCMessage *message, const ProtobufCFieldDescriptor *field, void (*each)(void *, uint32_t, uint32_t), void *context)
{
    for (size_t i = 0; i < submessage_count(message, field); i++) {
        const ProtobufCMessage *one = submessage(message, field, i);
        if (one != NULL)
            ckpt_record_references(one, each, context);
    }
}

void ckpt_record_references(const ProtobufCMessage *message, void (*each)(void *context, uint32_t kind, uint32_t id), void *context)
{
    for (unsigned i = 0; i < message->descriptor->n_fields; i++) {
        const ProtobufCFieldDescriptor *field = &message->descriptor->fields[i];
        uint32_t id, kind = field->label == PROTOBUF_C_LABEL_REPEATED ? 0 : kind_of(field);
        if (field->type == PROTOBUF_C_TYPE_MESSAGE) {
            visit(message, field, each, context);
        } else if (kind != 0) {
            memcpy(&id, (const char *)message + field->offset, sizeof(id));
            if (id != 0)
                each(context, kind, id);
        }
    }
}

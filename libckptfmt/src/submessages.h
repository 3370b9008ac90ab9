/* The messages that a field of a message holds. */
#ifndef CKPTFMT_SUBMESSAGES_H
#define CKPTFMT_SUBMESSAGES_H

#include <protobuf-c/protobuf-c.h>
#include <string.h>

static inline size_t submessage_count(const ProtobufCMessage *message, const ProtobufCFieldDescriptor *field)
{
    size_t count = 1;
    if (field->label == PROTOBUF_C_LABEL_REPEATED)
        memcpy(&count, (const char *)message + field->quantifier_offset, sizeof(count));
    return count;
}

/* NULL: not set. */
static inline const ProtobufCMessage *submessage(const ProtobufCMessage *message, const ProtobufCFieldDescriptor *field, size_t i)
{
    const void *member = (const char *)message + field->offset, *list = member;
    const ProtobufCMessage *one;
    if (field->label == PROTOBUF_C_LABEL_REPEATED)
        memcpy(&list, member, sizeof(list));
    memcpy(&one, (const char *)list + i * sizeof(one), sizeof(one));
    return one;
}

#endif

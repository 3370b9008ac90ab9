#include "ckptedit/message.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>

static void *allocate(void *old, size_t size)
{
    void *memory = realloc(old, size > 0 ? size : 1);
    if (memory == NULL) {
        fputs("ckptedit: out of memory\n", stderr);
        exit(1);
    }
    return memory;
}

void *message_create(const ProtobufCMessageDescriptor *descriptor)
{
    void *message = allocate(NULL, descriptor->sizeof_message);
    protobuf_c_message_init(descriptor, message);
    return message;
}

void *message_copy(const ProtobufCMessage *message)
{
    size_t length = protobuf_c_message_get_packed_size(message);
    uint8_t *packed = allocate(NULL, length);
    protobuf_c_message_pack(message, packed);
    void *copy = protobuf_c_message_unpack(message->descriptor, NULL, length, packed);
    free(packed);
    return copy;
}

void message_set_bytes(ProtobufCBinaryData *field, const void *bytes, size_t length)
{
    uint8_t *copy = length > 0 ? allocate(NULL, length) : NULL;
    if (length > 0)
        memcpy(copy, bytes, length);
    free(field->data);
    *field = (ProtobufCBinaryData){.len = length, .data = copy};
}

bool message_bytes_are(const ProtobufCBinaryData *field, const void *bytes, size_t length)
{
    return field->len == length && (length == 0 || memcmp(field->data, bytes, length) == 0);
}

/* The field is a pointer to pointers to some message: read and written as bytes, since its type is not ours to know. */
void message_insert(void *list, size_t *count, size_t at, void *message)
{
    void **elements;
    memcpy(&elements, list, sizeof(elements));
    elements = allocate(elements, (*count + 1) * sizeof(*elements));
    memmove(&elements[at + 1], &elements[at], (*count - at) * sizeof(*elements));
    elements[at] = message;
    ++*count;
    memcpy(list, &elements, sizeof(elements));
}

void message_remove(void *list, size_t *count, size_t at)
{
    void **elements;
    memcpy(&elements, list, sizeof(elements));
    protobuf_c_message_free_unpacked(elements[at], NULL);
    memmove(&elements[at], &elements[at + 1], (*count - at - 1) * sizeof(*elements));
    --*count;
}

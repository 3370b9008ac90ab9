/* Messages that edits make or change. Everything in them is malloc()ed, as protobuf-c's own are, so that both are freed alike. Running out of memory ends the program with a
 * sentence: nothing was written yet. */
#ifndef CKPTEDIT_MESSAGE_H
#define CKPTEDIT_MESSAGE_H

#include <protobuf-c/protobuf-c.h>
#include <stdbool.h>

/* A message with every field at its default. Owned by the caller: give it to a record or to another message. */
void *message_create(const ProtobufCMessageDescriptor *descriptor);
/* The same as another, unknown fields included. NULL where the other cannot be packed and read back. */
void *message_copy(const ProtobufCMessage *message);
void message_set_bytes(ProtobufCBinaryData *field, const void *bytes, size_t length);
bool message_bytes_are(const ProtobufCBinaryData *field, const void *bytes, size_t length);

/* Repeated fields: `list` is the address of the field (Ckpt__Descriptor ***). The message then belongs to it. */
void message_insert(void *list, size_t *count, size_t at, void *message);
/* Removes and frees. */
void message_remove(void *list, size_t *count, size_t at);

#endif

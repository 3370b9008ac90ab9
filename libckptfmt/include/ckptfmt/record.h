/* Records (our notes) and the debugger's notes, as they lie in the file. */
#ifndef CKPTFMT_RECORD_H
#define CKPTFMT_RECORD_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include <protobuf-c/protobuf-c.h>

#include <ckptfmt/status.h>

enum ckpt_segment {
    CKPT_SEGMENT_HEAD = 0,    /* PT_NOTE before the pages: everything a thaw needs to begin */
    CKPT_SEGMENT_PROCESS = 1, /* CKPT_PT_NOTE: register notes of processes other than the root */
    CKPT_SEGMENT_TAIL = 2,    /* PT_NOTE behind the index: what was known only after the pages were read */
};

/* A note. `name` and `body` are borrowed from the reader until it is destroyed. */
struct ckpt_note {
    enum ckpt_segment segment;
    const char *name;      /* "CORE", "LINUX", "CKPT"; NUL-terminated */
    uint32_t type;         /* NT_*, or for "CKPT" the kind without the critical bit */
    bool critical;         /* "CKPT" only */
    const uint8_t *body;
    size_t length;
    uint64_t offset;       /* of the note's header in the file */
};

CKPT_BEGIN_DECLS
/* The protobuf-c descriptor of a kind of record (schemas/record.proto), or NULL for a kind that this library does not know. */
CKPT_API const ProtobufCMessageDescriptor *ckpt_record_descriptor(uint32_t kind);
/* The kind's name, "IMAGE", or NULL. */
CKPT_API const char *ckpt_record_kind_name(uint32_t kind);
/* Unpacks a body. NULL where it is malformed, unknown, or memory ran out. Memory use is bounded by a small multiple of the
 * body's length. Free with protobuf_c_message_free_unpacked(message, NULL). */
CKPT_API ProtobufCMessage *ckpt_record_unpack(uint32_t kind, const void *body, size_t length);
/* Calls `each` for every reference of a record to another, wherever in the message it stands: the kind of what it refers to (FILE or OPEN_FILE) and its id. */
CKPT_API void ckpt_record_references(const ProtobufCMessage *message, void (*each)(void *context, uint32_t kind, uint32_t id), void *context);
CKPT_END_DECLS

#endif

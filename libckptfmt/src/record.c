#include <stdlib.h>
#include <string.h>

#include <ckptfmt/record.h>

#include "schemas/credentials.pb-c.h"
#include "schemas/epoll.pb-c.h"
#include "schemas/eventfd.pb-c.h"
#include "schemas/files.pb-c.h"
#include "schemas/image.pb-c.h"
#include "schemas/inotify.pb-c.h"
#include "schemas/limits.pb-c.h"
#include "schemas/memory.pb-c.h"
#include "schemas/pipes.pb-c.h"
#include "schemas/process.pb-c.h"
#include "schemas/record.pb-c.h"
#include "schemas/signalfd.pb-c.h"
#include "schemas/signals.pb-c.h"
#include "schemas/sockets.pb-c.h"
#include "schemas/threads.pb-c.h"
#include "schemas/timerfd.pb-c.h"
#include "schemas/timers.pb-c.h"
#include "submessages.h"

static const ProtobufCMessageDescriptor *const descriptors[] = {
    [CKPT__KIND__KIND_IMAGE] = &ckpt__image__descriptor,
    [CKPT__KIND__KIND_PROCESS] = &ckpt__process__descriptor,
    [CKPT__KIND__KIND_MEMORY] = &ckpt__memory__descriptor,
    [CKPT__KIND__KIND_THREAD] = &ckpt__thread__descriptor,
    [CKPT__KIND__KIND_FILE] = &ckpt__file__descriptor,
    [CKPT__KIND__KIND_OPEN_FILE] = &ckpt__open_file__descriptor,
    [CKPT__KIND__KIND_DESCRIPTORS] = &ckpt__descriptors__descriptor,
    [CKPT__KIND__KIND_SIGNAL_ACTIONS] = &ckpt__signal_actions__descriptor,
    [CKPT__KIND__KIND_PENDING_SIGNALS] = &ckpt__pending_signals__descriptor,
    [CKPT__KIND__KIND_TIMERS] = &ckpt__timers__descriptor,
    [CKPT__KIND__KIND_LIMITS] = &ckpt__limits__descriptor,
    [CKPT__KIND__KIND_CREDENTIALS] = &ckpt__credentials__descriptor,
    [CKPT__KIND__KIND_TID_WORDS] = &ckpt__tid_words__descriptor,
    [CKPT__KIND__KIND_REDACTION] = &ckpt__redaction__descriptor,
    [CKPT__KIND__KIND_MISSING] = &ckpt__missing__descriptor,
    [CKPT__KIND__KIND_PIPE] = &ckpt__pipe__descriptor,
    [CKPT__KIND__KIND_EVENTFD] = &ckpt__eventfd__descriptor,
    [CKPT__KIND__KIND_TIMERFD] = &ckpt__timerfd__descriptor,
    [CKPT__KIND__KIND_SIGNALFD] = &ckpt__signalfd__descriptor,
    [CKPT__KIND__KIND_EPOLL] = &ckpt__epoll__descriptor,
    [CKPT__KIND__KIND_INOTIFY] = &ckpt__inotify__descriptor,
    [CKPT__KIND__KIND_SOCKET] = &ckpt__socket__descriptor,
};

const ProtobufCMessageDescriptor *ckpt_record_descriptor(uint32_t kind)
{
    return kind < sizeof(descriptors) / sizeof(descriptors[0]) ? descriptors[kind] : NULL;
}

const char *ckpt_record_kind_name(uint32_t kind)
{
    enum { PREFIX = sizeof("KIND_") - 1 };
    const ProtobufCEnumValue *value = protobuf_c_enum_descriptor_get_value(&ckpt__kind__descriptor, (int)kind);
    return value != NULL && kind != 0 ? value->name + PREFIX : NULL;
}

/* Two bytes of wire format can ask for a whole submessage, some 200 bytes: what a body may cost is bounded. */
enum { COST_PER_BYTE = 128, COST_BASE = 65536 };

struct budget {
    size_t left;
};

static void *budget_alloc(void *data, size_t size)
{
    struct budget *budget = data;
    if (size > budget->left)
        return NULL;
    budget->left -= size;
    return malloc(size);
}

static void budget_free(void *data, void *pointer)
{
    (void)data;
    free(pointer);
}

static bool has_field_zero(const ProtobufCMessage *message);

static bool field_has_field_zero(const ProtobufCMessage *message, const ProtobufCFieldDescriptor *field)
{
    for (size_t i = 0; i < submessage_count(message, field); i++) {
        const ProtobufCMessage *one = submessage(message, field, i);
        if (one != NULL && has_field_zero(one))
            return true;
    }
    return false;
}

/* No field has the number 0. protobuf-c refuses it in one byte, but keeps it where it was written in two, and then does not read what it packs. */
static bool has_field_zero(const ProtobufCMessage *message)
{
    for (unsigned i = 0; i < message->n_unknown_fields; i++)
        if (message->unknown_fields[i].tag == 0)
            return true;
    for (unsigned i = 0; i < message->descriptor->n_fields; i++)
        if (message->descriptor->fields[i].type == PROTOBUF_C_TYPE_MESSAGE && field_has_field_zero(message, &message->descriptor->fields[i]))
            return true;
    return false;
}

ProtobufCMessage *ckpt_record_unpack(uint32_t kind, const void *body, size_t length)
{
    const ProtobufCMessageDescriptor *descriptor = ckpt_record_descriptor(kind);
    if (descriptor == NULL || length > SIZE_MAX / COST_PER_BYTE - COST_BASE)
        return NULL;
    struct budget budget = {length * COST_PER_BYTE + COST_BASE};
    ProtobufCAllocator allocator = {.alloc = budget_alloc, .free = budget_free, .allocator_data = &budget};
    ProtobufCMessage *message = protobuf_c_message_unpack(descriptor, &allocator, length, body);
    if (message == NULL || !has_field_zero(message))
        return message;
    protobuf_c_message_free_unpacked(message, NULL);
    return NULL;
}

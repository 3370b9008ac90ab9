#include "tests/fuzz/mutate_message.h"

#include <stdbool.h>
#include <string.h>

enum { VARINT = 0, FIXED64 = 1, LENGTH = 2, FIXED32 = 5, VARINT_MAX = 10, ROOM = 4096, DEPTH = 8 };

/* A field as it lies in the message. */
struct field {
    size_t start, payload, end; /* payload: behind tag and length */
    uint32_t number;
    unsigned wire;
};

unsigned roll(struct dice *dice, unsigned sides)
{
    dice->state = dice->state * 1103515245u + 12345u;
    return (dice->state >> 8) % (sides > 0 ? sides : 1);
}

/* How many bytes; 0 where it does not end. */
static size_t get_varint(const uint8_t *at, size_t left, uint64_t *value)
{
    *value = 0;
    for (size_t i = 0; i < left && i < VARINT_MAX; i++) {
        *value |= (uint64_t)(at[i] & 0x7f) << (7 * i);
        if ((at[i] & 0x80) == 0)
            return i + 1;
    }
    return 0;
}

static size_t put_varint(uint8_t *at, uint64_t value)
{
    size_t n = 0;
    for (; value >= 0x80; value >>= 7)
        at[n++] = (uint8_t)(value | 0x80);
    at[n++] = (uint8_t)value;
    return n;
}

static bool next_field(const uint8_t *body, size_t size, size_t at, struct field *field)
{
    uint64_t tag, length = 0;
    size_t n = get_varint(body + at, size - at, &tag), more = 0;
    *field = (struct field){.start = at, .payload = at + n, .number = (uint32_t)(tag >> 3), .wire = (unsigned)(tag & 7)};
    if (n == 0)
        return false;
    switch (field->wire) {
    case VARINT: length = get_varint(body + field->payload, size - field->payload, &tag); break;
    case FIXED64: length = 8; break;
    case FIXED32: length = 4; break;
    case LENGTH:
        more = get_varint(body + field->payload, size - field->payload, &length);
        field->payload += more;
        if (more == 0)
            return false;
        break;
    default: return false;
    }
    field->end = field->payload + length;
    return length <= size - field->payload && field->end > at;
}

/* Any field, each as likely as the others. */
static bool pick_field(struct dice *dice, const uint8_t *body, size_t size, struct field *picked)
{
    unsigned count = 0;
    struct field field;
    for (size_t at = 0; at < size && next_field(body, size, at, &field); at = field.end)
        if (roll(dice, ++count) == 0)
            *picked = field;
    return count > 0;
}

/* Puts `length` bytes in the place of body[from, to). Unchanged where there is no room. */
static size_t splice(uint8_t *body, size_t size, size_t room, size_t from, size_t to, const uint8_t *bytes, size_t length)
{
    if (size - (to - from) + length > room)
        return size;
    memmove(body + from + length, body + to, size - to);
    if (length > 0)
        memcpy(body + from, bytes, length);
    return size - (to - from) + length;
}

static uint64_t number(struct dice *dice)
{
    static const uint64_t list[] = {0, 1, 2, 3, 4, 7, 8, 9, 15, 31, 32, 63, 64, 65, 127, 128, 255, 256, 4095, 4096, 65535, 65536, 0x10000, 0x11000, 0x12000, 0x7fffffff, 0x80000000,
                                    0xffffffff, 1ull << 32, 0x7ffffffff000, 1ull << 47, 1ull << 62, 1ull << 63, UINT64_MAX - 4095, UINT64_MAX - 1, UINT64_MAX};
    return roll(dice, 4) == 0 ? (uint64_t)roll(dice, 1u << 24) << roll(dice, 41) : list[roll(dice, sizeof(list) / sizeof(list[0]))];
}

/* Names that a terminal, a shell or a JSON reader would stumble over. */
static size_t text(struct dice *dice, uint8_t *out)
{
    static const char *const list[] = {"", "a", "/", "..", "/tmp/x", "\x1b[31mred", "a\nb", "\x7f\b\r", "\"\\'$(id)`", "\xc3\xa4\xe2\x82\xac", "\xff\xfe", "\xed\xa0\x80", "\xf4\x90\x80\x80",
                                       "\xc2\x9b", "\xe2\x80\xae rtl", "[stack]", "[anon:x]", "[vdso]", "socket:[1]", "pipe:[2]", "anon_inode:[eventfd]", "memfd:x", " (deleted)", "%s%n", "-"};
    const char *word = list[roll(dice, sizeof(list) / sizeof(list[0]))];
    size_t length = strlen(word), times = roll(dice, 8) == 0 ? 1 + roll(dice, 40) : 1, size = 0;
    for (; times > 0; times--, size += length)
        memcpy(out + size, word, length);
    if (roll(dice, 8) == 0)
        out[size++] = 0;
    return size;
}

static size_t make_value(struct dice *dice, const ProtobufCFieldDescriptor *field, uint8_t *out)
{
    uint8_t inner[ROOM / 4];
    size_t length = 0, n;
    switch (field->type) {
    case PROTOBUF_C_TYPE_MESSAGE:
        for (unsigned i = roll(dice, 4); i > 0; i--)
            length = mutate_message(dice, field->descriptor, inner, length, 100);
        break;
    case PROTOBUF_C_TYPE_STRING:
    case PROTOBUF_C_TYPE_BYTES:
        length = text(dice, inner);
        break;
    default:
        n = put_varint(out, (uint64_t)field->id << 3 | VARINT);
        return n + put_varint(out + n, number(dice));
    }
    n = put_varint(out, (uint64_t)field->id << 3 | LENGTH);
    n += put_varint(out + n, length);
    memcpy(out + n, inner, length);
    return n + length;
}

static size_t add_field(struct dice *dice, const ProtobufCMessageDescriptor *descriptor, uint8_t *body, size_t size, size_t room)
{
    uint8_t made[ROOM / 2];
    struct field before = {0};
    if (descriptor->n_fields == 0)
        return size;
    size_t length = make_value(dice, &descriptor->fields[roll(dice, descriptor->n_fields)], made);
    size_t at = pick_field(dice, body, size, &before) && roll(dice, 2) ? before.start : size;
    return splice(body, size, room, at, at, made, length);
}

/* What is inside of a field with a length: a message's fields, or bytes. */
static size_t change_inside(struct dice *dice, const ProtobufCFieldDescriptor *known, uint8_t *body, size_t size, size_t room, const struct field *field)
{
    uint8_t copy[ROOM], head[2 * VARINT_MAX];
    size_t length = field->end - field->payload;
    if (length > sizeof(copy) / 2)
        return size;
    memcpy(copy, body + field->payload, length);
    if (known != NULL && known->type == PROTOBUF_C_TYPE_MESSAGE)
        length = mutate_message(dice, known->descriptor, copy, length, sizeof(copy) / 2);
    else if (roll(dice, 2))
        length = text(dice, copy);
    else
        length = LLVMFuzzerMutate(copy, length, sizeof(copy) / 2);
    size_t n = put_varint(head, (uint64_t)field->number << 3 | LENGTH);
    n += put_varint(head + n, length);
    memmove(copy + n, copy, length);
    memcpy(copy, head, n);
    return splice(body, size, room, field->start, field->end, copy, n + length);
}

static size_t change_field(struct dice *dice, const ProtobufCMessageDescriptor *descriptor, uint8_t *body, size_t size, size_t room, const struct field *field)
{
    const ProtobufCFieldDescriptor *known = protobuf_c_message_descriptor_get_field(descriptor, field->number);
    uint8_t value[VARINT_MAX];
    if (field->wire == LENGTH)
        return change_inside(dice, known, body, size, room, field);
    if (field->wire != VARINT) {
        LLVMFuzzerMutate(body + field->payload, field->end - field->payload, field->end - field->payload);
        return size;
    }
    uint64_t now;
    get_varint(body + field->payload, field->end - field->payload, &now);
    size_t n = put_varint(value, roll(dice, 3) == 0 ? now + roll(dice, 3) - 1 : roll(dice, 3) == 0 ? now ^ 1ull << roll(dice, 64) : number(dice));
    return splice(body, size, room, field->payload, field->end, value, n);
}

size_t mutate_message(struct dice *dice, const ProtobufCMessageDescriptor *descriptor, uint8_t *body, size_t size, size_t room)
{
    struct field field, other;
    uint8_t copy[ROOM];
    unsigned action = roll(dice, 12);
    if (action == 0 && size <= sizeof(copy) && room <= sizeof(copy)) /* without regard to its shape */
        return LLVMFuzzerMutate(body, size, room);
    if (action < 4 || !pick_field(dice, body, size, &field))
        return add_field(dice, descriptor, body, size, room);
    if (action == 4)
        return splice(body, size, room, field.start, field.end, NULL, 0);
    if (action < 7 && field.end - field.start <= sizeof(copy)) { /* once more, or before another */
        memcpy(copy, body + field.start, field.end - field.start);
        size_t at = pick_field(dice, body, size, &other) ? other.start : size;
        return splice(body, size, room, at, at, copy, field.end - field.start);
    }
    return change_field(dice, descriptor, body, size, room, &field);
}

/* Mutations of the inputs of the target `record`: whole notes, or one field of one record. */
#include <string.h>

#include <ckptfmt/ckptfmt.h>

#include "tests/fuzz/items.h"
#include "tests/fuzz/mutate_message.h"

enum { BODY_MAX = 2048 };

static bool pick(struct dice *dice, const uint8_t *data, size_t size, struct item *picked)
{
    unsigned count = 0;
    struct item item;
    for (size_t at = 0; item_at(data, size, at, &item); at = item.end)
        if (roll(dice, ++count) == 0)
            *picked = item;
    return count > 0;
}

static size_t replace(uint8_t *data, size_t size, size_t max_size, size_t from, size_t to, uint8_t tag, const uint8_t *body, size_t length)
{
    size_t now = size - (to - from) + ITEM_HEADER + length;
    if (now > max_size)
        return size;
    memmove(data + from + ITEM_HEADER + length, data + to, size - to);
    data[from] = tag;
    data[from + 1] = (uint8_t)length;
    data[from + 2] = (uint8_t)(length >> 8);
    memcpy(data + from + ITEM_HEADER, body, length);
    return now;
}

static size_t change(struct dice *dice, uint8_t *data, size_t size, size_t max_size, const struct item *item)
{
    uint8_t body[BODY_MAX];
    size_t length = item->length < sizeof(body) ? item->length : sizeof(body);
    const ProtobufCMessageDescriptor *descriptor = item->tag < ITEM_CORE ? ckpt_record_descriptor(item->tag % ITEM_TAIL % ITEM_KINDS) : NULL;
    memcpy(body, item->body, length);
    for (unsigned times = 1 + roll(dice, 3); times > 0; times--)
        length = descriptor != NULL ? mutate_message(dice, descriptor, body, length, sizeof(body)) : LLVMFuzzerMutate(body, length, sizeof(body));
    return replace(data, size, max_size, item->start, item->end, item->tag, body, length);
}

static size_t add(struct dice *dice, uint8_t *data, size_t size, size_t max_size, size_t at)
{
    uint8_t body[BODY_MAX], tag = (uint8_t)(1 + roll(dice, ITEM_KINDS - 1));
    const ProtobufCMessageDescriptor *descriptor = ckpt_record_descriptor(tag);
    size_t length = 0;
    for (unsigned times = 1 + roll(dice, 6); descriptor != NULL && times > 0; times--)
        length = mutate_message(dice, descriptor, body, length, sizeof(body));
    return replace(data, size, max_size, at, at, tag | (roll(dice, 8) == 0 ? ITEM_TAIL : 0), body, length);
}

size_t LLVMFuzzerCustomMutator(uint8_t *data, size_t size, size_t max_size, unsigned seed)
{
    struct dice dice = {seed};
    struct item item, other;
    uint8_t body[BODY_MAX];
    unsigned action = roll(&dice, 16);
    if (action == 0)
        return LLVMFuzzerMutate(data, size, max_size);
    if (!pick(&dice, data, size, &item))
        return add(&dice, data, 0, max_size, 0);
    switch (action) {
    case 1:
        return add(&dice, data, size, max_size, item.start);
    case 2:
        memmove(data + item.start, data + item.end, size - item.end);
        return size > item.end - item.start ? size - (item.end - item.start) : size;
    case 3: /* once more, elsewhere */
        if (item.length > sizeof(body) || !pick(&dice, data, size, &other))
            return size;
        memcpy(body, item.body, item.length);
        return replace(data, size, max_size, other.start, other.start, item.tag, body, item.length);
    case 4:
        data[item.start] = (uint8_t)(roll(&dice, 4) == 0 ? ITEM_CORE + roll(&dice, 8) : roll(&dice, ITEM_TAIL + ITEM_KINDS));
        return size;
    default:
        return change(&dice, data, size, max_size, &item);
    }
}

/* libFuzzer's mutations of an image would end at its digests. This one changes one part, of which it knows the shape, and makes the digests fit. */
#include <stdlib.h>
#include <string.h>

#include "tests/fuzz/fuzz.h"
#include "tests/fuzz/mutate_message.h"
#include "tests/fuzz/parts.h"

enum { EHDR_SIZE = 64, PHDR_SIZE = 56, PHDR_OFFSET = 8, PHDR_FILE_SIZE = 32, NOTE_HEADER = 12, ROOM = 512, FEW = 4 };

static uint64_t interesting(struct dice *dice, const struct parts *p)
{
    const uint64_t list[] = {0, 1, 2, 3, 4095, 4096, 4097, 65535, 65536, 0x7fffffff, 0xffffffff, 1ull << 32, 1ull << 63, UINT64_MAX, UINT64_MAX - 4095, p->size,
                             p->head_size, p->pages_end, p->index_offset, p->tail_offset, p->index_count, p->pages_end - 4096, p->head_size + 72};
    return list[roll(dice, sizeof(list) / sizeof(list[0]))];
}

static void change_number(struct dice *dice, const struct parts *p, uint8_t *at, size_t size)
{
    switch (size > 8 ? 3 : roll(dice, 4)) {
    case 0:
        parts_put(at, size, interesting(dice, p));
        break;
    case 1:
        parts_put(at, size, parts_get(at, size) + roll(dice, 3) - 1);
        break;
    case 2:
        parts_put(at, size, parts_get(at, size) + ((uint64_t)roll(dice, 9) - 4) * CKPT_PAGE_SIZE);
        break;
    default:
        LLVMFuzzerMutate(at, size, size);
    }
}

static void change_entry(struct dice *dice, struct parts *p)
{
    static const uint8_t places[] = {0, 4, 6, 8, 16, 24, 32, 40, 48}, sizes[] = {4, 2, 2, 8, 8, 8, 8, 8, 16};
    if (p->index_count == 0)
        return;
    uint8_t *entry = p->bytes + p->index_offset + roll(dice, (unsigned)p->index_count) * CKPT_INDEX_ENTRY_SIZE;
    const uint8_t *other = p->bytes + p->index_offset + roll(dice, (unsigned)p->index_count) * CKPT_INDEX_ENTRY_SIZE;
    unsigned field = roll(dice, sizeof(places));
    if (roll(dice, 4) == 0)
        memmove(entry + places[field], other + places[field], sizes[field]);
    else
        change_number(dice, p, entry + places[field], sizes[field]);
}

static void change_footer(struct dice *dice, struct parts *p)
{
    static const uint8_t places[] = {8, 10, 12, 16, 24, 32, 56, 60, 64, 68, 72, 80, 88, 96, 104, 112}, sizes[] = {2, 2, 4, 8, 8, 8, 4, 4, 4, 4, 8, 8, 8, 8, 8, 8};
    unsigned field = roll(dice, sizeof(places));
    change_number(dice, p, p->bytes + p->size - CKPT_FOOTER_SIZE + places[field], sizes[field]);
}

static void change_header(struct dice *dice, struct parts *p)
{
    size_t count = parts_get(p->bytes + 56, 2), at = 16 + 2 * roll(dice, 24);
    if (roll(dice, 3) > 0 && count > 0 && count < 1000)
        at = EHDR_SIZE + PHDR_SIZE * roll(dice, (unsigned)count) + 8 * roll(dice, PHDR_SIZE / 8);
    if (at + 8 <= p->head_size)
        change_number(dice, p, p->bytes + at, 8);
}

static void change_pages(struct dice *dice, struct parts *p)
{
    size_t length = p->pages_end - p->head_size;
    if (length == 0)
        return;
    size_t at = roll(dice, (unsigned)length), left = length - at, count = 1 + roll(dice, 100);
    LLVMFuzzerMutate(p->bytes + p->head_size + at, left < count ? left : count, left < count ? left : count);
}

static size_t padded(size_t n)
{
    return (n + 3) & ~(size_t)3;
}

/* The n-th note of an area, counted round; 0 where there is none. */
static size_t pick_note(struct dice *dice, const uint8_t *area, size_t length, size_t *whole)
{
    size_t found = 0, picked = SIZE_MAX;
    for (size_t at = 0; at + NOTE_HEADER <= length;) {
        size_t size = NOTE_HEADER + padded(parts_get(area + at, 4)) + padded(parts_get(area + at + 4, 4));
        if (size > length - at)
            break;
        if (roll(dice, (unsigned)++found) == 0) {
            picked = at;
            *whole = size;
        }
        at += size;
    }
    return picked;
}

/* Makes something else of a note in `area`; returns the new length, at most `room`. */
static size_t change_note(struct dice *dice, uint8_t *area, size_t length, size_t room)
{
    size_t whole = 0, at = pick_note(dice, area, length, &whole);
    if (at == SIZE_MAX)
        return length;
    size_t body = at + NOTE_HEADER + padded(parts_get(area + at, 4)), rest = length - (at + whole), old = parts_get(area + at + 4, 4);
    uint8_t copy[ROOM * 2];
    unsigned action = roll(dice, 8);
    if (action == 0 && length + whole <= room) { /* twice */
        memmove(area + at + whole, area + at, length - at);
        return length + whole;
    }
    if (action == 1) { /* gone */
        memmove(area + at, area + at + whole, rest);
        return length - whole;
    }
    if (action == 2) { /* of another kind */
        parts_put(area + at + 8, 4, roll(dice, 20) | (roll(dice, 2) ? CKPT_RECORD_CRITICAL : 0));
        return length;
    }
    if (old > ROOM)
        return length;
    memcpy(copy, area + body, old);
    const ProtobufCMessageDescriptor *descriptor = ckpt_record_descriptor(parts_get(area + at + 8, 4) & ~CKPT_RECORD_CRITICAL);
    bool ours = descriptor != NULL && memcmp(area + at + NOTE_HEADER, CKPT_NOTE_NAME, sizeof(CKPT_NOTE_NAME)) == 0;
    size_t now = ours ? mutate_message(dice, descriptor, copy, old, sizeof(copy)) : LLVMFuzzerMutate(copy, old, sizeof(copy)), grown = body + padded(now) + rest;
    if (grown > room)
        return length;
    memmove(area + body + padded(now), area + at + whole, rest);
    memcpy(area + body, copy, now);
    memset(area + body + now, 0, padded(now) - now);
    parts_put(area + at + 4, 4, now);
    return grown;
}

/* The head's notes may grow into its padding, not beyond. */
static void change_head_notes(struct dice *dice, struct parts *p)
{
    size_t at = parts_get(p->bytes + EHDR_SIZE + PHDR_OFFSET, 8), length = parts_get(p->bytes + EHDR_SIZE + PHDR_FILE_SIZE, 8);
    if (at > p->head_size || length > p->head_size - at)
        return;
    size_t now = change_note(dice, p->bytes + at, length, p->head_size - at);
    if (now < length)
        memset(p->bytes + at + now, 0, length - now);
    parts_put(p->bytes + EHDR_SIZE + PHDR_FILE_SIZE, 8, now);
}

static void change_tail(struct dice *dice, struct parts *p, size_t max_size)
{
    uint8_t footer[CKPT_FOOTER_SIZE];
    size_t room = max_size - CKPT_FOOTER_SIZE - p->tail_offset;
    memcpy(footer, p->bytes + p->size - CKPT_FOOTER_SIZE, sizeof(footer));
    p->tail_size = change_note(dice, p->bytes + p->tail_offset, p->tail_size, room);
    p->size = p->tail_offset + p->tail_size + sizeof(footer);
    memcpy(p->bytes + p->size - sizeof(footer), footer, sizeof(footer));
}

/* One entry less, or the last one twice: the tail and the footer move. */
static void change_count(struct dice *dice, struct parts *p, size_t max_size)
{
    bool more = roll(dice, 2) == 0;
    if (p->index_count == 0 || (more && p->size + CKPT_INDEX_ENTRY_SIZE > max_size))
        return;
    size_t rest = p->size - p->tail_offset;
    if (more) {
        memmove(p->bytes + p->tail_offset + CKPT_INDEX_ENTRY_SIZE, p->bytes + p->tail_offset, rest);
        memcpy(p->bytes + p->tail_offset, p->bytes + p->tail_offset - CKPT_INDEX_ENTRY_SIZE, CKPT_INDEX_ENTRY_SIZE);
    } else {
        memmove(p->bytes + p->tail_offset - CKPT_INDEX_ENTRY_SIZE, p->bytes + p->tail_offset, rest);
    }
    size_t by = more ? CKPT_INDEX_ENTRY_SIZE : (size_t)-CKPT_INDEX_ENTRY_SIZE;
    p->index_count += more ? 1 : (size_t)-1;
    p->tail_offset += by;
    p->size += by;
    parts_put(p->bytes + p->size - CKPT_FOOTER_SIZE + 96, 8, p->index_count);
    parts_put(p->bytes + p->size - CKPT_FOOTER_SIZE + 104, 8, p->tail_offset);
}

/* Every parent becomes the one that there is. */
static void put_parent(struct parts *p)
{
    uint8_t id[CKPT_ID_SIZE];
    fuzz_parent_id(id);
    for (size_t at = EHDR_SIZE; at + 2 + CKPT_ID_SIZE <= p->head_size; at++)
        if (p->bytes[at] == 0x0a && p->bytes[at + 1] == CKPT_ID_SIZE)
            memcpy(p->bytes + at + 2, id, CKPT_ID_SIZE);
}

size_t LLVMFuzzerCustomMutator(uint8_t *data, size_t size, size_t max_size, unsigned seed)
{
    struct dice dice = {seed};
    struct parts p;
    if (roll(&dice, 16) == 0 || !parts_find(&p, data, size))
        return LLVMFuzzerMutate(data, size, max_size);
    for (unsigned times = 1 + roll(&dice, FEW); times > 0; times--) {
        switch (roll(&dice, 9)) {
        case 0: change_entry(&dice, &p); break;
        case 1: change_footer(&dice, &p); break;
        case 2: change_header(&dice, &p); break;
        case 3: change_pages(&dice, &p); break;
        case 4: change_tail(&dice, &p, max_size); break;
        case 5: change_count(&dice, &p, max_size); break;
        case 6: put_parent(&p); break;
        default: change_head_notes(&dice, &p); break;
        }
    }
    static const unsigned fixes[] = {7, 7, 7, 7, 4, 5, 6, 3};
    parts_fix(&p, fixes[roll(&dice, sizeof(fixes) / sizeof(fixes[0]))]);
    return p.size;
}

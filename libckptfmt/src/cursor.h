/* The only place that touches raw bytes: little-endian, bounds-checked. A cursor that has run past its end stays failed, reads zeros and
 * writes nothing, so that a whole structure is decoded first and `failed` looked at once. */
#ifndef CKPTFMT_CURSOR_H
#define CKPTFMT_CURSOR_H

#include <endian.h>
#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>
#include <string.h>

struct cursor {
    uint8_t *bytes;
    size_t length, position;
    bool failed;
};

static inline struct cursor cursor_over(const void *bytes, size_t length)
{
    return (struct cursor){(uint8_t *)(uintptr_t)bytes, length, 0, false};
}

static inline uint8_t *cursor_take(struct cursor *c, size_t count)
{
    if (c->failed || c->length - c->position < count) {
        c->failed = true;
        return NULL;
    }
    uint8_t *at = c->bytes + c->position;
    c->position += count;
    return at;
}

static inline uint64_t cursor_get(struct cursor *c, size_t size)
{
    const uint8_t *at = cursor_take(c, size);
    uint64_t value = 0;
    if (at != NULL)
        memcpy(&value, at, size);
    return le64toh(value);
}

static inline uint8_t cursor_u8(struct cursor *c) { return (uint8_t)cursor_get(c, 1); }
static inline uint16_t cursor_u16(struct cursor *c) { return (uint16_t)cursor_get(c, 2); }
static inline uint32_t cursor_u32(struct cursor *c) { return (uint32_t)cursor_get(c, 4); }
static inline uint64_t cursor_u64(struct cursor *c) { return cursor_get(c, 8); }

static inline void cursor_bytes(struct cursor *c, void *out, size_t count)
{
    const uint8_t *at = cursor_take(c, count);
    if (at != NULL)
        memcpy(out, at, count);
    else
        memset(out, 0, count);
}

/* Whether the next `count` bytes are all zero. */
static inline bool cursor_zeros(struct cursor *c, size_t count)
{
    const uint8_t *at = cursor_take(c, count);
    for (size_t i = 0; at != NULL && i < count; i++)
        if (at[i] != 0)
            return false;
    return at != NULL;
}

static inline void cursor_put(struct cursor *c, uint64_t value, size_t size)
{
    uint8_t *at = cursor_take(c, size);
    for (size_t i = 0; at != NULL && i < size; i++)
        at[i] = (uint8_t)(value >> (8 * i));
}

static inline void cursor_put_bytes(struct cursor *c, const void *bytes, size_t count)
{
    uint8_t *at = cursor_take(c, count);
    if (at != NULL && count > 0)
        memcpy(at, bytes, count);
}

static inline void cursor_put_zeros(struct cursor *c, size_t count)
{
    uint8_t *at = cursor_take(c, count);
    if (at != NULL)
        memset(at, 0, count);
}

#endif

#include "notes.h"

#include <inttypes.h>
#include <stdlib.h>
#include <string.h>

#include <ckptfmt/format.h>

#include "cursor.h"

static size_t padded(size_t length)
{
    return (length + NOTE_ALIGNMENT - 1) & ~(size_t)(NOTE_ALIGNMENT - 1);
}

bool note_append(struct note_area *area, const char *name, uint32_t type, const void *body, size_t length)
{
    size_t name_size = strlen(name) + 1;
    if (length > UINT32_MAX - NOTE_ALIGNMENT)
        return false;
    size_t size = NOTE_HEADER_SIZE + padded(name_size) + padded(length);
    if (area->room - area->length < size) {
        size_t room = area->room * 2 > area->length + size ? area->room * 2 : area->length + size;
        uint8_t *bytes = realloc(area->bytes, room);
        if (bytes == NULL)
            return false;
        area->bytes = bytes;
        area->room = room;
    }
    struct cursor c = cursor_over(area->bytes + area->length, size);
    cursor_put(&c, name_size, 4);
    cursor_put(&c, length, 4);
    cursor_put(&c, type, 4);
    cursor_put_bytes(&c, name, name_size);
    cursor_put_zeros(&c, padded(name_size) - name_size);
    cursor_put_bytes(&c, body, length);
    cursor_put_zeros(&c, padded(length) - length);
    area->length += size;
    return true;
}

void note_area_deinit(struct note_area *area)
{
    free(area->bytes);
    *area = (struct note_area){0};
}

enum ckpt_status note_decode(const uint8_t *bytes, size_t length, uint64_t offset, size_t *position, struct ckpt_note *note, struct error *error)
{
    if (*position == length)
        return CKPT_END;
    size_t start = *position;
    struct cursor c = cursor_over(bytes + start, length - start);
    uint32_t name_size = cursor_u32(&c), body_size = cursor_u32(&c), type = cursor_u32(&c);
    const uint8_t *name = cursor_take(&c, name_size);
    bool clean = cursor_zeros(&c, padded(name_size) - name_size);
    const uint8_t *body = cursor_take(&c, body_size);
    clean = cursor_zeros(&c, padded(body_size) - body_size) && clean;
    if (c.failed)
        return error_set(error, CKPT_CORRUPT, "note at 0x%" PRIx64 ": its sizes reach beyond its segment", offset + start);
    if (name_size == 0 || name[name_size - 1] != 0 || memchr(name, 0, name_size) != name + name_size - 1)
        return error_set(error, CKPT_CORRUPT, "note at 0x%" PRIx64 ": its name does not end in one NUL", offset + start);
    if (!clean)
        return error_set(error, CKPT_CORRUPT, "note at 0x%" PRIx64 ": its padding is not zero", offset + start);
    bool ours = strcmp((const char *)name, CKPT_NOTE_NAME) == 0;
    note->name = (const char *)name;
    note->type = ours ? type & ~CKPT_RECORD_CRITICAL : type;
    note->critical = ours && (type & CKPT_RECORD_CRITICAL) != 0;
    note->body = body;
    note->length = body_size;
    note->offset = offset + start;
    *position = start + c.position;
    return CKPT_OK;
}

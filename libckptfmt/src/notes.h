/* ELF notes: u32 namesz, u32 descsz, u32 type, name and desc each padded with zeros to a multiple of 4. */
#ifndef CKPTFMT_NOTES_H
#define CKPTFMT_NOTES_H

#include <stddef.h>
#include <stdint.h>

#include <ckptfmt/record.h>

#include "error.h"

enum { NOTE_HEADER_SIZE = 12, NOTE_ALIGNMENT = 4 };

/* A growing area of encoded notes. */
struct note_area {
    uint8_t *bytes;
    size_t length, room;
};
/* Appends one; false when memory ran out or the body is too long for the format. */
bool note_append(struct note_area *area, const char *name, uint32_t type, const void *body, size_t length);
void note_area_deinit(struct note_area *area);

/* Decodes the note at `*position` of an area of `length` bytes that lies at `offset` in the file, and moves on. CKPT_END at the end. */
enum ckpt_status note_decode(const uint8_t *bytes, size_t length, uint64_t offset, size_t *position, struct ckpt_note *note, struct error *error);

#endif

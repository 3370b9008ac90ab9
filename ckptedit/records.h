/* The records of an image, unpacked where an edit looks at them, and what has become of them. */
#ifndef CKPTEDIT_RECORDS_H
#define CKPTEDIT_RECORDS_H

#include <ckptfmt/ckptfmt.h>

#include "schemas/record.pb-c.h"

struct record {
    struct ckpt_note note;
    ProtobufCMessage *message; /* NULL until asked for; edits change it in place and mark it */
    bool changed, dropped;
    uint8_t *packed;           /* the changed message, for the rewrite */
    size_t packed_length;
};

struct records {
    struct ckpt_reader *reader; /* borrowed */
    struct record *list;        /* all notes in file order */
    size_t count;
    size_t visited;             /* by records_filter() */
};

/* CKPT_OK, or a status with the sentence on the reader. Deinit in any case. */
enum ckpt_status records_init(struct records *records, struct ckpt_reader *reader);
void records_deinit(struct records *records);

/* The next record of a kind that is not dropped, at or behind list[*i], unpacked; *i moves behind it. NULL after the last, or where it is malformed: then *status says so. */
struct record *records_next(struct records *records, Ckpt__Kind kind, size_t *i, enum ckpt_status *status);
bool records_changed(const struct records *records);
/* Packs what has changed, before a rewrite. False when memory ran out. */
bool records_pack(struct records *records);
/* For ckpt_reader_rewrite(), which calls it once for each note in file order. `context` is the records. */
enum ckpt_edit records_filter(void *context, const struct ckpt_note *note, const void **body, size_t *length);

#endif

/* The records of an image, unpacked where an edit looks at them, and what has become of them. */
#ifndef CKPTEDIT_RECORDS_H
#define CKPTEDIT_RECORDS_H

#include <ckptfmt/ckptfmt.h>

#include "schemas/record.pb-c.h"

struct record {
    struct ckpt_note note;     /* of a record that was added: what it will be, without a body */
    ProtobufCMessage *message; /* NULL until asked for; edits change it in place and mark it */
    bool changed, dropped;
    uint8_t *packed;           /* the new body, for the rewrite */
    size_t packed_length;
};

struct records {
    struct ckpt_reader *reader; /* borrowed */
    struct record *list;        /* all notes in file order, then what was added */
    size_t count;
    size_t note_count;          /* of the image */
    size_t visited;             /* by records_filter() and records_append() */
};

/* CKPT_OK, or a status with the sentence on the reader. Deinit in any case. */
enum ckpt_status records_init(struct records *records, struct ckpt_reader *reader);
void records_deinit(struct records *records);

/* The next record of a kind that is not dropped, at or behind list[*i], unpacked; *i moves behind it. NULL after the last, or where it is malformed: then *status says so.
 * Borrowed until a record is added. */
struct record *records_next(struct records *records, Ckpt__Kind kind, size_t *i, enum ckpt_status *status);
/* The same for a kind whose records belong to a process (field `process`): the first of this process. */
struct record *records_of(struct records *records, Ckpt__Kind kind, uint32_t process, enum ckpt_status *status);
/* Adds a record to the head. The message belongs to it. Moves the others. Running out of memory ends the program with a sentence. */
void records_add(struct records *records, Ckpt__Kind kind, bool critical, void *message);
/* Gives a note another body: a malloc()ed one, which then belongs to it. */
void record_replace(struct record *record, uint8_t *body, size_t length);

bool records_changed(const struct records *records);
/* Packs what has changed, before a rewrite. False when memory ran out. */
bool records_pack(struct records *records);
/* For ckpt_reader_rewrite(), which calls it once for each note in file order. `context` is the records. */
enum ckpt_edit records_filter(void *context, const struct ckpt_note *note, const void **body, size_t *length);
/* And for what was added. */
bool records_append(void *context, size_t i, struct ckpt_note *note);

#endif

/* The inside of verifying: who finds a fault, and how it is told. */
#ifndef CKPTFMT_VERIFY_STATE_H
#define CKPTFMT_VERIFY_STATE_H

#include <ckptfmt/verify.h>

#include "reader_state.h"

struct verify {
    struct ckpt_reader *reader;
    struct ckpt_verify_options options;
    uint64_t faults, done, total, reported;
    enum ckpt_status first;
    struct error first_error;
    bool stopped;
};

/* Takes the options; false where they are impossible, with the sentence on the reader. */
bool verify_begin(struct verify *verify, const struct ckpt_verify_options *options);
/* Leaves the first fault's sentence on the reader and returns its status. */
enum ckpt_status verify_end(struct verify *verify, uint64_t *faults);
/* Tells of one fault whose sentence is in `error`; `chunk` may be NULL. */
void verify_fault(struct verify *verify, const struct error *error, enum ckpt_status status, uint64_t offset, const struct ckpt_chunk *chunk);
/* The same for a sentence that is on the reader. */
void verify_record_fault(struct verify *verify, enum ckpt_status status, uint64_t offset);
/* So many more bytes are done. */
void verify_progress(struct verify *verify, uint64_t bytes);

/* Reports each fault of the records. */
void verify_records(struct verify *verify, struct ckpt_reader *reader);
/* The index and all pages. */
void verify_pages(struct verify *verify);

#endif

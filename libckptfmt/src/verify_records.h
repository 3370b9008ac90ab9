/* Whether the records follow their schemas and refer to what is there. */
#ifndef CKPTFMT_VERIFY_RECORDS_H
#define CKPTFMT_VERIFY_RECORDS_H

#include "reader_state.h"

struct verify;

/* Reports each fault through verify_record_fault(), with the sentence on the reader. */
void verify_records(struct verify *verify, struct ckpt_reader *reader);
void verify_record_fault(struct verify *verify, enum ckpt_status status, uint64_t offset);

#endif

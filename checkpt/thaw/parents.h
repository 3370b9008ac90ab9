/* The images that an incremental one needs. */
#ifndef CHECKPT_THAW_PARENTS_H
#define CHECKPT_THAW_PARENTS_H

#include "checkpt/thaw/stored.h"

/* Whether every parent that a chunk lies in is found, and has such a chunk: the first chunk of each is read. `index` is the reader's. */
bool parents_are_there(struct ckpt_reader *reader, const struct stored_index *index, struct failure *why);

#endif

/* The images that an incremental one needs. */
#ifndef CHECKPT_THAW_PARENTS_H
#define CHECKPT_THAW_PARENTS_H

#include <ckptfmt/ckptfmt.h>

#include "checkpt/failure.h"

/* Whether every parent that a chunk lies in is found, and has such a chunk: the first chunk of each is read. The image's index was checked. */
bool parents_are_there(struct ckpt_reader *reader, struct failure *why);

#endif

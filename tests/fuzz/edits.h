/* The edits of ckptedit, made in memory. */
#ifndef FUZZ_EDITS_H
#define FUZZ_EDITS_H

#include <stdbool.h>

#include <ckptfmt/ckptfmt.h>

/* Makes up to three edits of an open image, which the dice (two bytes) choose, and writes it to `sink`. True where each was made and the image was written. */
bool edits_make(struct ckpt_reader *reader, const uint8_t *dice, const struct ckpt_io *sink);

#endif

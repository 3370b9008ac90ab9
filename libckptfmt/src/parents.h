/* The images that chunks may lie in: found by a resolver, opened when needed, a bounded number of them at a time. */
#ifndef CKPTFMT_PARENTS_H
#define CKPTFMT_PARENTS_H

#include "reader_state.h"

/* Follows a chunk of codec "parent" to the image that stores its bytes; *owner is pinned until parents_release(). For any other chunk that is the
 * reader itself. Not for several threads at once. */
enum ckpt_status parents_resolve(struct ckpt_reader *reader, const struct ckpt_chunk *chunk, struct ckpt_reader **owner, struct ckpt_chunk *found);
void parents_release(struct ckpt_reader *reader, struct ckpt_reader *owner);
void parents_destroy(struct parents *parents);

/* The default resolver: the reader's directory (the recorded name, then any *.ckpt), then the recorded path. The directory is looked through once. */
int parents_find(struct ckpt_reader *reader, const uint8_t id[CKPT_ID_SIZE], const void *path, size_t path_length, struct ckpt_io *io);

#endif

/* Statuses: few, pinned for ever. The sentence that explains one is on the handle (ckpt_reader_error(), ckpt_writer_error()). */
#ifndef CKPTFMT_STATUS_H
#define CKPTFMT_STATUS_H

#include <ckptfmt/version.h>

enum ckpt_status {
    CKPT_OK = 0,
    CKPT_END = 1,          /* an iteration has no more elements; not an error */
    CKPT_NOT_FOUND = 2,    /* no such chunk, record or page */
    CKPT_CORRUPT = 3,      /* the bytes contradict themselves or their digest */
    CKPT_TRUNCATED = 4,    /* the file ends before what it describes */
    CKPT_NOT_IMAGE = 5,    /* not a checkpoint image at all */
    CKPT_UNSUPPORTED = 6,  /* a future version, unknown feature or critical record, other architecture */
    CKPT_REFUSED = 7,      /* well-formed, but not allowed as asked */
    CKPT_INVALID = 8,      /* the caller's argument */
    CKPT_NO_MEMORY = 9,
    CKPT_IO = 10,          /* the I/O callbacks failed; errno is in the sentence */
};

CKPT_BEGIN_DECLS
/* A short English name of the status: "corrupt". Static; never NULL. */
CKPT_API const char *ckpt_status_name(enum ckpt_status status);
CKPT_END_DECLS

#endif

/* Editing: copying an image through a filter of its notes. Stored pages move as they lie, never unpacked. */
#ifndef CKPTFMT_EDIT_H
#define CKPTFMT_EDIT_H

#include <ckptfmt/reader.h>

enum ckpt_edit {
    CKPT_EDIT_KEEP = 0,    /* as it is, byte for byte */
    CKPT_EDIT_DROP = 1,
    CKPT_EDIT_REPLACE = 2, /* with another body; name, type and critical bit stay */
};

struct ckpt_rewrite_options {
    size_t struct_size; /* sizeof(struct ckpt_rewrite_options) */
    void *context;
    /* What to do with a note; called for each of any owner, in file order. For CKPT_EDIT_REPLACE sets *body, borrowed until the next call, and
     * *length. NULL: keep all. */
    enum ckpt_edit (*note)(void *context, const struct ckpt_note *note, const void **body, size_t *length);
    /* Copies `length` bytes at `from` of the image to `to` of the sink, where nothing was written yet: holes may stay holes. Returns 0 or a
     * negative errno. NULL: copies through the two io. */
    int (*copy)(void *context, uint64_t from, uint64_t to, uint64_t length);
    /* Bytes done of total; return false to stop (CKPT_REFUSED). May be NULL. */
    bool (*progress)(void *context, uint64_t done, uint64_t total);
};

CKPT_BEGIN_DECLS
/* Writes the edited image to `sink`, an empty one that can seek (write_at), borrowed. Memory use does not grow with the pages. Images with
 * unknown read-only features are refused. Bodies are the caller's to make well-formed: verify the result. `options` may be NULL. Since 1.0. */
CKPT_API enum ckpt_status ckpt_reader_rewrite(struct ckpt_reader *reader, const struct ckpt_io *sink, const struct ckpt_rewrite_options *options);
CKPT_END_DECLS

#endif

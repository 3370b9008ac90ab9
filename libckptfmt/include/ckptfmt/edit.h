/* Editing: copying an image through a filter of its notes. Stored pages move as they lie, never unpacked, unless what is asked for needs it (another codec,
 * changed pages, bytes that lie in a parent). */
#ifndef CKPTFMT_EDIT_H
#define CKPTFMT_EDIT_H

#include <ckptfmt/reader.h>

enum ckpt_edit {
    CKPT_EDIT_KEEP = 0,    /* as it is, byte for byte */
    CKPT_EDIT_DROP = 1,
    CKPT_EDIT_REPLACE = 2, /* with another body; name, type and critical bit stay */
};

/* What may happen to the pages; bits of ckpt_rewrite_options.pages. An image without parents whose chunks have the default size of what it was (raw,
 * packed) gets that of what it becomes. */
enum {
    CKPT_REWRITE_COMPRESS = 1,   /* a packed image, at `level`; chunks that are packed already are packed anew */
    CKPT_REWRITE_DECOMPRESS = 2, /* a raw image */
    CKPT_REWRITE_FLATTEN = 4,    /* no chunk in a parent: their bytes are fetched (ckpt_reader_set_resolver()) */
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
    uint32_t pages;              /* CKPT_REWRITE_* bits; 0: pages stay as they are */
    int32_t level;               /* zstd's, for packed results; 0: CKPT_COMPRESSION_DEFAULT */
    uint32_t threads;            /* that pack and unpack; 0: one per CPU. The result's bytes do not depend on it */
    uint32_t reserved;           /* 0 */
    uint64_t read_only_features; /* bits to set beside those that the image has (CKPT_FEATURE_REDACTED …); the IMAGE record follows */
    /* Changes a chunk's memory. Called for each chunk in index order, first with bytes == NULL: return true where they are to be fetched and the call
     * repeated with them, chunk->length bytes to change in place. Return whether to store what they are now. Digest and codec follow. Pages that
     * become zero are stored as zeros in raw images. NULL: no changes. */
    bool (*change)(void *context, const struct ckpt_chunk *chunk, uint8_t *bytes);
    /* Notes to add behind those of the image: fills *note's segment (HEAD or TAIL), name, type, critical, body, length, for i = 0, 1 …, until it returns false.
     * Borrowed until the next call. NULL: none. */
    bool (*append)(void *context, size_t i, struct ckpt_note *note);
};

CKPT_BEGIN_DECLS
/* Writes the edited image to `sink`, an empty one that can seek (write_at), borrowed. Memory use does not grow with the pages. Images with unknown
 * read-only features are refused. A raw result needs a sink that can seek; a packed one that is made anew (CKPT_REWRITE_COMPRESS) may go to a pipe.
 * The IMAGE record's version, features, sizes and parents are made to fit, whatever the filter does to the rest of it. Bodies are the caller's to
 * make well-formed: verify the result. `options` may be NULL. Since 1.0. */
CKPT_API enum ckpt_status ckpt_reader_rewrite(struct ckpt_reader *reader, const struct ckpt_io *sink, const struct ckpt_rewrite_options *options);
CKPT_END_DECLS

#endif

/* The random-access reader.
 *
 *     struct ckpt_reader *r = ckpt_reader_create();
 *     if (ckpt_reader_open_path(r, "x.ckpt") != CKPT_OK) complain(ckpt_reader_error(r));
 *     struct ckpt_note note;
 *     for (size_t i = 0; ckpt_reader_note(r, i, &note) == CKPT_OK; i++) …
 *     ckpt_reader_destroy(r);
 *
 * Opening reads and checks header, notes and footer with their digests; the index is searched where it lies. */
#ifndef CKPTFMT_READER_H
#define CKPTFMT_READER_H

#include <stdbool.h>

#include <ckptfmt/chunk.h>
#include <ckptfmt/format.h>
#include <ckptfmt/io.h>
#include <ckptfmt/record.h>
#include <ckptfmt/status.h>

struct ckpt_reader;

/* Finds a parent image by its id; `path` is where it was when the image was made (path_length bytes, not NUL-terminated, untrusted, may be empty).
 * Opens *io and returns 0, or a negative errno (-ENOENT). The reader closes the io, checks the id, and asks at most once for each id while that stays
 * open. */
typedef int ckpt_resolver(void *context, const uint8_t id[CKPT_ID_SIZE], const void *path, size_t path_length, struct ckpt_io *io);

/* Memory to be filled from a space. */
struct ckpt_fill {
    uint32_t space;
    uint32_t reserved;  /* 0 */
    uint64_t address;   /* in the space; any */
    uint64_t length;
    void *memory;       /* of `address`; `length` bytes */
};

struct ckpt_fill_options {
    size_t struct_size; /* sizeof(struct ckpt_fill_options) */
    void *context;
    /* Bytes of ranges done of total; return false to stop (CKPT_REFUSED). May be NULL. */
    bool (*progress)(void *context, uint64_t done, uint64_t total);
    uint32_t threads;   /* 0: one per CPU */
    uint32_t reserved;  /* 0 */
};

/* Told of each run in turn, while ckpt_reader_runs() goes through the index; `run` is borrowed. False stops it (CKPT_REFUSED). */
typedef bool ckpt_run_seen(void *context, const struct ckpt_run *run);

CKPT_BEGIN_DECLS
/* NULL only when memory ran out. */
CKPT_API struct ckpt_reader *ckpt_reader_create(void);
CKPT_API void ckpt_reader_destroy(struct ckpt_reader *reader);

/* Opens over `io`, which is copied and closed with the reader (also when opening fails). A reader opens once. */
CKPT_API enum ckpt_status ckpt_reader_open(struct ckpt_reader *reader, const struct ckpt_io *io);
CKPT_API enum ckpt_status ckpt_reader_open_path(struct ckpt_reader *reader, const char *path);
CKPT_API enum ckpt_status ckpt_reader_open_fd(struct ckpt_reader *reader, int fd);

/* Who finds parent images (before or after opening; NULL: the default). The default looks in the image's own directory, for a file of the recorded
 * name and then for any *.ckpt with the id, and then at the recorded path if it is absolute. The directory is known from ckpt_reader_open_path(),
 * else from ckpt_reader_set_directory(). */
CKPT_API void ckpt_reader_set_resolver(struct ckpt_reader *reader, ckpt_resolver *resolver, void *context);
CKPT_API enum ckpt_status ckpt_reader_set_directory(struct ckpt_reader *reader, const char *directory);
/* The images that chunks may lie in: how many, and the i-th one's id and recorded path (borrowed). CKPT_END past the last. */
CKPT_API size_t ckpt_reader_parent_count(const struct ckpt_reader *reader);
CKPT_API enum ckpt_status ckpt_reader_parent(struct ckpt_reader *reader, size_t i, uint8_t id[CKPT_ID_SIZE], const char **path);

/* The sentence for the last failure: what was being read, at which offset, why. Does not name the file; "" when nothing failed.
 * Borrowed until the next call on the reader. */
CKPT_API const char *ckpt_reader_error(const struct ckpt_reader *reader);

/* Facts of an open image; borrowed. */
CKPT_API const struct ckpt_footer *ckpt_reader_footer(const struct ckpt_reader *reader);
/* CKPT_OK where this library understands everything that a thaw or an edit must; otherwise CKPT_UNSUPPORTED and the sentence says
 * which record or feature stands in the way. */
CKPT_API enum ckpt_status ckpt_reader_resumable(struct ckpt_reader *reader);

/* The i-th note of any owner, head, process and tail segments in file order. CKPT_END past the last. */
CKPT_API enum ckpt_status ckpt_reader_note(struct ckpt_reader *reader, size_t i, struct ckpt_note *note);
/* The first record of `kind` at or behind note *i; *i becomes its position. CKPT_END where there is none. */
CKPT_API enum ckpt_status ckpt_reader_find_record(struct ckpt_reader *reader, uint32_t kind, size_t *i, struct ckpt_note *note);
/* Unpacks a record with the sentence set where it is malformed. */
CKPT_API enum ckpt_status ckpt_reader_unpack(struct ckpt_reader *reader, const struct ckpt_note *note, ProtobufCMessage **message);

/* Index entry i, 0 <= i < footer.index_count, checked against the file's bounds. */
CKPT_API enum ckpt_status ckpt_reader_chunk(struct ckpt_reader *reader, uint64_t i, struct ckpt_chunk *chunk);
/* Reads the whole index against its digest. Before anything relies on where memory belongs: a thaw, a copy. Since 1.0. */
CKPT_API enum ckpt_status ckpt_reader_check_index(struct ckpt_reader *reader);
/* The same in the same pass: reads the whole index once, checks its digest, every entry and their order, and tells of its runs, ascending. Where it
 * fails, what `seen` was told of counts for nothing. For whoever needs all of the index: it takes as long as reading it. Since 1.0. */
CKPT_API enum ckpt_status ckpt_reader_runs(struct ckpt_reader *reader, ckpt_run_seen *seen, void *context);
/* The first entry whose end lies behind (space, address), in index order: *i == index_count where there is none. */
CKPT_API enum ckpt_status ckpt_reader_seek_chunk(struct ckpt_reader *reader, uint32_t space, uint64_t address, uint64_t *i);
/* Where a chunk's bytes lie, in this image or in a parent, whose index is checked against its digest. They are not read. For whoever maps them
 * instead. Since 1.0. */
CKPT_API enum ckpt_status ckpt_reader_locate(struct ckpt_reader *reader, const struct ckpt_chunk *chunk, struct ckpt_place *place);
/* Reads a chunk's memory bytes, out of a parent where they lie there, and checks the digest. `buffer` holds chunk->length bytes. */
CKPT_API enum ckpt_status ckpt_reader_chunk_bytes(struct ckpt_reader *reader, const struct ckpt_chunk *chunk, void *buffer);
/* Reads the stored bytes of a chunk as they lie (still packed), unchecked. `buffer` holds chunk->stored_length bytes. */
CKPT_API enum ckpt_status ckpt_reader_chunk_stored(struct ckpt_reader *reader, const struct ckpt_chunk *chunk, void *buffer);

/* Memory of a space from `address`: up to `length` bytes that are alike, all stored (then copied to `buffer`, digest checked) or all
 * not stored (then zeroed). *run is how many, *stored which. What is not stored is zero in anonymous memory, and the file's own in a private file mapping. */
CKPT_API enum ckpt_status ckpt_reader_memory(struct ckpt_reader *reader, uint32_t space, uint64_t address, void *buffer, size_t length,
                                             size_t *run, bool *stored);

/* Copies what is stored of each range to the range's memory, on all cores, packed or raw, out of parents too, every digest checked. What is not
 * stored is left as it is there. On failure the memory is partly filled. `options` may be NULL. */
CKPT_API enum ckpt_status ckpt_reader_fill(struct ckpt_reader *reader, const struct ckpt_fill *ranges, size_t count, const struct ckpt_fill_options *options);
CKPT_END_DECLS

#endif

/* The streaming reader: a packed image from a pipe, in one pass and bounded memory.
 *
 *     struct ckpt_stream *s = ckpt_stream_create();
 *     if (ckpt_stream_open_fd(s, 0) != CKPT_OK) complain(ckpt_stream_error(s));
 *     struct ckpt_reader *records = ckpt_stream_records(s);      // every record of the head is here now
 *     struct ckpt_stream_chunk c;
 *     while ((status = ckpt_stream_next(s, &c)) == CKPT_OK) …    // ascending by (space, address)
 *     if (status != CKPT_END) complain(ckpt_stream_error(s));    // CKPT_END: everything, index, tail and footer too, was there and is sound
 *     ckpt_stream_destroy(s);
 *
 * Opening checks the head against the digest that stands behind it. Raw images cannot be read so: their index comes last (ckpt_io_spool() makes a
 * file of any pipe). */
#ifndef CKPTFMT_STREAM_H
#define CKPTFMT_STREAM_H

#include <ckptfmt/reader.h>
#include <ckptfmt/verify.h>

struct ckpt_stream;

struct ckpt_stream_chunk {
    struct ckpt_chunk chunk;
    const void *bytes;          /* chunk.length bytes of memory, checked; NULL where the chunk shares another's, lies in a parent
                                 * (ckpt_reader_chunk_bytes() on the records' reader fetches it), or unpacking is switched off. Borrowed until the
                                 * next call */
    const void *stored;         /* chunk.stored_length bytes as they lie; NULL where the stream has none for this chunk */
    uint32_t source_space;      /* for a chunk that shares: the earlier chunk with the same bytes; else 0 */
    uint32_t reserved;
    uint64_t source_address;
};

/* What salvaging found. */
struct ckpt_salvage_report {
    size_t struct_size;         /* sizeof(struct ckpt_salvage_report), set by the caller */
    uint64_t chunks;            /* recovered */
    uint64_t lost_chunks;       /* damaged ones that were passed over */
    uint64_t missing_bytes;     /* of memory, about which the image now says that they are missing; an upper bound: how much of it was stored is not known */
    uint64_t missing_ranges;    /* MISSING records about them */
    uint64_t stopped_at;        /* offset where reading stopped */
    uint32_t whole;             /* 1: nothing was missing at all */
    uint32_t tail_lost;         /* 1: the tail records are missing */
    uint64_t unverified_bytes;  /* of memory that were taken over as they lay: their digests are lost */
    uint32_t unverified;        /* 1: the records, too, were taken over without a digest to check them by */
    uint32_t reserved;          /* 0 */
};

CKPT_BEGIN_DECLS
/* NULL only when memory ran out. */
CKPT_API struct ckpt_stream *ckpt_stream_create(void);
CKPT_API void ckpt_stream_destroy(struct ckpt_stream *stream);
/* Opens over `io` (read, or read_at), which is copied and closed with the stream, also when opening fails. Reads the head. */
CKPT_API enum ckpt_status ckpt_stream_open(struct ckpt_stream *stream, const struct ckpt_io *io);
CKPT_API enum ckpt_status ckpt_stream_open_fd(struct ckpt_stream *stream, int fd);
/* The sentence for the last failure. */
CKPT_API const char *ckpt_stream_error(const struct ckpt_stream *stream);
/* The records, as a reader that has no chunks: those of the head after opening, those of the tail too after CKPT_END. Owned by the stream. */
CKPT_API struct ckpt_reader *ckpt_stream_records(struct ckpt_stream *stream);
/* Whether ckpt_stream_next() unpacks (the default). Without, stored bytes are checked as far as that goes and handed out as they lie: for those who copy. */
CKPT_API void ckpt_stream_set_unpack(struct ckpt_stream *stream, bool unpack);
/* The next chunk. After CKPT_CORRUPT with *chunk set (chunk.length > 0) only that chunk is damaged, and the next call goes on behind it; any other
 * failure is final. */
CKPT_API enum ckpt_status ckpt_stream_next(struct ckpt_stream *stream, struct ckpt_stream_chunk *chunk);
/* How many bytes of the stream are behind us. */
CKPT_API uint64_t ckpt_stream_position(const struct ckpt_stream *stream);

/* Reads to the end and tells of every fault, as ckpt_reader_verify() does for a file. */
CKPT_API enum ckpt_status ckpt_stream_verify(struct ckpt_stream *stream, const struct ckpt_verify_options *options, uint64_t *faults);

/* Before opening, for who wants to salvage: a raw image over an io with read_at and size is opened too. Then nothing but ckpt_stream_records() and
 * ckpt_stream_salvage() work. */
CKPT_API void ckpt_stream_allow_raw(struct ckpt_stream *stream);
/* Copies what can be recovered of an open stream, which need not end properly, into a valid image that has the read-only feature "salvaged" and a
 * MISSING record for each range of memory about which nothing is known any more (space 0: the tail records, or the digests). A packed image becomes a
 * packed one. A raw image becomes a raw one, and `sink` must be able to seek: its index and digests came last, so behind a cut pages are found by the
 * program headers, where the root process maps them, and cannot be verified; a MISSING record of space 0 says how many bytes. Fails only where
 * nothing can be written. *report may be NULL. */
CKPT_API enum ckpt_status ckpt_stream_salvage(struct ckpt_stream *stream, const struct ckpt_io *sink, struct ckpt_salvage_report *report);
CKPT_END_DECLS

#endif

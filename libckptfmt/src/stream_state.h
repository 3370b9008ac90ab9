/* The inside of a stream. */
#ifndef CKPTFMT_STREAM_STATE_H
#define CKPTFMT_STREAM_STATE_H

#include <ckptfmt/stream.h>

#include "packer.h"
#include "reader_state.h"
#include "shares.h"

struct ckpt_stream {
    struct ckpt_io io;
    struct ckpt_reader *records;  /* head, notes, facts and the sentence */
    uint8_t *buffer;              /* [begin, end) has been read and not taken */
    size_t room, begin, end;
    uint64_t position;            /* of `begin` in the stream */
    bool ended;                   /* the source has no more */
    bool keep_packed;
    bool salvages, lenient;       /* lenient: lost descriptions have made the index's digest useless */
    bool allow_raw, raw;          /* raw: a raw image, of which there is nothing but the records */
    enum ckpt_status final;       /* what every further call returns; CKPT_OK: go on */
    struct shares *shares;
    struct digest_stream *index_digest;
    uint64_t count;               /* descriptions of chunks so far */
    struct ckpt_chunk last;
    uint8_t *bytes;               /* unpacked */
    size_t bytes_room;
};

/* `length` bytes from the stream's place without taking them; NULL at the end of the source (the sentence says what was wanted) or after an error. */
const uint8_t *stream_peek(struct ckpt_stream *stream, size_t length, const char *what);
void stream_skip(struct ckpt_stream *stream, size_t length);
/* Takes everything up to the source's end, `most` bytes at most, into new memory. */
enum ckpt_status stream_rest(struct ckpt_stream *stream, size_t most, uint8_t **bytes, size_t *length);
/* The status that goes with the sentence of a failed peek. */
enum ckpt_status stream_failed(struct ckpt_stream *stream);
/* Reads what follows the description that ends the pages. CKPT_END where all is well. */
enum ckpt_status stream_finish(struct ckpt_stream *stream);
/* Goes on to the next description that is sound; for salvaging. */
bool stream_resync(struct ckpt_stream *stream);

#endif

/* The inside of a reader. */
#ifndef CKPTFMT_READER_STATE_H
#define CKPTFMT_READER_STATE_H

#include <ckptfmt/reader.h>

#include "error.h"
#include "footer.h"
#include "header.h"

enum { READER_INDEX_BLOCK = 64 }; /* entries read at once */

struct ckpt_reader {
    struct ckpt_io io;
    bool opened;
    struct error error;
    struct footer footer;
    uint64_t file_size;
    uint8_t *head, *tail;        /* the bytes of both note areas' parts of the file */
    struct segment *segments;    /* all program headers */
    uint64_t segment_count;
    struct ckpt_note *notes;
    size_t note_count, note_room;
    uint8_t index_block[READER_INDEX_BLOCK * CKPT_INDEX_ENTRY_SIZE];
    uint64_t index_first, index_loaded; /* which entries the block holds */
    uint8_t *chunk_bytes;        /* the last chunk that ckpt_reader_memory() decoded */
    uint64_t chunk_number;       /* its entry; UINT64_MAX: none */
};

/* The sentence for an I/O error while reading `what`. */
enum ckpt_status reader_io(struct ckpt_reader *reader, int error, const char *what, uint64_t offset);

#endif

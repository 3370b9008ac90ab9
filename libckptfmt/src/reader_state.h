/* The inside of a reader. */
#ifndef CKPTFMT_READER_STATE_H
#define CKPTFMT_READER_STATE_H

#include <ckptfmt/reader.h>

#include "error.h"
#include "footer.h"
#include "header.h"

#include "fetch.h"

enum { READER_INDEX_BLOCK = 64 };        /* entries read at once */
#define READER_PART_MAX (256ull << 20)   /* bytes of head or tail that are read into memory */

/* An image that chunks may lie in, as the IMAGE record names it. */
struct parent_name {
    uint8_t id[CKPT_ID_SIZE];
    char *path;
    size_t path_length;
};

struct parents;

/* The images of a directory. */
struct parents_file {
    uint8_t id[CKPT_ID_SIZE];
    char *name;
};
struct parents_directory {
    bool scanned;
    struct parents_file *list;
    size_t count, room;
};
void parents_forget(struct parents_directory *directory);

struct ckpt_reader {
    struct ckpt_io io;
    bool opened;
    bool index_checked;          /* against its digest, for those who rely on it as a parent */
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
    struct fetch fetch;
    struct parent_name *parent_names;
    size_t parent_count;
    char *directory;             /* where the default resolver looks first; may be NULL */
    struct parents_directory known; /* what is there */
    ckpt_resolver *resolver;
    void *resolver_context;
    struct parents *parents;     /* those that were asked for */
    uint8_t *chunk_bytes;        /* the last chunk that ckpt_reader_memory() decoded */
    uint64_t chunk_number;       /* its entry; UINT64_MAX: none */
};

/* The parts of opening: program headers and notes of r->head (footer.facts.head_size bytes), notes of r->tail, and that the IMAGE record says what
 * the footer says. */
enum ckpt_status reader_decode_segments(struct ckpt_reader *reader, const struct header *header);
enum ckpt_status reader_decode_head_notes(struct ckpt_reader *reader);
enum ckpt_status reader_decode_tail_notes(struct ckpt_reader *reader);
enum ckpt_status reader_check_image_record(struct ckpt_reader *reader);
/* Copies what the IMAGE record, at `offset`, says about parents; reader_free_parents() frees it. */
enum ckpt_status reader_take_parents(struct ckpt_reader *reader, const void *image, uint64_t offset);
void reader_free_parents(struct ckpt_reader *reader);
/* An index entry as it lies at `bytes`, checked by itself, with its place in the sentence. Uses nothing of the reader that changes but the error. */
enum ckpt_status reader_decode_entry(const struct ckpt_reader *reader, const uint8_t *bytes, uint64_t i, struct ckpt_chunk *chunk, struct error *error);

/* The sentence for an I/O error while reading `what`. */
enum ckpt_status reader_io(struct ckpt_reader *reader, int error, const char *what, uint64_t offset);

#endif

/* The inside of a writer, shared by its three parts: what comes before the pages, the pages, the end. */
#ifndef CKPTFMT_WRITER_STATE_H
#define CKPTFMT_WRITER_STATE_H

#include <pthread.h>

#include <ckptfmt/writer.h>

#include "digest.h"
#include "error.h"
#include "footer.h"
#include "layout.h"
#include "notes.h"

enum writer_phase { WRITER_HEAD, WRITER_PAGES, WRITER_FINISHED };
enum { WRITER_INDEX_BUFFER = 1024 }; /* entries */

struct packer;
struct shares;

/* The chunks of one put. */
struct batch {
    const struct extent *extent;
    uint64_t address;
    const uint8_t *data;       /* of `address`; NULL where the stored bytes were given */
    struct ckpt_chunk *chunks;
    size_t count;
    struct packer *packer;     /* packed images */
    uint64_t at;               /* where the packer's output goes; 0: nowhere any more */
    uint64_t ticket;
    enum ckpt_status status;   /* what has become of it so far */
    struct batch *next;
};

/* The image that chunks are compared with. */
struct writer_parent {
    struct ckpt_reader *reader;
    pthread_mutex_t lock;      /* over the reader */
    struct parent_list *list;  /* what Image.parents names */
};

struct ckpt_writer {
    struct ckpt_io sink;
    struct ckpt_writer_options options;
    bool misused;              /* options that cannot be */
    enum writer_phase phase;
    struct error error;
    struct note_area head, process, tail;
    struct layout layout;
    struct footer footer;
    uint32_t last_process;

    pthread_mutex_t lock;      /* over everything below, while pages are put */
    pthread_cond_t turn;
    enum ckpt_status status;   /* the first failure of a put; later ones give it again */
    uint64_t next_ticket;
    struct batch *deferred;    /* ready before their turn; whoever has the turn settles them */
    size_t deferred_count;
    uint64_t position;         /* packed: where the next frame goes */
    uint8_t *index;            /* entries not yet written (raw), or all of them (packed) */
    size_t index_count, index_room;
    uint64_t index_written;    /* entries */
    struct digest_stream *index_digest;
    struct packer *packers;    /* idle compressors */
    struct shares *shares;     /* packed: what equal chunks share */
    struct writer_parent parent;
};

/* The file's first bytes again: ELF header, program headers, notes, zeros to the page. malloc()ed. */
uint8_t *writer_head(const struct ckpt_writer *writer);
/* Writes what the index buffer holds (raw: the index lies behind the pages, whose end is known). */
enum ckpt_status writer_flush_index(struct ckpt_writer *writer);
/* Appends entries to the index; the lock is held. */
enum ckpt_status writer_add_entries(struct ckpt_writer *writer, const struct ckpt_chunk *chunks, size_t count);
/* Compresses a batch's chunks but those that lie in a parent or whose bytes an earlier chunk has; false when memory ran out. */
bool writer_pack(struct ckpt_writer *writer, struct batch *batch);
/* Gives a batch's descriptions and stored bytes their place; the lock is held and it is this batch's turn. A pipe is written to at once, a file by
 * writer_write_out(). */
enum ckpt_status writer_settle_packed(struct ckpt_writer *writer, struct batch *batch);
/* ckpt_writer_put_stored() for a packed image whose extents nobody knew; stored_length 0: the bytes are an earlier chunk's. */
enum ckpt_status writer_put_salvaged(struct ckpt_writer *writer, uint64_t ticket, const struct ckpt_chunk *chunk, const void *stored);
/* Whether nothing of the caller's memory is needed any more. */
bool writer_is_packed(const struct batch *batch);
/* Writes the output where it has its place; without the lock. */
void writer_write_out(struct ckpt_writer *writer, struct batch *batch);
/* Waits for the batch's turn, or leaves it to whoever has the turn. Frees what the batch holds. */
enum ckpt_status writer_take_turn(struct ckpt_writer *writer, uint64_t ticket, struct batch *batch, enum ckpt_status status);
void writer_free_deferred(struct ckpt_writer *writer);
struct packer *writer_borrow_packer(struct ckpt_writer *writer);
/* Turns chunks that the parent has too into references. */
enum ckpt_status writer_match_parent(struct ckpt_writer *writer, struct batch *batch);
void writer_parent_deinit(struct writer_parent *parent);
/* Sets Image.parents, borrowed from the writer. */
void writer_fill_parents(const struct writer_parent *parent, void *image);
enum ckpt_status writer_write(struct ckpt_writer *writer, const void *bytes, size_t length, uint64_t at, const char *what);
enum ckpt_status writer_io(struct ckpt_writer *writer, int error, const char *what, uint64_t offset);

#endif

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

struct ckpt_writer {
    struct ckpt_io sink;
    struct ckpt_writer_options options;
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
    uint64_t position;         /* packed: where the next frame goes */
    uint8_t *index;            /* entries not yet written (raw), or all of them (packed) */
    size_t index_count, index_room;
    uint64_t index_written;    /* entries */
    struct digest_stream *index_digest;
    struct packer *packers;    /* idle compressors */
};

/* The file's first bytes again: ELF header, program headers, notes, zeros to the page. malloc()ed. */
uint8_t *writer_head(const struct ckpt_writer *writer);
/* Writes what the index buffer holds (raw: the index lies behind the pages, whose end is known). */
enum ckpt_status writer_flush_index(struct ckpt_writer *writer);
/* Appends entries to the index; the lock is held. */
enum ckpt_status writer_add_entries(struct ckpt_writer *writer, const struct ckpt_chunk *chunks, size_t count);
enum ckpt_status writer_io(struct ckpt_writer *writer, int error, const char *what, uint64_t offset);

#endif

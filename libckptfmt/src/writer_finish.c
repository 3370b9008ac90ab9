#include <inttypes.h>
#include <stdlib.h>
#include <string.h>

#include "io.h"
#include "packer.h"
#include "writer_state.h"

/* Packed pages end anywhere; the index begins at the next multiple of 8. */
static enum ckpt_status end_packed_pages(struct ckpt_writer *w)
{
    struct ckpt_footer *f = &w->footer.facts;
    uint8_t bytes[PACKER_DESCRIPTION_SIZE + 8] = {0};
    packer_describe_end(bytes, w->position, f->index_count, w->footer.index_digest);
    f->pages_end = w->position + PACKER_DESCRIPTION_SIZE;
    f->index_offset = (f->pages_end + 7) & ~7ull;
    return writer_write(w, bytes, f->index_offset - w->position, w->position, "the end of the pages");
}

/* Raw images have their program headers completed now, when the tail is known. */
static enum ckpt_status write_head(struct ckpt_writer *w)
{
    uint8_t *head = writer_head(w);
    if (head == NULL)
        return error_set(&w->error, CKPT_NO_MEMORY, "head of %" PRIu64 " bytes: out of memory", w->footer.facts.head_size);
    digest_of(head, w->footer.facts.head_size, w->footer.head_digest);
    enum ckpt_status status = writer_write(w, head, w->footer.facts.head_size, 0, "the head");
    free(head);
    return status;
}

static enum ckpt_status write_footer(struct ckpt_writer *w)
{
    uint8_t bytes[CKPT_FOOTER_SIZE];
    struct ckpt_footer *f = &w->footer.facts;
    digest_image_id(w->footer.head_digest, w->footer.index_digest, w->footer.tail_digest, f->image_id);
    footer_encode(&w->footer, bytes);
    return writer_write(w, bytes, sizeof(bytes), f->file_size - CKPT_FOOTER_SIZE, "the footer");
}

static enum ckpt_status write_end(struct ckpt_writer *w)
{
    struct ckpt_footer *f = &w->footer.facts;
    digest_end(w->index_digest, w->footer.index_digest);
    enum ckpt_status status = w->layout.packed ? end_packed_pages(w) : CKPT_OK;
    if (status == CKPT_OK)
        status = writer_flush_index(w);
    if (status != CKPT_OK)
        return status;
    f->tail_offset = f->index_offset + f->index_count * CKPT_INDEX_ENTRY_SIZE;
    f->tail_size = w->tail.length;
    f->file_size = f->tail_offset + f->tail_size + CKPT_FOOTER_SIZE;
    digest_of(w->tail.bytes, w->tail.length, w->footer.tail_digest);
    status = writer_write(w, w->tail.bytes, w->tail.length, f->tail_offset, "the tail records");
    if (status == CKPT_OK && !w->layout.packed)
        status = write_head(w);
    return status == CKPT_OK ? write_footer(w) : status;
}

enum ckpt_status ckpt_writer_finish(struct ckpt_writer *w, bool sync, uint8_t id[CKPT_ID_SIZE])
{
    if (w->phase != WRITER_PAGES)
        return error_set(&w->error, CKPT_INVALID, "finished before the pages have begun, or twice");
    if (w->status != CKPT_OK)
        return w->status;
    if (w->deferred != NULL)
        return error_set(&w->error, CKPT_INVALID, "finished with ticket %" PRIu64 " not used", w->next_ticket);
    w->phase = WRITER_FINISHED;
    enum ckpt_status status = write_end(w);
    if (status != CKPT_OK)
        return status;
    int error = sync ? io_sync(&w->sink) : 0;
    if (error != 0)
        return writer_io(w, error, "all of it durably", 0);
    if (id != NULL)
        memcpy(id, w->footer.facts.image_id, CKPT_ID_SIZE);
    return CKPT_OK;
}

/* Packed pages. Which earlier chunk's bytes a chunk shares is settled when its turn comes, so the file does not depend on the threads; what is known
 * before saves work. */
#include <inttypes.h>
#include <stdlib.h>
#include <string.h>

#include "io.h"
#include "packer.h"
#include "shares.h"
#include "writer_state.h"

struct packer *writer_borrow_packer(struct ckpt_writer *w)
{
    pthread_mutex_lock(&w->lock);
    struct packer *packer = w->packers;
    if (packer != NULL)
        w->packers = packer->next;
    pthread_mutex_unlock(&w->lock);
    if (packer == NULL)
        packer = packer_create((int)w->options.compression);
    if (packer != NULL)
        packer->length = 0;
    return packer;
}

static bool pack_chunk(struct batch *batch, struct ckpt_chunk *chunk)
{
    return packer_append(batch->packer, chunk, batch->data + (chunk->address - batch->address));
}

/* Marks chunks that an earlier one has stored already, with stored_length 0, so that they need not be packed. */
static void mark_shared(struct ckpt_writer *w, struct batch *batch)
{
    pthread_mutex_lock(&w->lock);
    for (size_t i = 0; i < batch->count; i++) {
        struct ckpt_chunk *chunk = &batch->chunks[i];
        if (chunk->codec != CKPT_CODEC_PARENT && shares_find(w->shares, chunk) != NULL)
            chunk->stored_length = 0;
    }
    pthread_mutex_unlock(&w->lock);
}

bool writer_pack(struct ckpt_writer *w, struct batch *batch)
{
    batch->packer = writer_borrow_packer(w);
    if (batch->packer == NULL)
        return false;
    mark_shared(w, batch);
    for (size_t i = 0; i < batch->count; i++)
        if (batch->chunks[i].stored_length > 0 && !pack_chunk(batch, &batch->chunks[i]))
            return false;
    return true;
}

/* The chunk's stored bytes, or NULL where it shares an earlier one's; the chunk becomes what the index will say. `at` is where its bytes would begin. */
static const uint8_t *settle(struct ckpt_writer *w, struct packer *packer, struct ckpt_chunk *chunk, uint64_t at)
{
    const struct ckpt_chunk *source = chunk->codec != CKPT_CODEC_PARENT ? shares_find(w->shares, chunk) : NULL;
    if (chunk->codec == CKPT_CODEC_PARENT)
        return NULL;
    if (source != NULL) {
        chunk->codec = source->codec;
        chunk->offset = source->offset;
        chunk->stored_length = source->stored_length;
        chunk->stored_check = source->stored_check;
        return NULL;
    }
    const uint8_t *stored = packer->frames + chunk->offset;
    chunk->offset = at;
    shares_add(w->shares, chunk);
    return stored;
}

/* A chunk whose source has left the window since it was marked is packed after all. */
static bool pack_late(struct batch *batch)
{
    if (batch->data == NULL)
        return false;
    for (size_t i = 0; i < batch->count; i++) {
        struct ckpt_chunk *chunk = &batch->chunks[i];
        if (chunk->codec != CKPT_CODEC_PARENT && chunk->stored_length == 0 && !pack_chunk(batch, chunk))
            return false;
    }
    return true;
}

static bool needs_late(const struct ckpt_writer *w, const struct batch *batch)
{
    for (size_t i = 0; i < batch->count; i++) {
        const struct ckpt_chunk *chunk = &batch->chunks[i];
        if (chunk->codec != CKPT_CODEC_PARENT && chunk->stored_length == 0 && !shares_reaches(w->shares, chunk, batch->count))
            return true;
    }
    return false;
}

bool writer_is_packed(const struct batch *batch)
{
    for (size_t i = 0; i < batch->count; i++)
        if (batch->chunks[i].codec != CKPT_CODEC_PARENT && batch->chunks[i].stored_length == 0)
            return false;
    return true;
}

enum ckpt_status writer_settle_packed(struct ckpt_writer *w, struct batch *batch)
{
    struct packer *packer = batch->packer;
    bool memory = (!needs_late(w, batch) || pack_late(batch)) && packer_begin_output(packer, batch->count);
    if (!memory)
        return error_set(&w->error, CKPT_NO_MEMORY, "pages at 0x%" PRIx64 ": out of memory", batch->address);
    for (size_t i = 0; i < batch->count; i++) {
        uint64_t at = w->position + packer->output_length + PACKER_DESCRIPTION_SIZE;
        const uint8_t *stored = settle(w, packer, &batch->chunks[i], at);
        packer_put(packer, &batch->chunks[i], stored);
    }
    uint64_t at = w->position;
    w->position += packer->output_length;
    if (w->sink.write_at == NULL)
        return writer_write(w, packer->output, packer->output_length, at, "pages");
    batch->at = at;
    return CKPT_OK;
}

void writer_write_out(struct ckpt_writer *w, struct batch *batch)
{
    if (batch->at == 0)
        return;
    int error = io_write_at(&w->sink, batch->packer->output, batch->packer->output_length, batch->at);
    if (error == 0)
        return;
    pthread_mutex_lock(&w->lock);
    enum ckpt_status status = writer_io(w, error, "pages", batch->at);
    if (w->status == CKPT_OK)
        w->status = status;
    pthread_mutex_unlock(&w->lock);
}

/* Tickets. A batch that is ready before its turn is left behind, so that its thread can go on with the next; whoever has the turn settles what
 * follows too. Only places and index entries are settled under the lock; files are written to without it. */
#include <stdlib.h>

#include "packer.h"
#include "writer_state.h"

enum { DEFERRED_MAX = 8 };

static void free_batch(struct batch *batch)
{
    if (batch->packer != NULL)
        batch->packer->next = NULL;
    packer_destroy_all(batch->packer);
    free(batch->chunks);
    free(batch);
}

void writer_free_deferred(struct ckpt_writer *w)
{
    while (w->deferred != NULL) {
        struct batch *next = w->deferred->next;
        free_batch(w->deferred);
        w->deferred = next;
    }
}

/* The lock is held. */
static bool defer(struct ckpt_writer *w, const struct batch *batch)
{
    if (batch->ticket <= w->next_ticket || w->deferred_count == DEFERRED_MAX || (w->layout.packed && !writer_is_packed(batch)))
        return false;
    struct batch *kept = malloc(sizeof(*kept));
    if (kept == NULL)
        return false;
    *kept = *batch;
    kept->next = w->deferred;
    w->deferred = kept;
    w->deferred_count++;
    return true;
}

static struct batch *take_deferred(struct ckpt_writer *w)
{
    for (struct batch **at = &w->deferred; *at != NULL; at = &(*at)->next) {
        struct batch *batch = *at;
        if (batch->ticket != w->next_ticket)
            continue;
        *at = batch->next;
        w->deferred_count--;
        return batch;
    }
    return NULL;
}

/* What must be in order; the lock is held. Also after a failure the next one goes on, so that nobody waits for ever. */
static void settle(struct ckpt_writer *w, struct batch *batch)
{
    enum ckpt_status status = batch->status;
    if (w->status == CKPT_OK && status == CKPT_OK && batch->packer != NULL)
        status = writer_settle_packed(w, batch);
    if (w->status == CKPT_OK && status == CKPT_OK)
        status = writer_add_entries(w, batch->chunks, batch->count);
    if (w->status == CKPT_OK)
        w->status = status;
    w->next_ticket++;
}

/* Writes and gives the packers back. */
static void write_all(struct ckpt_writer *w, struct batch *list)
{
    for (struct batch *batch = list; batch != NULL; batch = batch->next)
        writer_write_out(w, batch);
    pthread_mutex_lock(&w->lock);
    for (struct batch *batch = list; batch != NULL; batch = batch->next) {
        if (batch->packer == NULL)
            continue;
        batch->packer->next = w->packers;
        w->packers = batch->packer;
        batch->packer = NULL;
    }
    pthread_mutex_unlock(&w->lock);
}

enum ckpt_status writer_take_turn(struct ckpt_writer *w, uint64_t ticket, struct batch *batch, enum ckpt_status status)
{
    batch->ticket = ticket;
    batch->status = status;
    pthread_mutex_lock(&w->lock);
    if (defer(w, batch)) {
        status = w->status;
        pthread_mutex_unlock(&w->lock);
        return status;
    }
    while (w->next_ticket < ticket && w->status == CKPT_OK)
        pthread_cond_wait(&w->turn, &w->lock);
    settle(w, batch);
    for (struct batch *last = batch; (last->next = take_deferred(w)) != NULL; last = last->next)
        settle(w, last->next);
    pthread_cond_broadcast(&w->turn);
    pthread_mutex_unlock(&w->lock);
    write_all(w, batch);
    for (struct batch *done = batch->next, *next; done != NULL; done = next) {
        next = done->next;
        free_batch(done);
    }
    free(batch->chunks);
    pthread_mutex_lock(&w->lock);
    status = w->status;
    pthread_mutex_unlock(&w->lock);
    return status;
}

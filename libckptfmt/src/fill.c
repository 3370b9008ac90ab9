/* Chunks are unpacked straight to where they belong; only those that a range cuts go through a buffer, once for all ranges that follow one another in it. */
#include <inttypes.h>
#include <stdlib.h>
#include <string.h>

#include "adopt.h"
#include "parents.h"
#include "pool.h"
#include "reader_state.h"

enum { JOBS_PER_THREAD = 4, PIECES = 16, PIECES_MAX = 64, JOB_SPAN = 512 << 10 };

struct job {
    size_t count;
    uint64_t bytes;
    struct piece {
        struct ckpt_chunk chunk;
        struct ckpt_reader *owner;
        uint8_t *to;
        uint64_t from, length; /* within the chunk */
    } pieces[PIECES_MAX]; /* more than PIECES only of one chunk */
    enum ckpt_status status;
    struct error error;
};

struct worker {
    struct fetch fetch;
    uint8_t *bytes;
    size_t room;
};

struct fill {
    struct ckpt_reader *reader;
    struct ckpt_fill_options options;
    struct pool *pool;
    struct worker workers[POOL_THREADS_MAX];
    struct job *jobs, *open; /* the one that pieces are added to, NULL */
    size_t job_count;
    uint64_t next, done, total;
    enum ckpt_status status;
};

static bool is_whole(const struct piece *piece)
{
    return piece->length == piece->chunk.length;
}

/* Stored once, whatever the places in memory. */
static bool is_same_chunk(const struct piece *a, const struct piece *b)
{
    return a->owner == b->owner && a->chunk.offset == b->chunk.offset && a->chunk.stored_length == b->chunk.stored_length &&
           a->chunk.length == b->chunk.length && memcmp(a->chunk.digest, b->chunk.digest, sizeof(a->chunk.digest)) == 0;
}

static enum ckpt_status fetch_to_buffer(struct worker *worker, const struct piece *piece)
{
    const struct ckpt_chunk *chunk = &piece->chunk;
    if (chunk->length > worker->room) {
        free(worker->bytes);
        worker->bytes = malloc(chunk->length);
        worker->room = worker->bytes != NULL ? chunk->length : 0;
    }
    if (worker->bytes == NULL)
        return error_set(&worker->fetch.error, CKPT_NO_MEMORY, "chunk of %" PRIu64 " bytes: out of memory", chunk->length);
    return fetch_bytes(&worker->fetch, &piece->owner->io, chunk, worker->bytes);
}

/* The buffer has the chunk of `before`, where that is not NULL. */
static enum ckpt_status do_cut_piece(struct worker *worker, const struct piece *piece, const struct piece *before)
{
    enum ckpt_status status = before != NULL && is_same_chunk(piece, before) ? CKPT_OK : fetch_to_buffer(worker, piece);
    if (status == CKPT_OK)
        memcpy(piece->to, worker->bytes + piece->from, piece->length);
    return status;
}

static void work(void *context, void *given, unsigned number)
{
    struct worker *worker = &((struct fill *)context)->workers[number];
    struct job *job = given;
    const struct piece *cut = NULL;
    job->status = CKPT_OK;
    for (size_t i = 0; i < job->count && job->status == CKPT_OK; i++) {
        const struct piece *piece = &job->pieces[i];
        if (is_whole(piece)) {
            job->status = fetch_bytes(&worker->fetch, &piece->owner->io, &piece->chunk, piece->to);
        } else {
            job->status = do_cut_piece(worker, piece, cut);
            cut = piece;
        }
    }
    if (job->status != CKPT_OK)
        job->error = worker->fetch.error;
}

static void fail(struct fill *f, enum ckpt_status status)
{
    if (f->status == CKPT_OK)
        f->status = status;
}

static void take(struct fill *f)
{
    struct job *job = pool_take(f->pool);
    for (size_t i = 0; i < job->count; i++)
        parents_release(f->reader, job->pieces[i].owner);
    if (f->status == CKPT_OK && job->status != CKPT_OK) {
        f->reader->error = job->error;
        fail(f, job->status);
    }
    f->done += job->bytes;
    if (f->status == CKPT_OK && f->options.progress != NULL && !f->options.progress(f->options.context, f->done, f->total))
        fail(f, error_set(&f->reader->error, CKPT_REFUSED, "filling memory: stopped as asked"));
}

static void give(struct fill *f)
{
    if (f->open == NULL)
        return;
    f->next++;
    pool_give(f->pool, f->open);
    f->open = NULL;
}

static void add_piece(struct fill *f, const struct piece *piece)
{
    const struct job *open = f->open;
    bool is_full = open != NULL && (open->count >= PIECES || open->bytes >= JOB_SPAN);
    if (is_full && (open->count == PIECES_MAX || is_whole(piece) || !is_same_chunk(piece, &open->pieces[open->count - 1])))
        give(f);
    if (f->open == NULL) {
        while (!pool_has_room(f->pool))
            take(f);
        f->open = &f->jobs[f->next % f->job_count];
        f->open->count = 0;
        f->open->bytes = 0;
    }
    f->open->pieces[f->open->count++] = *piece;
    f->open->bytes += piece->length;
}

static void fill_range(struct fill *f, const struct ckpt_fill *range)
{
    uint64_t i, end = range->address + range->length;
    struct ckpt_chunk chunk;
    enum ckpt_status status = ckpt_reader_seek_chunk(f->reader, range->space, range->address, &i);
    for (; status == CKPT_OK && f->status == CKPT_OK; i++) {
        status = ckpt_reader_chunk(f->reader, i, &chunk);
        if (status != CKPT_OK || chunk.space != range->space || chunk.address >= end)
            break;
        uint64_t from = chunk.address > range->address ? chunk.address : range->address;
        uint64_t stop = chunk.address + chunk.length < end ? chunk.address + chunk.length : end;
        if (stop <= from)
            continue; /* out of order: damaged, but verifying's business */
        struct piece piece = {.to = (uint8_t *)range->memory + (from - range->address), .from = from - chunk.address, .length = stop - from};
        status = parents_resolve(f->reader, &chunk, &piece.owner, &piece.chunk);
        if (status == CKPT_OK)
            add_piece(f, &piece);
    }
    if (status != CKPT_OK && status != CKPT_END)
        fail(f, status);
}

static enum ckpt_status run(struct fill *f, const struct ckpt_fill *ranges, size_t count)
{
    for (size_t i = 0; i < count; i++)
        f->total += ranges[i].length;
    for (size_t i = 0; i < count && f->status == CKPT_OK; i++) {
        if (ranges[i].length > UINT64_MAX - ranges[i].address)
            fail(f, error_set(&f->reader->error, CKPT_INVALID, "a range of 0x%" PRIx64 " bytes at 0x%" PRIx64, ranges[i].length, ranges[i].address));
        else
            fill_range(f, &ranges[i]);
    }
    give(f);
    while (pool_outstanding(f->pool) > 0)
        take(f);
    return f->status;
}

static void fill_deinit(struct fill *f)
{
    pool_destroy(f->pool);
    for (size_t i = 0; i < POOL_THREADS_MAX; i++) {
        fetch_deinit(&f->workers[i].fetch);
        free(f->workers[i].bytes);
    }
    free(f->jobs);
}

enum ckpt_status ckpt_reader_fill(struct ckpt_reader *r, const struct ckpt_fill *ranges, size_t count, const struct ckpt_fill_options *options)
{
    struct fill *f = calloc(1, sizeof(*f));
    if (f == NULL)
        return error_set(&r->error, CKPT_NO_MEMORY, "filling memory: out of memory");
    enum ckpt_status status;
    if (!r->opened || !adopt_options(&f->options, sizeof(f->options), options)) {
        status = error_set(&r->error, CKPT_INVALID, "struct ckpt_fill_options has an impossible size, or the reader is not open");
    } else {
        unsigned threads = pool_threads(f->options.threads);
        f->reader = r;
        f->job_count = threads * JOBS_PER_THREAD + 1;
        f->jobs = calloc(f->job_count, sizeof(*f->jobs));
        f->pool = pool_create(threads, f->job_count - 1, work, f);
        status = f->jobs != NULL && f->pool != NULL ? run(f, ranges, count) : error_set(&r->error, CKPT_NO_MEMORY, "filling memory: out of memory");
        fill_deinit(f);
    }
    free(f);
    return status;
}

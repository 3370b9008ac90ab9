/* Chunks go through a pool: fetched, and put again, by the same worker; where somebody wants to change them the calling thread does that in between. */
#include <inttypes.h>
#include <stdlib.h>
#include <string.h>

#include "parents.h"
#include "pool.h"
#include "rewrite_state.h"
#include "writer_state.h"

enum { JOBS_PER_THREAD = 4 };

struct job {
    struct ckpt_chunk chunk;    /* in the old image */
    struct ckpt_chunk source;   /* where its bytes are */
    struct ckpt_reader *owner;
    bool stored;                /* move the stored bytes as they lie */
    uint64_t ticket;
    const void *bytes;
    uint8_t *buffer;
    size_t room;
    enum ckpt_status status;
    struct error error;
};

struct build {
    struct rewrite *rewrite;
    struct ckpt_writer *writer;
    struct pool *pool;
    struct fetch fetches[POOL_THREADS_MAX];
    struct job *jobs;
    size_t job_count;
    uint64_t next;
    enum ckpt_status status;
};

static enum ckpt_status fetch_job(struct job *job, struct fetch *fetch)
{
    if (job->chunk.length > job->room) {
        free(job->buffer);
        job->buffer = malloc(job->chunk.length);
        job->room = job->buffer != NULL ? job->chunk.length : 0;
    }
    if (job->buffer == NULL)
        return error_set(&job->error, CKPT_NO_MEMORY, "chunk of %" PRIu64 " bytes: out of memory", job->chunk.length);
    enum ckpt_status status = fetch_bytes(fetch, &job->owner->io, &job->source, job->buffer);
    job->bytes = job->buffer;
    if (status != CKPT_OK)
        job->error = fetch->error;
    return status;
}

static enum ckpt_status put_job(struct build *b, struct job *job)
{
    enum ckpt_status status = job->stored ? ckpt_writer_put_stored(b->writer, job->ticket, &job->source, job->bytes)
                                          : ckpt_writer_put(b->writer, job->ticket, job->chunk.space, job->chunk.address, job->bytes, job->chunk.length);
    if (status != CKPT_OK) {
        pthread_mutex_lock(&b->writer->lock);
        job->error = b->writer->error;
        pthread_mutex_unlock(&b->writer->lock);
    }
    return status;
}

/* Every ticket is used, also after a failure: nobody waits for ever. */
static void work(void *context, void *given, unsigned number)
{
    struct build *b = context;
    struct job *job = given;
    struct fetch *fetch = &b->fetches[number];
    job->status = CKPT_OK;
    if (job->bytes == NULL && job->stored && job->source.codec != CKPT_CODEC_PARENT) {
        job->status = fetch_stored(fetch, &job->owner->io, &job->source, &job->bytes);
        if (job->status != CKPT_OK)
            job->error = fetch->error;
    } else if (job->bytes == NULL && !job->stored) {
        job->status = fetch_job(job, fetch);
    }
    if (job->status == CKPT_OK)
        job->status = put_job(b, job);
    else
        ckpt_writer_put(b->writer, job->ticket, job->chunk.space, job->chunk.address, NULL, job->chunk.length);
}

static void take(struct build *b)
{
    struct job *job = pool_take(b->pool);
    if (job->owner != NULL)
        parents_release(b->rewrite->reader, job->owner);
    if (b->status == CKPT_OK && job->status != CKPT_OK) {
        b->status = job->status;
        b->rewrite->reader->error = job->error;
    }
}

/* The calling thread's part: who has the bytes, and whether they change. */
static enum ckpt_status prepare(struct build *b, struct job *job)
{
    struct rewrite *w = b->rewrite;
    bool packed = (w->footer.facts.incompatible_features & CKPT_FEATURE_PACKED) != 0;
    bool change = w->options.change != NULL && w->options.change(w->options.context, &job->chunk, NULL);
    bool keeps_parent = (w->footer.facts.incompatible_features & CKPT_FEATURE_PARENT) != 0 && !change;
    job->owner = NULL;
    job->source = job->chunk;
    job->bytes = NULL;
    job->stored = true;
    if (job->chunk.codec == CKPT_CODEC_PARENT && keeps_parent)
        return CKPT_OK;
    enum ckpt_status status = parents_resolve(w->reader, &job->chunk, &job->owner, &job->source);
    if (status != CKPT_OK)
        return status;
    job->stored = packed && !change && (w->options.pages & CKPT_REWRITE_COMPRESS) == 0 && job->source.codec == CKPT_CODEC_ZSTD;
    job->source.space = job->chunk.space;
    job->source.address = job->chunk.address;
    if (!change)
        return CKPT_OK;
    status = fetch_job(job, &w->reader->fetch);
    if (status != CKPT_OK) {
        w->reader->error = job->error;
        parents_release(w->reader, job->owner);
    } else {
        w->options.change(w->options.context, &job->chunk, job->buffer);
    }
    return status;
}

static enum ckpt_status put_chunks(struct build *b)
{
    struct ckpt_reader *r = b->rewrite->reader;
    uint64_t total = r->footer.facts.index_count;
    for (uint64_t i = 0; i < total && b->status == CKPT_OK; i++) {
        while (!pool_has_room(b->pool))
            take(b);
        struct job *job = &b->jobs[b->next % b->job_count];
        enum ckpt_status status = ckpt_reader_chunk(r, i, &job->chunk);
        if (status == CKPT_OK)
            status = prepare(b, job);
        if (status == CKPT_OK && !rewrite_go_on(b->rewrite, i, total))
            status = rewrite_stopped(b->rewrite);
        if (status != CKPT_OK) {
            b->status = status;
            break;
        }
        job->ticket = b->next++;
        pool_give(b->pool, job);
    }
    struct error error = r->error;
    enum ckpt_status first = b->status;
    while (pool_outstanding(b->pool))
        take(b);
    if (first != CKPT_OK)
        r->error = error;
    return b->status;
}

static enum ckpt_status failed(struct build *b, enum ckpt_status status)
{
    return error_set(&b->rewrite->reader->error, status, "%s", ckpt_writer_error(b->writer));
}

static void move_area(struct note_area *to, struct note_area *from)
{
    *to = *from;
    *from = (struct note_area){.bytes = NULL};
}

static enum ckpt_status write_image(struct build *b)
{
    struct rewrite *w = b->rewrite;
    move_area(&b->writer->head, &w->head);
    move_area(&b->writer->process, &w->process);
    b->writer->footer.facts.version_minor = w->footer.facts.version_minor; /* a later one's stays */
    enum ckpt_status status = rewrite_layout(w, b->writer);
    if (status != CKPT_OK)
        return status;
    status = ckpt_writer_begin_pages(b->writer);
    if (status != CKPT_OK)
        return failed(b, status);
    status = put_chunks(b);
    if (status != CKPT_OK)
        return status;
    move_area(&b->writer->tail, &w->tail);
    status = ckpt_writer_finish(b->writer, false, NULL);
    return status != CKPT_OK ? failed(b, status) : CKPT_OK;
}

static void build_deinit(struct build *b)
{
    pool_destroy(b->pool);
    for (size_t i = 0; b->jobs != NULL && i < b->job_count; i++)
        free(b->jobs[i].buffer);
    for (size_t i = 0; i < POOL_THREADS_MAX; i++)
        fetch_deinit(&b->fetches[i]);
    free(b->jobs);
    ckpt_writer_destroy(b->writer);
}

enum ckpt_status rewrite_build(struct rewrite *w)
{
    const struct ckpt_footer *f = &w->footer.facts;
    bool packed = (f->incompatible_features & CKPT_FEATURE_PACKED) != 0;
    uint32_t level = w->options.level > 0 ? (uint32_t)w->options.level : CKPT_COMPRESSION_DEFAULT;
    struct ckpt_writer_options options = {.struct_size = sizeof(options), .chunk_size = f->chunk_size, .compression = packed ? level : 0,
                                          .read_only_features = f->read_only_features, .compatible_features = f->compatible_features,
                                          .incompatible_features = f->incompatible_features};
    unsigned threads = pool_threads(w->options.threads);
    struct build *b = calloc(1, sizeof(*b));
    enum ckpt_status status = CKPT_NO_MEMORY;
    if (b != NULL) {
        b->rewrite = w;
        b->job_count = threads * JOBS_PER_THREAD + 1;
        b->jobs = calloc(b->job_count, sizeof(*b->jobs));
        b->pool = pool_create(threads, b->job_count - 1, work, b);
        b->writer = ckpt_writer_create(&w->sink, &options);
        if (b->jobs != NULL && b->pool != NULL && b->writer != NULL)
            status = write_image(b);
        else
            error_set(&w->reader->error, status, "rewriting: out of memory");
        build_deinit(b);
    } else {
        error_set(&w->reader->error, status, "rewriting: out of memory");
    }
    free(b);
    return status;
}

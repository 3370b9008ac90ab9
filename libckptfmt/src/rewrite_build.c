/* Chunks go through a pool: fetched, and put again, by the same worker; where somebody wants to change them the calling thread does that in between.
 * Where chunks become larger, those that touch one another inside a new one are one job. */
#include <inttypes.h>
#include <stdlib.h>
#include <string.h>

#include "parents.h"
#include "pool.h"
#include "rewrite_state.h"
#include "writer_state.h"

/* With few jobs in flight, a thread that is not scheduled for a while makes the others wait; with many large ones there is much memory in use. */
enum { JOBS_PER_THREAD = 4, LARGE_JOBS_PER_THREAD = 2, LARGE = 2 << 20, PARTS = CKPT_CHUNK_SIZE_MAX / CKPT_CHUNK_SIZE_DEFAULT };

struct part {
    struct ckpt_chunk chunk;    /* in the old image */
    struct ckpt_chunk source;   /* where its bytes are */
    struct ckpt_reader *owner;  /* NULL: they are not needed, or in the job's buffer already */
};

struct job {
    struct part parts[PARTS];   /* each begins where the one before it ends */
    size_t count;
    size_t length;              /* of all of them */
    bool stored;                /* move the stored bytes as they lie; one part */
    uint64_t ticket;
    const void *bytes;          /* NULL: still to be fetched */
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
    bool regroups;              /* the new image's chunks are larger */
    enum ckpt_status status;
};

static bool reserve(struct job *job, size_t length)
{
    if (length > job->room) {
        uint8_t *buffer = realloc(job->buffer, length);
        if (buffer == NULL) {
            error_set(&job->error, CKPT_NO_MEMORY, "chunk of %zu bytes: out of memory", length);
            return false;
        }
        job->buffer = buffer;
        job->room = length;
    }
    return true;
}

static enum ckpt_status fetch_part(struct job *job, const struct part *part, struct fetch *fetch)
{
    uint8_t *to = job->buffer + (part->chunk.address - job->parts[0].chunk.address);
    enum ckpt_status status = fetch_bytes(fetch, &part->owner->io, &part->source, to);
    if (status != CKPT_OK)
        job->error = fetch->error;
    return status;
}

static enum ckpt_status fetch_job(struct job *job, struct fetch *fetch)
{
    const struct part *only = &job->parts[0];
    enum ckpt_status status = CKPT_OK;
    if (job->stored) {
        if (only->source.codec != CKPT_CODEC_PARENT)
            status = fetch_stored(fetch, &only->owner->io, &only->source, &job->bytes);
        if (status != CKPT_OK)
            job->error = fetch->error;
        return status;
    }
    if (!reserve(job, job->length))
        return CKPT_NO_MEMORY;
    for (size_t i = 0; i < job->count && status == CKPT_OK; i++)
        if (job->parts[i].owner != NULL)
            status = fetch_part(job, &job->parts[i], fetch);
    job->bytes = job->buffer;
    return status;
}

static enum ckpt_status put_job(struct build *b, struct job *job)
{
    const struct ckpt_chunk *first = &job->parts[0].chunk;
    enum ckpt_status status = job->stored ? ckpt_writer_put_stored(b->writer, job->ticket, &job->parts[0].source, job->bytes)
                                          : ckpt_writer_put(b->writer, job->ticket, first->space, first->address, job->bytes, job->length);
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
    job->status = fetch_job(job, &b->fetches[number]);
    if (job->status == CKPT_OK)
        job->status = put_job(b, job);
    else
        ckpt_writer_put(b->writer, job->ticket, job->parts[0].chunk.space, job->parts[0].chunk.address, NULL, job->length);
}

static void take(struct build *b)
{
    struct job *job = pool_take(b->pool);
    for (size_t i = 0; i < job->count; i++)
        if (job->parts[i].owner != NULL)
            parents_release(b->rewrite->reader, job->parts[i].owner);
    if (b->status == CKPT_OK && job->status != CKPT_OK) {
        b->status = job->status;
        b->rewrite->reader->error = job->error;
    }
}

/* The calling thread changes what is to be changed. */
static enum ckpt_status change(struct build *b, struct job *job, struct part *part)
{
    struct rewrite *w = b->rewrite;
    enum ckpt_status status = reserve(job, job->length) ? fetch_part(job, part, &w->reader->fetch) : CKPT_NO_MEMORY;
    parents_release(w->reader, part->owner);
    part->owner = NULL;
    if (status != CKPT_OK)
        w->reader->error = job->error;
    else
        w->options.change(w->options.context, &part->chunk, job->buffer + (part->chunk.address - job->parts[0].chunk.address));
    return status;
}

/* The calling thread's part: who has the bytes, and whether they change. */
static enum ckpt_status prepare(struct build *b, struct job *job, const struct ckpt_chunk *chunk)
{
    struct rewrite *w = b->rewrite;
    bool packed = (w->footer.facts.incompatible_features & CKPT_FEATURE_PACKED) != 0;
    bool changes = w->options.change != NULL && w->options.change(w->options.context, chunk, NULL);
    bool keeps_parent = (w->footer.facts.incompatible_features & CKPT_FEATURE_PARENT) != 0 && !changes;
    struct part *part = &job->parts[job->count];
    *part = (struct part){.chunk = *chunk, .source = *chunk};
    job->stored = chunk->codec == CKPT_CODEC_PARENT && keeps_parent;
    if (!job->stored) {
        enum ckpt_status status = parents_resolve(w->reader, chunk, &part->owner, &part->source);
        if (status != CKPT_OK)
            return status;
        job->stored = packed && !changes && (w->options.pages & CKPT_REWRITE_COMPRESS) == 0 && part->source.codec == CKPT_CODEC_ZSTD && !b->regroups;
    }
    part->source.space = chunk->space;
    part->source.address = chunk->address;
    job->length += chunk->length;
    job->count++;
    return changes ? change(b, job, part) : CKPT_OK;
}

/* Whether the chunk goes on where the job ends, inside one of the new image's chunks and extents. */
static bool continues(const struct build *b, const struct job *job, const struct ckpt_chunk *chunk)
{
    const struct ckpt_chunk *first = &job->parts[0].chunk;
    uint64_t size = b->rewrite->footer.facts.chunk_size;
    return job->count < PARTS && chunk->space == first->space && chunk->address == first->address + job->length &&
           chunk->address / size == first->address / size &&
           layout_find(&b->writer->layout, chunk->space, first->address, job->length + chunk->length) != NULL;
}

static struct job *open_job(struct build *b)
{
    while (!pool_has_room(b->pool))
        take(b);
    struct job *job = &b->jobs[b->next % b->job_count];
    job->count = job->length = 0;
    job->bytes = NULL;
    return job;
}

static void give(struct build *b, struct job *job)
{
    job->ticket = b->next++;
    pool_give(b->pool, job);
}

/* What was opened and not given. */
static void drop(struct build *b, struct job *job)
{
    for (size_t i = 0; i < job->count; i++)
        if (job->parts[i].owner != NULL)
            parents_release(b->rewrite->reader, job->parts[i].owner);
    job->count = 0;
}

static enum ckpt_status give_all(struct build *b)
{
    struct ckpt_reader *r = b->rewrite->reader;
    uint64_t total = r->footer.facts.index_count;
    struct job *job = open_job(b);
    enum ckpt_status status = CKPT_OK;
    for (uint64_t i = 0; i < total && status == CKPT_OK && b->status == CKPT_OK; i++) {
        struct ckpt_chunk chunk;
        status = ckpt_reader_chunk(r, i, &chunk);
        if (status == CKPT_OK && job->count > 0 && !(b->regroups && continues(b, job, &chunk))) {
            give(b, job);
            job = open_job(b);
        }
        if (status == CKPT_OK)
            status = prepare(b, job, &chunk);
        if (status == CKPT_OK && !rewrite_go_on(b->rewrite, i, total))
            status = rewrite_stopped(b->rewrite);
    }
    if (status == CKPT_OK && b->status == CKPT_OK && job->count > 0)
        give(b, job);
    else
        drop(b, job);
    return status;
}

static enum ckpt_status put_chunks(struct build *b)
{
    struct ckpt_reader *r = b->rewrite->reader;
    enum ckpt_status status = give_all(b);
    struct error error = r->error;
    if (b->status == CKPT_OK)
        b->status = status;
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
    const struct ckpt_footer *f = &w->footer.facts, *old = &w->reader->footer.facts;
    bool packed = (f->incompatible_features & CKPT_FEATURE_PACKED) != 0;
    struct ckpt_writer_options options = {.struct_size = sizeof(options), .chunk_size = f->chunk_size, .compression = packed ? rewrite_level(w) : 0,
                                          .read_only_features = f->read_only_features, .compatible_features = f->compatible_features,
                                          .incompatible_features = f->incompatible_features};
    unsigned threads = pool_threads(w->options.threads);
    struct build *b = calloc(1, sizeof(*b));
    enum ckpt_status status = CKPT_NO_MEMORY;
    if (b != NULL) {
        b->rewrite = w;
        b->regroups = f->chunk_size > old->chunk_size;
        b->job_count = threads * (f->chunk_size > LARGE || old->chunk_size > LARGE ? LARGE_JOBS_PER_THREAD : JOBS_PER_THREAD) + 1;
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

/* The index is walked once, in order. What lies next to each other in the file becomes a job: one read, whose bytes a worker accounts for completely
 * (descriptions, chunks, zeros between them). Wide gaps are not read where the file says that they are holes. */
#include <inttypes.h>
#include <stdlib.h>
#include <string.h>

#include "cursor.h"
#include "digest.h"
#include "index.h"
#include "grow.h"
#include "io.h"
#include "packer.h"
#include "parents.h"
#include "pool.h"
#include "shares.h"
#include "verify_state.h"

enum { JOB_SPAN = 256 << 10, JOB_CHUNKS = 64, NEAR = 64 << 10, JOBS_PER_THREAD = 4, INDEX_READ = 1024 };

struct job {
    uint64_t from, to;
    size_t count;
    struct ckpt_chunk chunks[JOB_CHUNKS];
    bool own[JOB_CHUNKS];
    struct found {
        enum ckpt_status status;
        uint64_t offset;
        const struct ckpt_chunk *chunk;
        struct error error;
    } *faults;
    size_t fault_count, fault_room;
};

struct worker {
    struct fetch fetch;
    uint8_t *bytes, *unpacked;
    size_t room, unpacked_room;
};

struct walk {
    struct verify *verify;
    struct ckpt_reader *reader;
    bool packed;
    struct shares *shares;
    struct digest_stream *digest;
    struct pool *pool;
    struct worker workers[POOL_THREADS_MAX];
    struct job *jobs, *open; /* the one being filled */
    size_t job_count, next;
    uint64_t position;       /* of the file: everything before it is in a job */
};

static void note_fault(struct job *job, enum ckpt_status status, uint64_t offset, const struct ckpt_chunk *chunk, const struct error *error)
{
    struct found *faults = grow(job->faults, job->fault_count, &job->fault_room, sizeof(*faults));
    if (faults == NULL)
        return;
    job->faults = faults;
    job->faults[job->fault_count++] = (struct found){status, offset, chunk, *error};
}

static bool reserve(uint8_t **bytes, size_t *room, size_t wanted)
{
    if (wanted <= *room)
        return true;
    free(*bytes);
    *bytes = malloc(wanted);
    *room = *bytes != NULL ? wanted : 0;
    return *bytes != NULL;
}

static void check_zeros(struct job *job, struct worker *worker, const uint8_t *bytes, uint64_t from, uint64_t length)
{
    struct cursor c = cursor_over(bytes, length);
    if (length == 0 || cursor_zeros(&c, length))
        return;
    size_t at = 0;
    while (bytes[at] == 0)
        at++;
    note_fault(job, error_set(&worker->fetch.error, CKPT_CORRUPT, "0x%" PRIx64 ": a byte that belongs to no chunk is not zero", from + at), from + at, NULL,
               &worker->fetch.error);
}

static void check_chunk(struct job *job, struct worker *worker, const struct ckpt_chunk *chunk, const uint8_t *stored)
{
    bool raw = chunk->codec == CKPT_CODEC_RAW;
    enum ckpt_status status = CKPT_NO_MEMORY;
    if (raw || reserve(&worker->unpacked, &worker->unpacked_room, chunk->length))
        status = fetch_unpack(&worker->fetch, chunk, stored, raw ? (void *)(uintptr_t)stored : worker->unpacked);
    else
        error_set(&worker->fetch.error, status, "verifying: out of memory");
    if (status != CKPT_OK)
        note_fault(job, status, chunk->offset, chunk, &worker->fetch.error);
}

static void check_description(struct job *job, struct worker *worker, const uint8_t *bytes, uint64_t at, size_t i)
{
    uint8_t expected[PACKER_DESCRIPTION_SIZE];
    packer_describe(expected, &job->chunks[i], job->own[i]);
    if (memcmp(bytes, expected, sizeof(expected)) == 0)
        return;
    note_fault(job, error_set(&worker->fetch.error, CKPT_CORRUPT, "0x%" PRIx64 ": the frame's description differs from its index entry", at), at,
               &job->chunks[i], &worker->fetch.error);
}

static void work(void *context, void *given, unsigned number)
{
    struct walk *walk = context;
    struct worker *worker = &walk->workers[number];
    struct job *job = given;
    size_t length = (size_t)(job->to - job->from);
    if (!reserve(&worker->bytes, &worker->room, length)) {
        note_fault(job, error_set(&worker->fetch.error, CKPT_NO_MEMORY, "verifying: out of memory"), job->from, NULL, &worker->fetch.error);
        return;
    }
    int error = io_read_at(&walk->reader->io, worker->bytes, length, job->from);
    if (error != 0) {
        note_fault(job, fetch_io(&worker->fetch.error, error, "pages", job->from), job->from, NULL, &worker->fetch.error);
        return;
    }
    uint64_t position = job->from;
    for (size_t i = 0; i < job->count; i++) {
        const struct ckpt_chunk *chunk = &job->chunks[i];
        if (walk->packed) {
            check_description(job, worker, worker->bytes + (position - job->from), position, i);
            position += PACKER_DESCRIPTION_SIZE;
        } else {
            check_zeros(job, worker, worker->bytes + (position - job->from), position, chunk->offset - position);
            position = chunk->offset;
        }
        if (job->own[i]) {
            check_chunk(job, worker, chunk, worker->bytes + (position - job->from));
            position += chunk->stored_length;
        }
    }
    check_zeros(job, worker, worker->bytes + (position - job->from), position, job->to - position);
}

/* Tells what the oldest job has found. */
static bool take(struct walk *walk)
{
    struct job *job = pool_take(walk->pool);
    if (job == NULL)
        return false;
    for (size_t i = 0; i < job->fault_count; i++)
        verify_fault(walk->verify, &job->faults[i].error, job->faults[i].status, job->faults[i].offset, job->faults[i].chunk);
    job->fault_count = 0;
    verify_progress(walk->verify, job->to - job->from);
    return true;
}

static void close_job(struct walk *walk)
{
    struct job *job = walk->open;
    if (job == NULL)
        return;
    walk->open = NULL;
    if (job->to == job->from)
        return;
    walk->next++;
    pool_give(walk->pool, job);
}

static struct job *open_job(struct walk *walk)
{
    if (walk->open != NULL)
        return walk->open;
    while (!pool_has_room(walk->pool))
        take(walk);
    struct job *job = &walk->jobs[walk->next % walk->job_count];
    job->from = job->to = walk->position;
    job->count = 0;
    return walk->open = job;
}

/* Everything up to `to`, which no chunk covers: holes are passed over, the rest is read in jobs of its own. */
static void cover_gap(struct walk *walk, uint64_t to)
{
    struct ckpt_reader *r = walk->reader;
    close_job(walk);
    while (walk->position < to && !walk->verify->stopped) {
        uint64_t data = walk->position;
        if (r->io.next_data != NULL && r->io.next_data(r->io.context, data, &data) == 0 && data > walk->position) {
            verify_progress(walk->verify, (data < to ? data : to) - walk->position);
            walk->position = data < to ? data : to;
            continue;
        }
        struct job *job = open_job(walk);
        uint64_t left = to - walk->position;
        walk->position += left < JOB_SPAN ? left : JOB_SPAN;
        job->to = walk->position;
        close_job(walk);
    }
}

/* Adds a chunk and what lies in front of it to a job. `end` is where its part of the file ends. */
static void cover_chunk(struct walk *walk, const struct ckpt_chunk *chunk, bool own, uint64_t end)
{
    if (walk->open != NULL && (walk->open->count == JOB_CHUNKS || end - walk->open->from > JOB_SPAN))
        close_job(walk);
    struct job *job = open_job(walk);
    job->own[job->count] = own;
    job->chunks[job->count++] = *chunk;
    job->to = walk->position = end;
}

static void misplaced(struct walk *walk, const struct ckpt_chunk *chunk, const char *before, const char *behind)
{
    struct error *error = &walk->reader->error;
    enum ckpt_status status = error_set(error, CKPT_CORRUPT, "pages 0x%" PRIx64 " of space %u: %stheir bytes at 0x%" PRIx64 "%s", chunk->address, chunk->space,
                                        before, chunk->offset, behind);
    verify_fault(walk->verify, error, status, chunk->offset, chunk);
}

static void place_raw(struct walk *walk, const struct ckpt_chunk *chunk)
{
    if (chunk->codec == CKPT_CODEC_PARENT)
        return;
    if (chunk->offset < walk->position) {
        misplaced(walk, chunk, "", " overlap those before them");
        return;
    }
    if (chunk->offset - walk->position > NEAR)
        cover_gap(walk, chunk->offset);
    cover_chunk(walk, chunk, true, chunk->offset + chunk->stored_length);
}

/* Every entry has its description where the one before ended, and its bytes behind it, unless it shares an earlier chunk's or has none. */
static void place_packed(struct walk *walk, const struct ckpt_chunk *chunk)
{
    uint64_t after = walk->position + PACKER_DESCRIPTION_SIZE;
    const struct ckpt_chunk *source;
    if (after > walk->reader->footer.facts.pages_end) {
        misplaced(walk, chunk, "", " do not follow those before them");
    } else if (chunk->codec == CKPT_CODEC_PARENT) {
        cover_chunk(walk, chunk, false, after);
    } else if (chunk->offset == after) {
        shares_add(walk->shares, chunk);
        cover_chunk(walk, chunk, true, after + chunk->stored_length);
    } else if (chunk->offset > after) {
        misplaced(walk, chunk, "", " do not follow those before them");
        close_job(walk);
        walk->position = chunk->offset + chunk->stored_length;
    } else {
        if (!shares_holds(walk->shares, chunk, &source))
            misplaced(walk, chunk, "no chunk before them stored ", "");
        cover_chunk(walk, chunk, false, after);
    }
}

static void check_parent(struct walk *walk, const struct ckpt_chunk *chunk)
{
    struct ckpt_reader *owner;
    struct ckpt_chunk found;
    enum ckpt_status status = chunk->codec == CKPT_CODEC_PARENT ? parents_resolve(walk->reader, chunk, &owner, &found) : CKPT_END;
    if (status == CKPT_OK)
        parents_release(walk->reader, owner);
    else if (status != CKPT_END)
        verify_fault(walk->verify, &walk->reader->error, status, 0, chunk);
}

static void walk_entries(struct walk *walk, const uint8_t *bytes, uint64_t first, uint64_t count, struct ckpt_chunk *last)
{
    struct ckpt_reader *r = walk->reader;
    for (uint64_t i = 0; i < count && !walk->verify->stopped; i++) {
        struct ckpt_chunk chunk;
        uint64_t at = r->footer.facts.index_offset + (first + i) * CKPT_INDEX_ENTRY_SIZE;
        enum ckpt_status status = reader_decode_entry(r, bytes + i * CKPT_INDEX_ENTRY_SIZE, first + i, &chunk, &r->error);
        if (status == CKPT_OK && last->length > 0 && !index_in_order(last, &chunk))
            status = error_set(&r->error, CKPT_CORRUPT, "index entry %" PRIu64 " at 0x%" PRIx64 ": not in order, or it overlaps the one before", first + i, at);
        if (status != CKPT_OK) {
            verify_fault(walk->verify, &r->error, status, at, NULL);
            continue;
        }
        *last = chunk;
        if (walk->packed)
            place_packed(walk, &chunk);
        else
            place_raw(walk, &chunk);
        check_parent(walk, &chunk);
    }
}

static void control(struct walk *walk, const uint8_t expected[PACKER_DESCRIPTION_SIZE], uint64_t at, const char *does)
{
    struct ckpt_reader *r = walk->reader;
    uint8_t found[PACKER_DESCRIPTION_SIZE];
    int error = io_read_at(&r->io, found, sizeof(found), at);
    if (error != 0)
        verify_fault(walk->verify, &r->error, fetch_io(&r->error, error, "a description", at), at, NULL);
    else if (memcmp(found, expected, sizeof(found)) != 0)
        verify_fault(walk->verify, &r->error, error_set(&r->error, CKPT_CORRUPT, "0x%" PRIx64 ": the description that %s the pages is damaged", at, does), at,
                     NULL);
}

static void begin_pages(struct walk *walk)
{
    const struct footer *footer = &walk->reader->footer;
    uint8_t begin[PACKER_DESCRIPTION_SIZE];
    walk->position = footer->facts.head_size;
    if (!walk->packed)
        return;
    packer_describe_begin(begin, footer->facts.head_size, footer->head_digest);
    control(walk, begin, walk->position, "begins");
    walk->position += sizeof(begin);
}

static void end_pages(struct walk *walk)
{
    const struct footer *footer = &walk->reader->footer;
    uint8_t end[PACKER_DESCRIPTION_SIZE];
    if (walk->packed) {
        close_job(walk);
        packer_describe_end(end, walk->position, footer->facts.index_count, footer->index_digest);
        control(walk, end, walk->position, "ends");
        walk->position += sizeof(end);
        struct error *error = &walk->reader->error;
        if (walk->position != footer->facts.pages_end)
            verify_fault(walk->verify, error, error_set(error, CKPT_CORRUPT, "0x%" PRIx64 ": the packed pages end here, not where the footer says",
                                                        walk->position), walk->position, NULL);
    }
    cover_gap(walk, footer->facts.index_offset);
    while (take(walk))
        ;
}

static void walk_index(struct walk *walk, uint8_t *bytes)
{
    struct ckpt_reader *r = walk->reader;
    const struct ckpt_footer *f = &r->footer.facts;
    struct ckpt_chunk last = {.length = 0};
    uint8_t digest[CKPT_DIGEST_SIZE];
    begin_pages(walk);
    for (uint64_t i = 0; i < f->index_count && !walk->verify->stopped; i += INDEX_READ) {
        uint64_t count = f->index_count - i < INDEX_READ ? f->index_count - i : INDEX_READ, at = f->index_offset + i * CKPT_INDEX_ENTRY_SIZE;
        int error = io_read_at(&r->io, bytes, count * CKPT_INDEX_ENTRY_SIZE, at);
        if (error != 0) {
            verify_fault(walk->verify, &r->error, fetch_io(&r->error, error, "the index", at), at, NULL);
            return;
        }
        digest_update(walk->digest, bytes, count * CKPT_INDEX_ENTRY_SIZE);
        walk_entries(walk, bytes, i, count, &last);
    }
    end_pages(walk);
    digest_end(walk->digest, digest);
    if (!walk->verify->stopped && memcmp(digest, r->footer.index_digest, sizeof(digest)) != 0)
        verify_fault(walk->verify, &r->error, error_set(&r->error, CKPT_CORRUPT, "index (0x%" PRIx64 " to 0x%" PRIx64 "): digest differs", f->index_offset,
                                                        f->tail_offset), f->index_offset, NULL);
}

static void walk_deinit(struct walk *walk)
{
    pool_destroy(walk->pool);
    for (size_t i = 0; walk->jobs != NULL && i < walk->job_count; i++)
        free(walk->jobs[i].faults);
    for (size_t i = 0; i < POOL_THREADS_MAX; i++) {
        fetch_deinit(&walk->workers[i].fetch);
        free(walk->workers[i].bytes);
        free(walk->workers[i].unpacked);
    }
    free(walk->jobs);
    shares_destroy(walk->shares);
    digest_destroy(walk->digest);
}

void verify_pages(struct verify *v)
{
    unsigned threads = pool_threads(v->options.threads);
    struct walk *walk = calloc(1, sizeof(*walk));
    uint8_t *bytes = malloc(INDEX_READ * CKPT_INDEX_ENTRY_SIZE);
    bool ready = walk != NULL && bytes != NULL;
    if (ready) {
        walk->verify = v;
        walk->reader = v->reader;
        walk->packed = (v->reader->footer.facts.incompatible_features & CKPT_FEATURE_PACKED) != 0;
        walk->job_count = threads * JOBS_PER_THREAD + 1;
        walk->jobs = calloc(walk->job_count, sizeof(*walk->jobs));
        walk->digest = digest_create();
        walk->shares = walk->packed ? shares_create() : NULL;
        walk->pool = pool_create(threads, walk->job_count - 1, work, walk);
        ready = walk->jobs != NULL && walk->digest != NULL && walk->pool != NULL && (!walk->packed || walk->shares != NULL);
    }
    if (ready)
        walk_index(walk, bytes);
    else
        verify_fault(v, &v->reader->error, error_set(&v->reader->error, CKPT_NO_MEMORY, "verifying: out of memory"), 0, NULL);
    if (walk != NULL)
        walk_deinit(walk);
    free(walk);
    free(bytes);
}

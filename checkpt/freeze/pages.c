/* Peak memory is a piece for each worker (and what it packs into), whatever the program's size. Pieces are cut at multiples of their size, so that they end on chunk boundaries; each
 * takes its number and its place together, and whoever fails still hands its number in: others wait for it. */
#include "checkpt/freeze/pages.h"

#include <errno.h>
#include <fcntl.h>
#include <pthread.h>
#include <sched.h>
#include <stdlib.h>
#include <string.h>

#include "checkpt/freeze/interrupt.h"
#include "checkpt/freeze/source.h"

enum { PIECE_LEAST = 1 << 20, WORKERS_MAX = 16, WORKERS_AUTO = 2, STACK_SIZE = 256 << 10 };
enum { ALONE_BELOW = 2 * PIECE_LEAST }; /* starting a thread costs more than it saves */
enum { WRITE_BACK = 8 << 20 };    /* large enough for the disk to be quick */

struct found {
    Ckpt__TidWord *list; /* malloc()ed */
    size_t count, room;
};

struct work {
    const struct pages *pages;
    size_t piece;        /* bytes */
    pthread_mutex_t lock;
    size_t extent;       /* the piece that comes next: in this extent … */
    uint64_t offset;     /* … this far in */
    uint64_t ticket;
    uint64_t begun, total; /* bytes */
    bool failed;
    struct failure why;
    struct found found;
};

struct worker {
    struct work *work;
    bool is_callers;       /* runs in the caller's thread */
    uint64_t unwritten;    /* bytes since the disk was set to work */
    struct source source;
    unsigned char *buffer; /* a piece + TID_WORDS_OVERLAP */
    struct found found;
};

struct piece {
    const struct extent *extent;
    uint64_t address, ticket;
    uint64_t before; /* bytes of the pieces before it */
    size_t length;
};

static bool take(struct work *work, struct piece *piece)
{
    const struct extents *extents = work->pages->extents;
    pthread_mutex_lock(&work->lock);
    bool any = work->extent < extents->count && !work->failed;
    if (any) {
        const struct extent *extent = &extents->list[work->extent];
        uint64_t address = extent->address + work->offset, left = extent->length - work->offset, room = work->piece - address % work->piece;
        *piece = (struct piece){extent, address, work->ticket++, work->begun, (size_t)(left < room ? left : room)};
        work->offset += piece->length;
        work->begun += piece->length;
        if (work->offset == extent->length) {
            work->extent++;
            work->offset = 0;
        }
    }
    pthread_mutex_unlock(&work->lock);
    return any;
}

static void fail(struct work *work, const struct failure *why)
{
    pthread_mutex_lock(&work->lock);
    if (!work->failed)
        work->why = *why;
    work->failed = true;
    pthread_mutex_unlock(&work->lock);
}

static void word_found(void *context, uint64_t address, pid_t tid)
{
    struct found *found = context;
    if (found->count == found->room) {
        size_t room = found->room == 0 ? 64 : found->room * 2;
        Ckpt__TidWord *list = realloc(found->list, room * sizeof(*list));
        if (list == NULL)
            return;
        found->list = list;
        found->room = room;
    }
    Ckpt__TidWord *word = &found->list[found->count++];
    ckpt__tid_word__init(word);
    word->address = address;
    word->tid = tid;
}

/* A structure may go on in the next piece: its beginning is read once more. */
static void look_for_words(struct worker *worker, const struct piece *piece)
{
    const struct tid_set *tids = &worker->work->pages->tids;
    if (!piece->extent->writable || tids->count == 0)
        return;
    source_overlap(&worker->source, piece->address + piece->length, worker->buffer + piece->length, TID_WORDS_OVERLAP);
    tid_words_scan(tids, piece->address, worker->buffer, piece->length + TID_WORDS_OVERLAP, word_found, &worker->found);
}

static bool copy(struct worker *worker, const struct piece *piece, struct failure *why)
{
    struct ckpt_writer *writer = worker->work->pages->writer;
    bool any = true;
    bool read = interrupt_none(why) && source_read(&worker->source, piece->extent, piece->address, worker->buffer, piece->length, &any, why);
    if (read && any)
        look_for_words(worker, piece);
    enum ckpt_status status =
        ckpt_writer_put(writer, piece->ticket, piece->extent->space, piece->address, read && any ? worker->buffer : NULL, piece->length);
    if (read && status != CKPT_OK)
        return failure_set(why, "%s", ckpt_writer_error(writer));
    return read;
}

/* Without it the disk would begin when all is copied: with the fsync. */
static void write_back(struct worker *worker, size_t length)
{
    const struct pages *pages = worker->work->pages;
    worker->unwritten += length;
    if (pages->file < 0 || worker->unwritten < WRITE_BACK)
        return;
    worker->unwritten = 0;
    sync_file_range(pages->file, 0, 0, SYNC_FILE_RANGE_WRITE);
}

static void tell(const struct worker *worker, uint64_t done)
{
    const struct pages *pages = worker->work->pages;
    if (worker->is_callers)
        progress_tell(pages->progress, "copying memory", done, worker->work->total);
}

static void *run(void *context)
{
    struct worker *worker = context;
    struct piece piece;
    struct failure why;
    while (take(worker->work, &piece)) {
        tell(worker, piece.before);
        if (copy(worker, &piece, &why))
            write_back(worker, piece.length);
        else
            fail(worker->work, &why);
    }
    return NULL;
}

static bool worker_init(struct worker *worker, struct work *work, bool is_callers, struct failure *why)
{
    *worker = (struct worker){.work = work, .is_callers = is_callers};
    worker->buffer = malloc(work->piece + TID_WORDS_OVERLAP);
    if (worker->buffer == NULL)
        return failure_set(why, "%zu bytes to copy with: out of memory", work->piece);
    return source_open(&worker->source, work->pages->pid, work->pages->is_snapshot, why);
}

static void worker_deinit(struct worker *worker)
{
    source_close(&worker->source);
    free(worker->buffer);
    free(worker->found.list);
}

/* What could not be started, the others do. */
static void run_all(struct worker *workers, unsigned count)
{
    pthread_t threads[WORKERS_MAX];
    bool started[WORKERS_MAX] = {false};
    pthread_attr_t attributes;
    pthread_attr_init(&attributes);
    pthread_attr_setstacksize(&attributes, STACK_SIZE);
    for (unsigned i = 1; i < count; i++)
        started[i] = pthread_create(&threads[i], &attributes, run, &workers[i]) == 0;
    pthread_attr_destroy(&attributes);
    run(&workers[0]);
    for (unsigned i = 1; i < count; i++)
        if (started[i])
            pthread_join(threads[i], NULL);
}

static int compare_words(const void *a, const void *b)
{
    uint64_t x = ((const Ckpt__TidWord *)a)->address, y = ((const Ckpt__TidWord *)b)->address;
    return (x > y) - (x < y);
}

static void record_words(struct model *model, const struct worker *workers, unsigned count)
{
    size_t total = 0, n = 0;
    for (unsigned i = 0; i < count; i++)
        total += workers[i].found.count;
    if (total == 0)
        return;
    Ckpt__TidWord *words = arena_alloc(&model->arena, total * sizeof(*words));
    for (unsigned i = 0; i < count; i++)
        for (size_t k = 0; k < workers[i].found.count; k++)
            words[n++] = workers[i].found.list[k];
    qsort(words, total, sizeof(*words), compare_words);
    model->tid_words.words = arena_alloc(&model->arena, total * sizeof(Ckpt__TidWord *));
    for (size_t i = 0; i < total; i++)
        model->tid_words.words[i] = &words[i];
    model->tid_words.n_words = total;
}

static uint64_t total_of(const struct extents *extents)
{
    uint64_t total = 0;
    for (size_t i = 0; i < extents->count; i++)
        total += extents->list[i].length;
    return total;
}

/* Reading and writing are busy enough with two; compressing takes what there is. */
static unsigned worker_count(const struct pages *pages)
{
    cpu_set_t cpus;
    unsigned wanted = WORKERS_AUTO;
    if (pages->threads > 0)
        wanted = pages->threads;
    else if (pages->extents->bytes < ALONE_BELOW)
        wanted = 1;
    else if (pages->is_packed && sched_getaffinity(0, sizeof(cpus), &cpus) == 0)
        wanted = (unsigned)CPU_COUNT(&cpus);
    return wanted < WORKERS_MAX ? wanted : WORKERS_MAX;
}

bool pages_copy(const struct pages *pages, struct model *model, struct failure *why)
{
    struct work work = {.pages = pages, .piece = pages->chunk_size > PIECE_LEAST ? pages->chunk_size : PIECE_LEAST, .lock = PTHREAD_MUTEX_INITIALIZER,
                        .total = total_of(pages->extents)};
    struct worker workers[WORKERS_MAX];
    unsigned wanted = worker_count(pages), count = 0;
    bool ready = true;
    for (; count < wanted && ready; count++)
        ready = worker_init(&workers[count], &work, count == 0, why);
    if (ready)
        run_all(workers, count);
    if (ready && !work.failed)
        record_words(model, workers, count);
    for (unsigned i = 0; i < count; i++)
        worker_deinit(&workers[i]);
    pthread_mutex_destroy(&work.lock);
    if (ready && work.failed)
        *why = work.why;
    return ready && !work.failed;
}

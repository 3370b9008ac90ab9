/* From records and pages to an image. */
#include <errno.h>
#include <fcntl.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include "checkpt/freeze/pages.h"
#include "checkpt/freeze/session.h"
#include "checkpt/tracee/tracee.h"

enum { STREAM_LEVEL = 1 }; /* of zstd: what cannot seek is written packed */

static bool refused(struct session *session, struct failure *why)
{
    return failure_set(why, "%s", ckpt_writer_error(session->writer));
}

static pid_t source_pid(const struct session *session)
{
    return session->snapshot != 0 ? session->snapshot : session->freeze.pid;
}

static bool find_extents(struct session *session, struct failure *why)
{
    char name[64];
    snprintf(name, sizeof(name), "/proc/%d/pagemap", source_pid(session));
    int pagemap = open(name, O_RDONLY | O_CLOEXEC);
    if (pagemap < 0)
        return failure_errno(why, "opening %s", name);
    bool done = extents_of_memory(&session->extents, &session->freeze, pagemap, session->vdso, why) &&
                extents_of_contents(&session->extents, &session->freeze, why);
    close(pagemap);
    return done;
}

static bool begin(struct session *session, struct failure *why)
{
    int error = ckpt_io_from_fd(&session->sink, session->output.fd);
    if (error != 0) {
        errno = -error;
        return failure_errno(why, "the new file");
    }
    struct ckpt_writer_options options = {.struct_size = sizeof(options), .compression = session->request->options.level};
    if (options.compression == 0 && session->output.is_stream)
        options.compression = STREAM_LEVEL;
    options.chunk_size = session->request->options.chunk_size;
    if (session->parent != NULL)
        options.chunk_size = ckpt_reader_footer(session->parent)->chunk_size;
    else if (options.chunk_size == 0)
        options.chunk_size = ckpt_default_chunk_size(options.compression);
    session->chunk_size = options.chunk_size;
    session->is_packed = options.compression > 0;
    session->writer = ckpt_writer_create(&session->sink, &options);
    if (session->writer == NULL)
        return failure_set(why, "writer: out of memory");
    if (session->parent != NULL && ckpt_writer_set_parent(session->writer, session->parent, session->parent_path) != CKPT_OK)
        return refused(session, why);
    if (!model_emit(&session->model, session->writer, why) || !extents_declare(&session->extents, &session->model, session->writer, why))
        return false;
    return ckpt_writer_begin_pages(session->writer) == CKPT_OK || refused(session, why);
}

static int compare_tids(const void *a, const void *b)
{
    pid_t x = *(const pid_t *)a, y = *(const pid_t *)b;
    return (x > y) - (x < y);
}

static bool copy_pages(struct session *session, struct failure *why)
{
    struct model *model = &session->model;
    pid_t *tids = arena_alloc(&model->arena, model->thread_count * sizeof(*tids));
    for (size_t i = 0; i < model->thread_count; i++)
        tids[i] = model->threads[i].record.tid;
    qsort(tids, model->thread_count, sizeof(*tids), compare_tids);
    bool is_waited_for = session->snapshot == 0 && !session->request->options.exit;
    const struct pages pages = {
        .extents = &session->extents,
        .writer = session->writer,
        .file = session->output.is_stream || is_waited_for ? -1 : session->output.fd, /* that may block */
        .pid = source_pid(session),
        .is_snapshot = session->snapshot != 0,
        .is_packed = session->is_packed,
        .chunk_size = session->chunk_size,
        .threads = session->request->options.threads,
        .tids = {tids, model->thread_count},
        .progress = session->request->progress,
    };
    return pages_copy(&pages, model, why);
}

static bool end(struct session *session, struct failure *why)
{
    enum ckpt_status status = CKPT_OK;
    if (session->model.tid_words.n_words > 0)
        status = ckpt_writer_message(session->writer, CKPT__KIND__KIND_TID_WORDS, true, &session->model.tid_words);
    if (status == CKPT_OK)
        status = ckpt_writer_finish(session->writer, false, NULL);
    return status == CKPT_OK || refused(session, why);
}

bool session_copy(struct session *session, struct failure *why)
{
    bool done = find_extents(session, why) && begin(session, why) && copy_pages(session, why);
    if (session->snapshot != 0)
        tracee_dismiss(session->snapshot); /* its end takes a while: it need not wait for the disk's */
    done = done && end(session, why);
    extents_close(&session->extents);
    ckpt_writer_destroy(session->writer);
    session->writer = NULL;
    return done || failure_prepend(why, "writing %s", session->path);
}

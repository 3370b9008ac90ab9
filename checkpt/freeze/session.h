/* One freeze under way: what its steps share. */
#ifndef CHECKPT_FREEZE_SESSION_H
#define CHECKPT_FREEZE_SESSION_H

#include <signal.h>

#include "checkpt/freeze/extents.h"
#include "checkpt/freeze/freeze.h"
#include "checkpt/freeze/output.h"

struct session {
    const struct freeze_request *request;
    struct model model;
    struct freeze freeze;
    const char *path;        /* of the file to write */
    struct output output;
    struct ckpt_io sink;
    struct ckpt_writer *writer;
    bool is_packed;          /* what the writer writes … */
    uint32_t chunk_size;     /* … in chunks of this size */
    struct ckpt_reader *parent; /* NULL: none */
    const char *parent_path; /* absolute; in the model's arena */
    struct extents extents;
    const void *vdso;        /* its bytes before any of ours were written there; NULL: none */
    pid_t snapshot;          /* 0: none */
    sigset_t signals;        /* the mask to go back to */
};

/* parent.c: opens the image that options.parent names. */
bool session_open_parent(struct session *session, struct failure *why);
void session_close_parent(struct session *session);
/* False where the file `fd`, which is to be replaced, is the parent or an image that the parent needs. */
bool session_may_replace(const struct session *session, int fd, struct failure *why);

/* copy.c: the records are there; writes the whole image to the output. */
bool session_copy(struct session *session, struct failure *why);

#endif

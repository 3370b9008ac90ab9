/* The parent of an incremental image. It is opened before anything is stopped. */
#include <limits.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

#include "checkpt/freeze/session.h"
#include "checkpt/thaw/parents.h"

static bool is_regular(const char *path, struct failure *why)
{
    struct stat status;
    if (stat(path, &status) != 0)
        return failure_errno(why, "opening");
    return S_ISREG(status.st_mode) || failure_set(why, "opening: not a regular file");
}

static bool open_parent(struct session *s, const char *path, struct failure *why)
{
    char absolute[PATH_MAX];
    if (!is_regular(path, why))
        return false;
    if (realpath(path, absolute) == NULL)
        return failure_errno(why, "opening");
    s->parent_path = arena_copy(&s->model.arena, absolute, strlen(absolute) + 1);
    s->parent = ckpt_reader_create();
    if (s->parent == NULL)
        return failure_set(why, "opening: out of memory");
    if (ckpt_reader_open_path(s->parent, s->parent_path) != CKPT_OK)
        return failure_set(why, "opening: %s", ckpt_reader_error(s->parent));
    /* What cannot be read from it now could not be read from it later. */
    struct stored_index index = {0};
    bool done = stored_index_read(&index, s->parent, why) && parents_are_there(s->parent, &index, why);
    stored_index_deinit(&index);
    return done;
}

bool session_open_parent(struct session *s, struct failure *why)
{
    const char *path = s->request->options.parent;
    return path == NULL || open_parent(s, path, why) || failure_prepend(why, "parent %s", path);
}

void session_close_parent(struct session *s)
{
    ckpt_reader_destroy(s->parent);
    s->parent = NULL;
}

static bool needs(struct ckpt_reader *parent, const uint8_t id[CKPT_ID_SIZE])
{
    uint8_t other[CKPT_ID_SIZE];
    const char *path;
    if (memcmp(ckpt_reader_footer(parent)->image_id, id, CKPT_ID_SIZE) == 0)
        return true;
    for (size_t i = 0; ckpt_reader_parent(parent, i, other, &path) == CKPT_OK; i++)
        if (memcmp(other, id, CKPT_ID_SIZE) == 0)
            return true;
    return false;
}

bool session_may_replace(const struct session *s, int fd, struct failure *why)
{
    struct ckpt_reader *there = s->parent != NULL && fd >= 0 ? ckpt_reader_create() : NULL;
    bool is_needed = there != NULL && ckpt_reader_open_fd(there, fd) == CKPT_OK && needs(s->parent, ckpt_reader_footer(there)->image_id);
    ckpt_reader_destroy(there);
    return !is_needed || failure_set(why, "%s: it is the parent, or an image that the parent needs: write to another name", s->path);
}

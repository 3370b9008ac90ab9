/* Contents: what has no path any more, or never had one, becomes a memfd again. */
#include <fcntl.h>
#include <inttypes.h>
#include <linux/limits.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/mman.h>
#include <sys/stat.h>
#include <sys/syscall.h>
#include <unistd.h>

#include "checkpt/resource/memory_thaw.h"

#ifndef F_SEAL_EXEC
#define F_SEAL_EXEC 0x20 /* 6.3 */
#endif

enum { EVERYBODYS = 0666, NAME_MOST = 249 /* of memfd_create(2) */, MOST_AT_ONCE = 1 << 30 };

/* A memfd's own name; the last part of a lost file's path. */
static const char *name_of(const Ckpt__File *file, char name[NAME_MOST + 1])
{
    static const char prefix[] = "/memfd:";
    const char *path = (const char *)file->path.data;
    size_t length = file->path.len, skip = 0;
    if (length >= strlen(prefix) && memcmp(path, prefix, strlen(prefix)) == 0)
        skip = strlen(prefix);
    else
        for (size_t i = 0; i < length; i++)
            if (path[i] == '/')
                skip = i + 1;
    if (length - skip > NAME_MOST)
        length = skip + NAME_MOST;
    memcpy(name, path + skip, length - skip);
    name[length - skip] = '\0';
    return name;
}

static void plan_seals(struct memory_thaw *m, const Ckpt__File *file)
{
    snprintf(m->what, sizeof(m->what), "file %.*s: sealing it", (int)(file->path.len < 100 ? file->path.len : 100), (const char *)file->path.data);
    if (file->seals != 0)
        PLAN_CALL(m->thaw->plan, m->what, SYS_fcntl, PLAN_NUMBER(m->thaw->content[file->id - 1]), PLAN_NUMBER(F_ADD_SEALS), PLAN_NUMBER(file->seals));
}

/* Nothing can be sealed against writing once it is mapped; what is mapped is not sealed against future writing only. */
static bool is_sealed_before(const Ckpt__File *file)
{
    return (file->seals & F_SEAL_WRITE) != 0;
}

/* The seal F_SEAL_EXEC of an executable file seals it against writing too. */
static bool is_sealed_unexecutable(const Ckpt__File *file)
{
    return (file->seals & F_SEAL_EXEC) != 0 && (file->mode & (S_IXUSR | S_IXGRP | S_IXOTH)) == 0;
}

void memory_plan_seals(struct memory_thaw *m)
{
    const struct model *model = m->thaw->model;
    for (size_t i = 0; i < model->file_count; i++)
        if (m->thaw->content[i] >= 0 && !is_sealed_before(model->files[i]))
            plan_seals(m, model->files[i]);
}

static void plan_pages(struct memory_thaw *m, int to, const struct stored_run *run)
{
    struct plan *plan = m->thaw->plan;
    PLAN_EXPECT(plan, run->address, m->what, SYS_lseek, PLAN_NUMBER(to), PLAN_NUMBER(run->address), PLAN_NUMBER(SEEK_SET));
    for (uint64_t done = 0; done < run->length;) {
        uint64_t length = run->length - done < MOST_AT_ONCE ? run->length - done : MOST_AT_ONCE;
        int64_t offset = (int64_t)(run->offset + done);
        uint32_t data = plan_data(plan, &offset, sizeof(offset), sizeof(offset));
        PLAN_EXPECT(plan, length, m->what, SYS_sendfile, PLAN_NUMBER(to), PLAN_NUMBER(run->fd), PLAN_DATA(data), PLAN_NUMBER(length));
        done += length;
    }
}

static bool create(struct memory_content *content, struct failure *why)
{
    char name[NAME_MOST + 1];
    int memory = memfd_create(name_of(content->file, name), MFD_CLOEXEC | MFD_ALLOW_SEALING);
    bool done = memory >= 0 && dup3(memory, content->fd, O_CLOEXEC) >= 0;
    if (!done)
        failure_errno(why, "making it anew");
    if (memory >= 0)
        close(memory);
    return done;
}

/* What is packed is unpacked into the file itself; the plan sends it the rest. */
static bool unpack_content(struct memory_thaw *m, struct memory_content *content, struct failure *why)
{
    struct stored *stored = &content->stored;
    size_t kept = 0;
    uint64_t first = UINT64_MAX, end = 0;
    for (size_t i = 0; i < stored->count; i++)
        if (stored->list[i].fd == STORED_PACKED) {
            first = first == UINT64_MAX ? stored->list[i].address : first;
            end = stored->list[i].address + stored->list[i].length;
        }
    if (end == 0)
        return true;
    if (!create(content, why))
        return false;
    if (ftruncate(content->fd, (off_t)end) != 0)
        return failure_errno(why, "its %" PRIu64 " bytes", end);
    char *view = unpack_view(&m->unpack, content->fd, first, end - first, why);
    for (size_t i = 0; view != NULL && i < stored->count; i++) {
        const struct stored_run run = stored->list[i];
        if (run.fd == STORED_PACKED) {
            unpack_add(&m->unpack, content->file->space, run.address, run.length, view + (run.address - first));
            content->unpacked += run.length;
        } else {
            stored->list[kept++] = run;
        }
    }
    stored->count = kept;
    return view != NULL;
}

static bool make_content(struct memory_thaw *m, const Ckpt__File *file, struct failure *why)
{
    struct memory_content *content = &m->contents[m->content_count++];
    *content = (struct memory_content){.file = file, .fd = stored_descriptor(m->thaw, why)};
    if (content->fd < 0)
        return false;
    m->thaw->content[file->id - 1] = content->fd;
    return stored_runs(&m->source, file->space, &content->stored, why) && unpack_content(m, content, why);
}

bool memory_make_contents(struct memory_thaw *m, struct failure *why)
{
    const struct model *model = m->thaw->model;
    m->contents = calloc(model->file_count + 1, sizeof(*m->contents));
    if (m->contents == NULL)
        return failure_set(why, "out of memory");
    for (size_t i = 0; i < model->file_count; i++)
        if (model->files[i]->space != 0 && !make_content(m, model->files[i], why))
            return failure_prepend(why, "file %.*s", (int)model->files[i]->path.len, (const char *)model->files[i]->path.data);
    return true;
}

static void plan_create_content(struct memory_thaw *m, const struct memory_content *content, const char *name)
{
    struct plan *plan = m->thaw->plan;
    if (content->unpacked > 0) {
        plan_note(plan, "file %.100s: descriptor %d, %" PRIu64 " bytes of its content unpacked into it", name, content->fd, content->unpacked);
        return;
    }
    snprintf(m->what, sizeof(m->what), "file %.100s: making it anew", name);
    uint32_t name_data = plan_data(plan, name, strlen(name) + 1, 1);
    uint32_t made = PLAN_CALL(plan, m->what, SYS_memfd_create, PLAN_DATA(name_data), PLAN_NUMBER(MFD_CLOEXEC | MFD_ALLOW_SEALING));
    PLAN_CALL(plan, m->what, SYS_dup3, PLAN_RESULT(made), PLAN_NUMBER(content->fd), PLAN_NUMBER(O_CLOEXEC));
    PLAN_CALL(plan, m->what, SYS_close, PLAN_RESULT(made));
}

/* The last run may end behind the file's end, in the rest of its last page. */
static void plan_content(struct memory_thaw *m, const struct memory_content *content)
{
    struct plan *plan = m->thaw->plan;
    const Ckpt__File *file = content->file;
    char name[NAME_MOST + 1];
    plan_create_content(m, content, name_of(file, name));
    snprintf(m->what, sizeof(m->what), "file %.100s: its content", name);
    if (is_sealed_unexecutable(file))
        PLAN_CALL(plan, m->what, SYS_fchmod, PLAN_NUMBER(content->fd), PLAN_NUMBER(EVERYBODYS));
    for (size_t i = 0; i < content->stored.count; i++)
        plan_pages(m, content->fd, &content->stored.list[i]);
    PLAN_CALL(plan, m->what, SYS_ftruncate, PLAN_NUMBER(content->fd), PLAN_NUMBER(file->size));
    PLAN_CALL(plan, m->what, SYS_lseek, PLAN_NUMBER(content->fd), PLAN_NUMBER(0), PLAN_NUMBER(SEEK_SET));
    if (is_sealed_before(file))
        plan_seals(m, file);
}

void memory_plan_contents(struct memory_thaw *m)
{
    for (size_t i = 0; i < m->content_count; i++)
        plan_content(m, &m->contents[i]);
}

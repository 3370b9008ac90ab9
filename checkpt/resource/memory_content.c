/* Contents: what has no path any more, or never had one, becomes a memfd again. */
#include <fcntl.h>
#include <inttypes.h>
#include <linux/limits.h>
#include <stdio.h>
#include <string.h>
#include <sys/mman.h>
#include <sys/stat.h>
#include <sys/syscall.h>

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

/* The last run may end behind the file's end, in the rest of its last page. */
static bool plan_content(struct memory_thaw *m, const Ckpt__File *file, struct failure *why)
{
    struct plan *plan = m->thaw->plan;
    struct stored stored = {0};
    char name[NAME_MOST + 1];
    int number = stored_descriptor(m->thaw, why);
    if (number < 0 || !stored_runs(&m->source, file->space, &stored, why))
        return false;
    name_of(file, name);
    snprintf(m->what, sizeof(m->what), "file %.100s: making it anew", name);
    uint32_t name_data = plan_data(plan, name, strlen(name) + 1, 1);
    uint32_t made = PLAN_CALL(plan, m->what, SYS_memfd_create, PLAN_DATA(name_data), PLAN_NUMBER(MFD_CLOEXEC | MFD_ALLOW_SEALING));
    PLAN_CALL(plan, m->what, SYS_dup3, PLAN_RESULT(made), PLAN_NUMBER(number), PLAN_NUMBER(O_CLOEXEC));
    PLAN_CALL(plan, m->what, SYS_close, PLAN_RESULT(made));
    if (is_sealed_unexecutable(file))
        PLAN_CALL(plan, m->what, SYS_fchmod, PLAN_NUMBER(number), PLAN_NUMBER(EVERYBODYS));
    snprintf(m->what, sizeof(m->what), "file %.100s: its content", name);
    for (size_t i = 0; i < stored.count; i++)
        plan_pages(m, number, &stored.list[i]);
    PLAN_CALL(plan, m->what, SYS_ftruncate, PLAN_NUMBER(number), PLAN_NUMBER(file->size));
    PLAN_CALL(plan, m->what, SYS_lseek, PLAN_NUMBER(number), PLAN_NUMBER(0), PLAN_NUMBER(SEEK_SET));
    m->thaw->content[file->id - 1] = number;
    if (is_sealed_before(file))
        plan_seals(m, file);
    stored_deinit(&stored);
    return true;
}

bool memory_plan_contents(struct memory_thaw *m, struct failure *why)
{
    const struct model *model = m->thaw->model;
    for (size_t i = 0; i < model->file_count; i++)
        if (model->files[i]->space != 0 && !plan_content(m, model->files[i], why))
            return failure_prepend(why, "file %.*s", (int)model->files[i]->path.len, (const char *)model->files[i]->path.data);
    return true;
}

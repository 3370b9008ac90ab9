#include <fcntl.h>
#include <stdio.h>
#include <string.h>
#include <sys/stat.h>
#include <sys/syscall.h>
#include <unistd.h>

#include "checkpt/resource/file_record.h"
#include "checkpt/resource/making.h"
#include "checkpt/resource/object.h"

#define O_TMPFILE_ALONE 020000000 /* __O_TMPFILE of asm-generic/fcntl.h */

/* Above 0 to 2 only a pipe or socket of the caller's stands for one of the caller's of then; it is kept among the plan's own while those numbers become the program's. */
static bool keep_callers(struct making *m, uint32_t number, uint32_t *kept, struct failure *why)
{
    struct stat status;
    bool is_there = fstat((int)number, &status) == 0 && (S_ISFIFO(status.st_mode) || S_ISSOCK(status.st_mode));
    int null = is_there ? -1 : open("/dev/null", O_RDWR | O_CLOEXEC);
    int fd = fcntl(is_there ? (int)number : null, F_DUPFD_CLOEXEC, m->thaw->next_high);
    if (fd < 0)
        failure_errno(why, "descriptor %d, above the program's (raise the limit with ulimit -n)", m->thaw->next_high);
    if (null >= 0)
        close(null);
    if (fd < 0)
        return false;
    m->thaw->next_high = fd + 1;
    *kept = (uint32_t)fd;
    return true;
}

static void plan_standard(struct making *m)
{
    static const char path[] = "/dev/null";
    for (int i = 0; i < FILES_STANDARD; i++) {
        m->stands_in[i] = fcntl(i, F_GETFD) < 0;
        if (!m->stands_in[i])
            continue;
        uint32_t data = plan_data(m->thaw->plan, path, sizeof(path), 1);
        PLAN_EXPECT(m->thaw->plan, i, "a closed descriptor: holding its place", SYS_openat, PLAN_NUMBER(AT_FDCWD), PLAN_DATA(data), PLAN_NUMBER(O_RDWR));
    }
    if (m->thaw->high > FILES_STANDARD)
        PLAN_CALL(m->thaw->plan, "descriptors: closing the caller's", SYS_close_range, PLAN_NUMBER(FILES_STANDARD), PLAN_NUMBER(m->thaw->high - 1),
                  PLAN_NUMBER(0));
}

/* O_TMPFILE has O_DIRECTORY in it. What was opened as no link may lie behind one now; what is made of a content does. */
static uint32_t flags_of(const Ckpt__File *file, const Ckpt__OpenFile *open_file, const char *path)
{
    struct stat status;
    uint32_t unwanted = S_ISDIR(file->mode) ? 0 : O_DIRECTORY;
    bool is_path = (open_file->flags & O_PATH) != 0;
    if (file->space != 0 || (!is_path && lstat(path, &status) == 0 && S_ISLNK(status.st_mode)))
        unwanted |= O_NOFOLLOW;
    if (is_path)
        return open_file->flags & (O_PATH | O_DIRECTORY | O_NOFOLLOW) & ~unwanted;
    return (open_file->flags & ~(uint32_t)(O_TMPFILE_ALONE | O_ASYNC | O_CREAT | O_EXCL | O_TRUNC | O_CLOEXEC | unwanted)) | O_NOCTTY;
}

static bool has_offset(const Ckpt__File *file, const Ckpt__OpenFile *open_file)
{
    return open_file->offset != 0 && (open_file->flags & O_PATH) == 0 && (S_ISREG(file->mode) || S_ISDIR(file->mode));
}

/* Only what was longer than it is in the image: see thaw_options. */
static bool is_to_be_cut(const struct making *m, const Ckpt__File *file, const Ckpt__OpenFile *open_file, const char *path)
{
    struct stat status;
    return m->thaw->options.changed == CHANGED_TRUNCATE && files_is_written(open_file) && file->space == 0 && file->inode != 0 && stat(path, &status) == 0 &&
           S_ISREG(status.st_mode) && (uint64_t)status.st_size > file->size;
}

static void plan_open(struct making *m, const Ckpt__Descriptor *descriptor, const Ckpt__OpenFile *open_file, const Ckpt__File *file,
                      const char *path)
{
    struct plan *plan = m->thaw->plan;
    uint32_t given = m->lowest, data = plan_data(plan, path, strlen(path) + 1, 1);
    PLAN_EXPECT(plan, given, making_about(m, descriptor, path, "opening it"), SYS_openat, PLAN_NUMBER(AT_FDCWD), PLAN_DATA(data),
                PLAN_NUMBER(flags_of(file, open_file, path) | (descriptor->close_on_exec ? O_CLOEXEC : 0)));
    if (given == descriptor->number)
        return;
    making_copy(m, given, descriptor);
    PLAN_CALL(plan, making_about(m, descriptor, path, "closing what it was opened as"), SYS_close, PLAN_NUMBER(given));
}

/* ext4 takes where a directory is first read for its beginning, also after rewinddir(3): so it is first read at its true beginning. */
static void plan_first_look(struct making *m, const Ckpt__Descriptor *descriptor, const char *path)
{
    enum { ONE_NAME = 512 };
    uint32_t room = plan_data(m->thaw->plan, NULL, ONE_NAME, sizeof(uint64_t));
    PLAN_TRY(m->thaw->plan, making_about(m, descriptor, path, "reading its beginning"), SYS_getdents64, PLAN_NUMBER(descriptor->number), PLAN_DATA(room),
             PLAN_NUMBER(ONE_NAME));
}

static void plan_made(struct making *m, const Ckpt__Descriptor *descriptor, const Ckpt__OpenFile *open_file)
{
    char path[PATH_MAX];
    const Ckpt__File *file = model_file(m->thaw->model, open_file->file);
    if (m->thaw->content[file->id - 1] >= 0)
        snprintf(path, sizeof(path), "/proc/self/fd/%d", m->thaw->content[file->id - 1]);
    else
        file_path(file, path);
    plan_open(m, descriptor, open_file, file, path);
    if (is_to_be_cut(m, file, open_file, path))
        PLAN_CALL(m->thaw->plan, making_about(m, descriptor, path, "cutting it back"), SYS_ftruncate, PLAN_NUMBER(descriptor->number), PLAN_NUMBER(file->size));
    if (has_offset(file, open_file) && S_ISDIR(file->mode))
        plan_first_look(m, descriptor, path);
    if (has_offset(file, open_file))
        PLAN_EXPECT(m->thaw->plan, open_file->offset, making_about(m, descriptor, path, "going to its offset"), SYS_lseek, PLAN_NUMBER(descriptor->number),
                    PLAN_NUMBER(open_file->offset), PLAN_NUMBER(SEEK_SET));
    making_owner(m, descriptor, open_file, path);
}

static bool is_image(const struct making *m, const Ckpt__OpenFile *open_file)
{
    return open_file->inherited == 0 && model_file(m->thaw->model, open_file->file)->type == CKPT__FILE_TYPE__FILE_TYPE_IMAGE;
}

/* From its beginning, wherever the reader has left it. */
static void plan_image(struct making *m, const Ckpt__Descriptor *descriptor)
{
    making_copy(m, (uint32_t)m->thaw->image_fd, descriptor);
    PLAN_CALL(m->thaw->plan, making_about(m, descriptor, "the image", "going to its start"), SYS_lseek, PLAN_NUMBER(descriptor->number), PLAN_NUMBER(0), PLAN_NUMBER(SEEK_SET));
}

static bool plan_inherited(struct making *m, const Ckpt__Descriptor *descriptor, const Ckpt__OpenFile *open_file, struct failure *why)
{
    uint32_t from = open_file->inherited - 1;
    if (m->first[open_file->id - 1] >= 0)
        from = (uint32_t)m->first[open_file->id - 1];
    else if (from >= FILES_STANDARD && !keep_callers(m, from, &from, why))
        return failure_prepend(why, "fd %u", descriptor->number);
    making_copy(m, from, descriptor);
    return true;
}

/* All descriptors that lead to it come with the first. */
static bool plan_object(struct making *m, const struct object *object, const Ckpt__OpenFile *open_file, struct failure *why)
{
    const Ckpt__File *file = model_file(m->thaw->model, open_file->file);
    if (m->first[open_file->id - 1] >= 0)
        return true;
    if (!object->make(m, file, why))
        return failure_prepend(why, "%.*s", (int)file->path.len, (const char *)file->path.data);
    return m->first[open_file->id - 1] >= 0 || failure_set(why, "%.*s: open file %u of it cannot be made", (int)file->path.len, (const char *)file->path.data, open_file->id);
}

static bool plan_descriptor(struct making *m, const Ckpt__Descriptor *descriptor, struct failure *why)
{
    const Ckpt__OpenFile *open_file = model_open_file(m->thaw->model, descriptor->open_file);
    const struct object *object = open_file->inherited != 0 ? NULL : object_of_file(model_file(m->thaw->model, open_file->file));
    if (object != NULL)
        return plan_object(m, object, open_file, why);
    bool is_standard = descriptor->number < FILES_STANDARD, is_inherited = open_file->inherited != 0;
    if (is_inherited && !is_standard) {
        if (!plan_inherited(m, descriptor, open_file, why))
            return false;
    } else if (!is_inherited && m->first[open_file->id - 1] >= 0)
        making_copy(m, (uint32_t)m->first[open_file->id - 1], descriptor);
    else if (is_image(m, open_file))
        plan_image(m, descriptor);
    else if (!is_inherited)
        plan_made(m, descriptor, open_file);
    making_taken(m, descriptor);
    return true;
}

/* What is the caller's first: files of the program's own may come in the place of 0 to 2. */
static bool plan_all(struct making *m, bool inherited, struct failure *why)
{
    const struct model *model = m->thaw->model;
    for (size_t i = 0; i < model->descriptors.n_descriptors; i++)
        if ((model_open_file(model, model->descriptors.descriptors[i]->open_file)->inherited != 0) == inherited &&
            !plan_descriptor(m, model->descriptors.descriptors[i], why))
            return false;
    return true;
}

/* Closing any descriptor of a file drops the process's locks on it, so contents are closed before. */
static void plan_locks(struct making *m)
{
    const struct model *model = m->thaw->model;
    for (size_t i = 0; i < model->file_count; i++)
        if (m->thaw->content[i] >= 0)
            files_plan_attributes(m->thaw->plan, model->files[i], m->thaw->content[i]);
    for (size_t i = 0; i < model->file_count; i++)
        if (m->thaw->content[i] >= 0)
            PLAN_CALL(m->thaw->plan, "a file's content: closing it", SYS_close, PLAN_NUMBER(m->thaw->content[i]));
    for (size_t i = 0; i < model->descriptors.n_descriptors; i++) {
        const Ckpt__Descriptor *descriptor = model->descriptors.descriptors[i];
        const Ckpt__OpenFile *open_file = model_open_file(model, descriptor->open_file);
        if (open_file->inherited != 0)
            continue;
        if (m->first[open_file->id - 1] == descriptor->number)
            files_plan_locks(m->thaw, descriptor->number, open_file->locks, open_file->n_locks);
        files_plan_locks(m->thaw, descriptor->number, descriptor->locks, descriptor->n_locks);
    }
}

static void plan_standard_ends(struct making *m)
{
    const Ckpt__Descriptors *descriptors = &m->thaw->model->descriptors;
    for (size_t i = 0; i < descriptors->n_descriptors && descriptors->descriptors[i]->number < FILES_STANDARD; i++)
        if (descriptors->descriptors[i]->close_on_exec && !m->stands_in[descriptors->descriptors[i]->number])
            PLAN_CALL(m->thaw->plan, making_about(m, descriptors->descriptors[i], "the caller's", "close-on-exec"), SYS_fcntl,
                      PLAN_NUMBER(descriptors->descriptors[i]->number), PLAN_NUMBER(F_SETFD), PLAN_NUMBER(FD_CLOEXEC));
    for (uint32_t i = 0; i < FILES_STANDARD; i++)
        if (!m->taken[i] || m->stands_in[i])
            PLAN_CALL(m->thaw->plan, "a closed descriptor: closing it", SYS_close, PLAN_NUMBER(i));
}

bool files_plan(struct thaw *thaw, struct failure *why)
{
    struct arena arena = {0};
    bool done = true;
    struct making m;
    making_init(&m, thaw, &arena);
    plan_standard(&m);
    done = plan_all(&m, true, why) && plan_all(&m, false, why);
    plan_standard_ends(&m);
    plan_locks(&m);
    arena_deinit(&arena);
    return done;
}

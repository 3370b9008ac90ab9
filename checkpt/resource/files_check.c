/* Whether the files that the program had open are still there, and still what they were. */
#include <errno.h>
#include <fcntl.h>
#include <inttypes.h>
#include <stdio.h>
#include <string.h>
#include <unistd.h>

#include "checkpt/resource/file_record.h"
#include "checkpt/resource/object.h"

struct use {
    bool any, written;
    uint32_t flags; /* of the open file that asks for most */
};

static struct use *uses_of(const struct model *model, struct arena *arena)
{
    struct use *uses = arena_alloc(arena, (model->file_count + 1) * sizeof(*uses));
    for (size_t i = 0; i < model->open_file_count; i++) {
        const Ckpt__OpenFile *open_file = model->open_files[i];
        if (open_file->file == 0 || open_file->inherited != 0 || model->files[open_file->file - 1]->type == CKPT__FILE_TYPE__FILE_TYPE_IMAGE)
            continue;
        struct use *use = &uses[open_file->file - 1];
        if (!use->any || (files_is_written(open_file) && !use->written))
            use->flags = open_file->flags;
        use->any = true;
        use->written |= files_is_written(open_file);
    }
    return uses;
}

static void tell_changed(const struct thaw *thaw, struct findings *findings, const char *subject, const Ckpt__File *file, const struct use *use,
                         const struct stat *status, const char *changed)
{
    bool longer = use->written && (uint64_t)status->st_size >= file->size;
    if (thaw->options.changed == CHANGED_IGNORE)
        findings_add(findings, VERDICT_CHANGED, subject, NULL, "%s since the freeze: taken as it is", changed);
    else if (thaw->options.changed == CHANGED_TRUNCATE && longer)
        findings_add(findings, VERDICT_CHANGED, subject, NULL, "%s since the freeze: it is cut back to the %" PRIu64 " bytes of then", changed, file->size);
    else
        findings_add(findings, VERDICT_REFUSED, subject,
                     longer ? "put the file of then back, or --changed=truncate to cut it back to its size of then, or --changed=ignore"
                            : "put the file of then back, or --changed=ignore",
                     "the program has it open, and %s since the freeze", changed);
}

static bool may_open(const char *path, const struct stat *status, const struct use *use)
{
    uint32_t kept = O_ACCMODE | O_PATH | O_NOATIME | (S_ISDIR(status->st_mode) ? O_DIRECTORY : 0) | ((use->flags & O_PATH) != 0 ? O_NOFOLLOW : 0);
    int fd = open(path, (int)(use->flags & kept) | O_NONBLOCK | O_CLOEXEC | O_NOCTTY);
    if (fd >= 0)
        close(fd);
    return fd >= 0;
}

static void check_regular(const struct thaw *thaw, struct findings *findings, const char *subject, const char *path, const Ckpt__File *file,
                          const struct use *use, const struct stat *status)
{
    const char *changed = file->inode != 0 && file->inode != status->st_ino ? "it has been replaced by another file" : NULL;
    if (file->inode != 0 && changed == NULL)
        changed = file_difference(file, path, status);
    if (changed != NULL)
        tell_changed(thaw, findings, subject, file, use, status, changed);
}

static void check_directory(const struct thaw *thaw, struct findings *findings, const char *subject, const Ckpt__File *file, const struct stat *status)
{
    if (file->inode == 0 || file->inode == status->st_ino)
        return;
    bool ignore = thaw->options.changed == CHANGED_IGNORE;
    findings_add(findings, ignore ? VERDICT_CHANGED : VERDICT_REFUSED, subject, ignore ? NULL : "put the directory of then back, or --changed=ignore",
                 "the program has it open, and it has been replaced by another directory since the freeze");
}

static void check_file(const struct thaw *thaw, struct findings *findings, const Ckpt__File *file, const struct use *use)
{
    char path[PATH_MAX], subject[PATH_MAX + 8];
    struct stat status;
    file_path(file, path);
    snprintf(subject, sizeof(subject), "file %s", path);
    bool is_link = S_ISLNK(file->mode), found = (is_link ? lstat(path, &status) : stat(path, &status)) == 0;
    if (!found)
        findings_add(findings, VERDICT_REFUSED, subject, "put it back to where it was, or drop it with ckptedit --drop-fd", "the program has it open: %s", strerror(errno));
    else if ((status.st_mode & S_IFMT) != (file->mode & S_IFMT))
        findings_add(findings, VERDICT_REFUSED, subject, "put it back to where it was", "the program has it open, and it is something else now");
    else if (!may_open(path, &status, use))
        findings_add(findings, VERDICT_REFUSED, subject, "a caller who may open it", "the program has it open: %s", strerror(errno));
    else if (S_ISREG(status.st_mode))
        check_regular(thaw, findings, subject, path, file, use, &status);
    else if (S_ISDIR(status.st_mode))
        check_directory(thaw, findings, subject, file, &status);
    else if (S_ISCHR(status.st_mode) && status.st_rdev != file->rdev && strcmp(path, "/dev/tty") != 0)
        findings_add(findings, VERDICT_REFUSED, subject, "put it back to where it was", "the program has it open, and it is another device now");
}

static void check_inherited(const struct thaw *thaw, struct findings *findings)
{
    const Ckpt__Descriptors *descriptors = &thaw->model->descriptors;
    bool any = false;
    for (size_t i = 0; i < descriptors->n_descriptors; i++) {
        const Ckpt__OpenFile *open_file = model_open_file(thaw->model, descriptors->descriptors[i]->open_file);
        const Ckpt__File *file = model_file(thaw->model, open_file->file);
        any |= open_file->inherited == 0;
        if (open_file->inherited != 0)
            files_check_standard(descriptors->descriptors[i], open_file, file, findings);
    }
    if (any)
        findings_add(findings, VERDICT_SAVED, "files", NULL, "%zu descriptors", descriptors->n_descriptors);
}

void files_check(struct thaw *thaw, struct findings *findings)
{
    const struct model *model = thaw->model;
    const struct use *uses = uses_of(model, findings->arena);
    for (size_t i = 0; i < model->file_count; i++) {
        const Ckpt__File *file = model->files[i];
        if (!uses[i].any || file->space != 0 || object_of_file(file) != NULL)
            continue;
        if (file->deleted || file->path.len == 0)
            findings_add(findings, VERDICT_REFUSED, "files", NULL, "%.*s: deleted, and its content is not in the image", (int)file->path.len,
                         (const char *)file->path.data);
        else
            check_file(thaw, findings, file, &uses[i]);
    }
    check_inherited(thaw, findings);
    files_check_locks(thaw, findings);
}

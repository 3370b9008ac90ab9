/* Descriptors 0 to 2 are the caller's, unless those of the image are asked for. */
#include <fcntl.h>
#include <stdio.h>
#include <sys/sysmacros.h>
#include <unistd.h>

#include "checkpt/resource/file_record.h"
#include "checkpt/resource/files.h"

/* Pipes, sockets, terminals and what has no name any more can only come from the caller. */
static bool can_be_opened_again(const Ckpt__File *file)
{
    bool has_name = file->path.len > 0 && file->path.data[0] == '/' && !file->deleted && file->space == 0;
    return has_name && (S_ISREG(file->mode) || S_ISDIR(file->mode) || (S_ISCHR(file->mode) && files_is_plain_device(file->rdev)));
}

void files_take_back_standard(struct model *model)
{
    for (size_t i = 0; i < model->open_file_count; i++) {
        Ckpt__OpenFile *open_file = model->open_files[i];
        const Ckpt__File *file = model_file(model, open_file->file);
        if (open_file->inherited > 0 && open_file->inherited <= FILES_STANDARD && file != NULL && can_be_opened_again(file))
            open_file->inherited = 0;
    }
}

/* Where the caller has sent it somewhere that lasts, that is what was wanted. NULL then. */
static const char *nowhere(int fd)
{
    struct stat status;
    if (fstat(fd, &status) != 0)
        return "which is closed";
    if (!S_ISCHR(status.st_mode))
        return NULL;
    return isatty(fd) ? "which is a terminal" : status.st_rdev == makedev(1, 3) ? "which is /dev/null" : "which is a device";
}

/* What lies in a file, or was to go there, and would not: a program may have opened it itself, as `sort -o` does. */
static bool is_cut_off(const Ckpt__Descriptor *descriptor, const Ckpt__OpenFile *open_file, const Ckpt__File *file)
{
    if (descriptor->number != open_file->inherited - 1 || !S_ISREG(file->mode) || !can_be_opened_again(file) || (open_file->flags & O_PATH) != 0)
        return false;
    return descriptor->number == STDIN_FILENO ? (open_file->flags & O_ACCMODE) != O_WRONLY && open_file->offset < file->size : files_is_written(open_file);
}

void files_check_standard(const Ckpt__Descriptor *descriptor, const Ckpt__OpenFile *open_file, const Ckpt__File *file, struct findings *findings)
{
    char subject[32], path[PATH_MAX];
    uint32_t from = descriptor->number < FILES_STANDARD ? descriptor->number : open_file->inherited - 1;
    const char *where = nowhere((int)from), *name = file != NULL && file->path.len > 0 ? file_path(file, path) : "?";
    snprintf(subject, sizeof(subject), "fd %u", descriptor->number);
    if (file != NULL && where != NULL && is_cut_off(descriptor, open_file, file))
        findings_add(findings, VERDICT_LOST, subject, "--stdio=image has it go on there", "was %s; becomes the caller's descriptor %u, %s", name, from, where);
    else if (fcntl((int)from, F_GETFD) < 0)
        findings_add(findings, VERDICT_CHANGED, subject, "open it in the caller", "descriptor %u is closed in the caller: %s", from,
                     descriptor->number < FILES_STANDARD ? "closed" : "it leads to /dev/null");
    else
        findings_add(findings, VERDICT_CHANGED, subject, NULL, "was %s; becomes the caller's descriptor %u", name, from);
}

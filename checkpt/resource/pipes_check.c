/* Whether this host can give the program its pipes back. */
#include <errno.h>
#include <fcntl.h>
#include <inttypes.h>
#include <stdio.h>
#include <string.h>
#include <unistd.h>

#include "checkpt/resource/file_record.h"
#include "checkpt/resource/pipes.h"

#define SLOT 4096u /* a page: what a pipe's capacity is counted in */

struct uses {
    bool any, reads, writes;
};

static struct uses *find_uses(const struct model *model, struct arena *arena)
{
    struct uses *uses = arena_alloc(arena, (model->file_count + 1) * sizeof(*uses));
    for (size_t i = 0; i < model->open_file_count; i++) {
        const Ckpt__OpenFile *open_file = model->open_files[i];
        if (open_file->inherited != 0 || open_file->file == 0)
            continue;
        struct uses *of_file = &uses[open_file->file - 1];
        of_file->any = true;
        of_file->reads |= (open_file->flags & O_PATH) == 0 && (open_file->flags & O_ACCMODE) != O_WRONLY;
        of_file->writes |= (open_file->flags & O_PATH) == 0 && (open_file->flags & O_ACCMODE) != O_RDONLY;
    }
    return uses;
}

/* Packets are in order, inside what is unread, and none is larger than the kernel makes them. */
static const char *contradiction(const Ckpt__File *file, const Ckpt__Pipe *pipe)
{
    uint64_t at = 0, slots = 0;
    struct pipes_piece piece = {0};
    if ((pipe->capacity & (pipe->capacity - 1)) != 0 || (pipe->capacity != 0 && pipe->capacity < SLOT) || pipe->capacity > 1u << 30)
        return "its capacity is none that a pipe can have";
    for (size_t i = 0; i < pipe->n_packets; i++) {
        const Ckpt__Pipe__Packet *packet = pipe->packets[i];
        if (packet->offset < at || packet->length == 0 || packet->length > SLOT || packet->offset > file->size || packet->length > file->size - packet->offset)
            return "its packets are not in order, or not in what is unread";
        at = packet->offset + packet->length;
    }
    if (file->space == 0)
        return pipe->n_packets > 0 ? "it has packets, and nothing unread" : NULL;
    while (pipes_next_piece(file, pipe, &piece)) {
        uint64_t begin = pipes_is_before_packet(pipe, &piece) ? piece.offset % SLOT : 0; /* spliced, page by page */
        slots += (begin + piece.length + SLOT - 1) / SLOT;
    }
    return pipe->capacity != 0 && slots > pipe->capacity / SLOT ? "more is unread than its capacity has room for" : NULL;
}

static void check_capacity(struct findings *findings, const char *subject, const Ckpt__Pipe *pipe)
{
    int ends[2];
    if (pipe->capacity == 0)
        return;
    if (pipe2(ends, O_CLOEXEC | O_NONBLOCK) != 0) {
        findings_add(findings, VERDICT_REFUSED, subject, NULL, "making a pipe: %s", strerror(errno));
        return;
    }
    if (fcntl(ends[1], F_GETPIPE_SZ) != (int)pipe->capacity && fcntl(ends[1], F_SETPIPE_SZ, pipe->capacity) < 0)
        findings_add(findings, VERDICT_REFUSED, subject, "raise /proc/sys/fs/pipe-max-size or pipe-user-pages-soft, or let a caller with CAP_SYS_RESOURCE resume it",
                     "its capacity of %u bytes is more than this user may have: %s", pipe->capacity, strerror(errno));
    close(ends[0]);
    close(ends[1]);
}

/* Who only writes to it is let in by a reader of ours. */
static void check_name(struct findings *findings, const char *subject, const Ckpt__File *file, const struct uses *uses)
{
    char path[PATH_MAX];
    struct stat status;
    file_path(file, path);
    int wanted = (uses->reads || uses->writes || file->space != 0 ? R_OK : 0) | (uses->writes || file->space != 0 ? W_OK : 0);
    if (stat(path, &status) != 0)
        findings_add(findings, VERDICT_REFUSED, subject, "put it back (mkfifo), or drop it with ckptedit --drop-fd", "the program has it open: %s", strerror(errno));
    else if (!S_ISFIFO(status.st_mode))
        findings_add(findings, VERDICT_REFUSED, subject, "put it back (mkfifo)", "the program has it open, and it is something else now");
    else if (faccessat(AT_FDCWD, path, wanted, AT_EACCESS) != 0)
        findings_add(findings, VERDICT_REFUSED, subject, "a caller who may open it", "the program has it open: %s", strerror(errno));
}

static void check_pipe(const struct thaw *thaw, struct findings *findings, const Ckpt__File *file, const struct uses *uses)
{
    char subject[PATH_MAX + 8], path[PATH_MAX];
    const Ckpt__Pipe *pipe = pipes_record(thaw->model, file);
    const char *wrong = pipe != NULL ? contradiction(file, pipe) : file->space != 0 ? "there is content, but no PIPE record" : NULL;
    snprintf(subject, sizeof(subject), "%s%s", pipes_has_name(file) ? "file " : "", file_path(file, path));
    if (wrong != NULL)
        findings_add(findings, VERDICT_REFUSED, subject, NULL, "its record contradicts itself: %s", wrong);
    else if (pipe != NULL)
        check_capacity(findings, subject, pipe);
    if (pipes_has_name(file))
        check_name(findings, subject, file, uses);
}

void pipes_check(struct thaw *thaw, struct findings *findings)
{
    const struct model *model = thaw->model;
    const struct uses *uses = find_uses(model, findings->arena);
    for (size_t i = 0; i < model->file_count; i++)
        if (uses[i].any && model->files[i]->type == CKPT__FILE_TYPE__FILE_TYPE_FIFO)
            check_pipe(thaw, findings, model->files[i], &uses[i]);
}

#include "checkpt/resource/pipes.h"

#include <fcntl.h>
#include <string.h>

#include "checkpt/resource/all.h"
#include "checkpt/resource/file_record.h"
#include "checkpt/resource/sharers.h"

static bool is_pipe(const struct proc_fd *fd)
{
    return S_ISFIFO(fd->mode);
}

static bool is_end_of(const struct proc_fd *fd, const struct proc_fd *other, uint32_t not_only)
{
    return other->inode == fd->inode && other->device == fd->device && (other->flags & O_PATH) == 0 && (other->flags & O_ACCMODE) != not_only;
}

struct pipes_ends pipes_ends(const struct freeze *freeze, const struct proc_fd *fd)
{
    struct pipes_ends ends = {0};
    for (size_t i = 0; i < freeze->fd_count && !(ends.reads && ends.writes); i++) {
        ends.reads |= is_end_of(fd, &freeze->fds[i], O_WRONLY);
        ends.writes |= is_end_of(fd, &freeze->fds[i], O_RDONLY);
    }
    return ends;
}

/* A FIFO may be what whoever started the program has sent its input from. */
static bool is_own(const struct freeze *freeze, const struct proc_fd *fd)
{
    struct pipes_ends ends = pipes_ends(freeze, fd);
    return fd->target[0] != '/' && ends.reads && ends.writes && sharers_find(freeze, fd) == NULL;
}

static struct files_fate fate(const struct freeze *freeze, const struct proc_fd *fd, struct arena *arena)
{
    struct stat status = files_status(fd);
    const struct sharer *sharer = sharers_find(freeze, fd);
    bool is_fifo = fd->target[0] == '/';
    if (is_fifo && !fd->deleted && !file_leads_to(fd->target, &status))
        return (struct files_fate){.kind = FILES_REFUSED, .noun = fd->target, .reason = "the path leads to another file from here",
                                   .way_out = "undo the mount that hides it"};
    if (sharer == NULL || (is_fifo && !fd->deleted))
        return object_saved(&pipes_object, is_fifo ? fd->target : "pipe");
    return (struct files_fate){.kind = FILES_REFUSED, .noun = is_fifo ? fd->target : "pipe",
                               .reason = arena_printf(arena, "process %d (%s) has it open, too, and stays behind", sharer->pid, sharer->name),
                               .way_out = "end that process first, or start the program with a file in the pipe's place"};
}

static bool is_its(const Ckpt__File *file)
{
    return file->type == CKPT__FILE_TYPE__FILE_TYPE_FIFO;
}

bool pipes_has_name(const Ckpt__File *file)
{
    return file->path.len > 0 && file->path.data[0] == '/' && !file->deleted;
}

const Ckpt__Pipe *pipes_record(const struct model *model, const Ckpt__File *file)
{
    return model_object(model, CKPT__KIND__KIND_PIPE, file->id);
}

bool pipes_next_piece(const Ckpt__File *file, const Ckpt__Pipe *pipe, struct pipes_piece *piece)
{
    uint64_t at = piece->offset + piece->length;
    size_t next = piece->next;
    uint64_t packet = next < pipe->n_packets ? pipe->packets[next]->offset : file->size;
    if (at >= file->size)
        return false;
    if (packet == at)
        *piece = (struct pipes_piece){at, pipe->packets[next]->length, true, next + 1};
    else
        *piece = (struct pipes_piece){at, packet - at, false, next};
    return true;
}

bool pipes_is_before_packet(const Ckpt__Pipe *pipe, const struct pipes_piece *piece)
{
    return !piece->is_packet && piece->next < pipe->n_packets;
}

const struct object pipes_object = {
    .name = "pipes",
    .saved = "their pipes are made anew, with what is unread in them",
    .is_one = is_pipe,
    .is_own = is_own,
    .fate = fate,
    .is_its = is_its,
    .make = pipes_make,
};

const struct resource_ops pipes_resource = {
    .name = "pipes", .beside_memory = true,
    .collect = pipes_collect,
    .check = pipes_check,
};

/* Pipes and FIFOs of the program's own. What the files of this resource share. */
#ifndef CHECKPT_RESOURCE_PIPES_H
#define CHECKPT_RESOURCE_PIPES_H

#include "checkpt/resource/object.h"
#include "schemas/pipes.pb-c.h"

/* A FIFO that its path leads to is opened by that; everything else is a pipe again. */
bool pipes_has_name(const Ckpt__File *file);
/* The record of a FILE; NULL: there is none. */
const Ckpt__Pipe *pipes_record(const struct model *model, const Ckpt__File *file);

/* Which ends of a pipe descriptors of the program are. */
struct pipes_ends {
    bool reads, writes;
};
struct pipes_ends pipes_ends(const struct freeze *freeze, const struct proc_fd *fd);

/* pipes_collect.c, pipes_check.c, pipes_plan.c */
bool pipes_collect(struct freeze *freeze, struct failure *why);
void pipes_check(struct thaw *thaw, struct findings *findings);
bool pipes_make(struct making *making, const Ckpt__File *file, struct failure *why);

/* The unread bytes are pieces of a stream and packets, in order. Zero-initialise. */
struct pipes_piece {
    uint64_t offset, length;
    bool is_packet;
    size_t next; /* packet */
};
/* The next piece, from the one before; false behind the last. The packets are in order and inside: pipes_check(). */
bool pipes_next_piece(const Ckpt__File *file, const Ckpt__Pipe *pipe, struct pipes_piece *piece);
/* A piece of a stream that a packet follows. */
bool pipes_is_before_packet(const Ckpt__Pipe *pipe, const struct pipes_piece *piece);

#endif

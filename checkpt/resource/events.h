/* What eventfds, timerfds, signalfds, epolls and inotifies have in common: each is one open file of a FILE of its own, which the kernel gives a name that is no path. */
#ifndef CHECKPT_RESOURCE_EVENTS_H
#define CHECKPT_RESOURCE_EVENTS_H

#include "checkpt/resource/making.h"
#include "checkpt/resource/object.h"

/* `name` is the kernel's: "anon_inode:[eventfd]". */
bool events_is(const struct proc_fd *fd, const char *name);
bool events_is_file(const Ckpt__File *file, const char *name);
/* For the objects' is_own: nobody gives such to a program that it starts, and one that has closed 0 to 2 gets its own there. */
bool events_is_own(const struct freeze *freeze, const struct proc_fd *fd);

/* Calls `collect` for each of that name, with a descriptor of it and the id of its FILE. */
bool events_collect(struct freeze *freeze, const char *name, bool (*collect)(struct freeze *freeze, uint32_t number, uint32_t file, struct failure *why),
                    struct failure *why);

/* The record of a kind that is about a FILE; NULL with the sentence where the image has none. */
const void *events_record(const struct model *model, uint32_t kind, const Ckpt__File *file, struct failure *why);
/* The call that was appended has given `given`, closed on exec: makes descriptors of it. */
void events_place(struct making *m, const Ckpt__File *file, uint32_t given, uint32_t flags);

/* By FILE id - 1: the lowest descriptor of it that is the program's own; -1: none. */
const int64_t *events_numbers(const struct model *model, struct arena *arena);

#endif

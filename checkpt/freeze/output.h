/* The file that a freeze writes: under a temporary name beside its final one, which it takes only when it is whole and durable. Or a descriptor that somebody has open:
 * then a file is emptied where it cannot be made whole, and what has gone down a pipe has gone. */
#ifndef CHECKPT_FREEZE_OUTPUT_H
#define CHECKPT_FREEZE_OUTPUT_H

#include <limits.h>

#include "checkpt/failure.h"

struct output {
    int fd;                  /* -1: not open */
    int directory;           /* where it lies */
    char name[NAME_MAX + 1]; /* final name in the directory */
    char temporary[NAME_MAX + 1];
    bool is_given;           /* somebody else's descriptor */
    bool is_stream;          /* cannot seek */
};

#define OUTPUT_CLOSED ((struct output){.fd = -1, .directory = -1})

/* Makes the temporary file, mode 0600. */
bool output_open(struct output *output, const char *path, struct failure *why);
/* Writes to a copy of `fd`, and not at its offset: a regular file begins with the image and ends with it. why->error is EBADF where it is no regular file, pipe or
 * socket, or not open for writing. */
bool output_open_descriptor(struct output *output, int fd, struct failure *why);
/* Makes it durable under its final name: fsync, rename, fsync of the directory. */
bool output_commit(struct output *output, const char *path, struct failure *why);
/* Lets go of a given descriptor with its file as it is. */
void output_forget(struct output *output);
/* Removes what is there of it unless it was committed. Safe to call twice. */
void output_abandon(struct output *output);

#endif

/* The file that a freeze writes: under a temporary name beside its final one, which it takes only when it is whole and durable. */
#ifndef CHECKPT_FREEZE_OUTPUT_H
#define CHECKPT_FREEZE_OUTPUT_H

#include <limits.h>

#include "checkpt/failure.h"

struct output {
    int fd;                  /* -1: not open */
    int directory;           /* where it lies */
    char name[NAME_MAX + 1]; /* final name in the directory */
    char temporary[NAME_MAX + 1];
};

#define OUTPUT_CLOSED ((struct output){.fd = -1, .directory = -1})

/* Makes the temporary file, mode 0600. */
bool output_open(struct output *output, const char *path, struct failure *why);
/* Makes it durable under its final name: fsync, rename, fsync of the directory. */
bool output_commit(struct output *output, const char *path, struct failure *why);
/* Removes what is there of it unless it was committed. Safe to call twice. */
void output_abandon(struct output *output);

#endif

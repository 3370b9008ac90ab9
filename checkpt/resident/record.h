/* From an image of a program to a start file: everything about a start that can be known before it is worked out here. */
#ifndef CHECKPT_RESIDENT_RECORD_H
#define CHECKPT_RESIDENT_RECORD_H

#include <stdbool.h>
#include <stddef.h>

#include "checkpt/failure.h"
#include "checkpt/resident/start_file.h"

struct record_request {
    const char *image;    /* path; under its final name, with nothing left to change */
    const char *binary;   /* path of the program */
    uint32_t id;
    enum start_kind kind;
    uint64_t entry;       /* START_ENTRY: where it goes on */
    uint64_t stack_limit; /* RLIMIT_STACK of the process, when its C library looked */
};

/* The start file's bytes, malloc()ed: the caller frees. Refuses, in a sentence, programs that cannot be started from their memory alone: with threads, or with shared memory. */
bool record_make(const struct record_request *request, void **bytes, size_t *size, struct failure *why);

/* The file at `path` as it is now. */
bool record_identify(const char *path, struct start_identity *identity, struct failure *why);

#endif

/* Reading files of /proc whole: those that are not lines. */
#ifndef CHECKPT_PROC_TEXT_H
#define CHECKPT_PROC_TEXT_H

#include <stddef.h>

#include "checkpt/failure.h"

/* A file relative to the directory, NUL-terminated, malloc()ed: the caller frees. NULL with the sentence on failure. */
char *proc_text(int directory, const char *name, size_t *length, struct failure *why);

#endif

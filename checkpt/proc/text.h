/* Reading the text files of /proc whole, and taking their lines apart. */
#ifndef CHECKPT_PROC_TEXT_H
#define CHECKPT_PROC_TEXT_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "checkpt/arena.h"
#include "checkpt/failure.h"

/* A file relative to the directory, NUL-terminated, malloc()ed: the caller frees. NULL with the sentence on failure. */
char *proc_text(int directory, const char *name, size_t *length, struct failure *why);
/* Cuts the text at the next newline and moves on; NULL at the end. */
char *proc_line(char **text);
/* If the line begins with `key`, what follows it with blanks skipped; else NULL. */
const char *proc_value(const char *line, const char *key);
/* Undoes the \ooo of names in /proc, in place; returns the new length. */
size_t proc_unescape(char *name);

#endif

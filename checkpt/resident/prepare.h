/* A dynamic program, run as far as its dynamic linker has loaded and relocated everything, and no further: not one instruction of the program's own or of its libraries'. */
#ifndef CHECKPT_RESIDENT_PREPARE_H
#define CHECKPT_RESIDENT_PREPARE_H

#include <sys/types.h>

#include "checkpt/failure.h"

/* Starts `path` and leaves it there, stopped; *pid is a child of ours. Refuses what is no dynamic program of the GNU C library. */
bool prepare(const char *path, pid_t *pid, struct failure *why);
/* Ends it. */
void prepare_end(pid_t pid);

#endif

/* Entries of a directory whose names are numbers: fd, task, /proc itself. */
#ifndef CHECKPT_PROC_NUMBERS_H
#define CHECKPT_PROC_NUMBERS_H

#include "checkpt/arena.h"
#include "checkpt/failure.h"

#include <stdint.h>

bool proc_numbers(int directory, const char *name, struct arena *arena, uint32_t **numbers, size_t *count, struct failure *why); /* ascending */

#endif

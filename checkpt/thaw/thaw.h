/* Thawing: a file into a running program. */
#ifndef CHECKPT_THAW_H
#define CHECKPT_THAW_H

#include <stdio.h>

#include "checkpt/resource/resource.h"

/* Becomes the program in the image: returns only on failure. With --pid it waits for the program and ends as it ends. Things that are in the way are
 * told by tell(), which may be NULL; then exit status 1 and no sentence. Where none is, things that get lost are told. */
bool thaw_program(const char *path, const struct thaw_options *options, void (*tell)(void *context, const struct finding *finding),
                  void *context, struct failure *why);

/* What `checkpt check` shows: opens, verifies as far as a thaw would, and lets every resource say what it thinks. Where `plan` is not NULL and nothing is
 * refused, prints the calls there. */
bool thaw_check(const char *path, const struct thaw_options *options, struct findings *findings, FILE *plan, struct failure *why);

#endif

/* What the kernel starts in the place of a resident program: checkpt-start, under that program's name. */
#ifndef CHECKPT_RESIDENT_STAND_IN_H
#define CHECKPT_RESIDENT_STAND_IN_H

#include <stdbool.h>

#include "checkpt/failure.h"

/* /proc/PID/exe is the file that the kernel has loaded, and only a privileged process may say otherwise. So each program has a copy of `starter`, on a file system in memory
 * that is mounted nowhere and lasts as long as somebody has that file open: a link to it reads as `binary`, an absolute path. *fd receives it, for its path; the
 * caller closes. */
bool stand_in_make(const char *starter, const char *binary, int *fd, struct failure *why);

#endif

/* Where checkpt-start is, the program that stands in for resident ones. */
#ifndef CHECKPT_RESIDENT_STARTER_H
#define CHECKPT_RESIDENT_STARTER_H

#include "checkpt/failure.h"

/* PATH_MAX bytes. Beside this program, or in libexec/checkpt below its prefix. */
bool starter_path(char *path, struct failure *why);

#endif

/* Making a valid image of what is left of a damaged one. */
#ifndef CKPTEDIT_SALVAGE_H
#define CKPTEDIT_SALVAGE_H

#include "ckptedit/edit.h"

/* The image at `path`, open for reading at `fd`. Says what was recovered and what is missing. Returns an exit status. */
int salvage_file(const struct settings *settings, const char *path, int fd);

#endif

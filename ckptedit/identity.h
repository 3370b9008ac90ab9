/* What a path leads to now, as File records say it. */
#ifndef CKPTEDIT_IDENTITY_H
#define CKPTEDIT_IDENTITY_H

#include <limits.h>

#include "schemas/files.pb-c.h"

/* Sets everything of a File but its id and the space and seals of content that is in the image: path, type, device, inode, size, times, mode, links, build-id.
 * Returns 0 or a negative errno, and then *file is as it was. */
int identity_read(Ckpt__File *file, const char *path);
/* The absolute path, symbolic links followed where it leads somewhere, else as given behind the current directory. Returns 0 or a negative errno. */
int identity_path(const char *path, char absolute[PATH_MAX]);
/* "a directory" … */
const char *identity_type(Ckpt__FileType type);

#endif

/* Paths as /proc shows them. */
#ifndef CHECKPT_PROC_PATH_H
#define CHECKPT_PROC_PATH_H

#include <stdbool.h>
#include <stdint.h>

/* Turns \ooo back into the bytes they stand for, in place; only those in `escaped` (a file escapes a few characters only, and a backslash of the
 * name itself not at all). */
void proc_path_unescape(char *path, const char *escaped);
/* Removes the kernel's " (deleted)" from the end of an absolute path; false where there was none. `inode`: the file's, to tell it from a name that ends so. */
bool proc_path_cut_deleted(char *path, uint64_t inode);

#endif

/* Symbolic links in /proc/PID. */
#ifndef CHECKPT_PROC_LINKS_H
#define CHECKPT_PROC_LINKS_H

#include "checkpt/proc/proc.h"

/* proc_link() where the caller has already the inode behind the link, to save a stat; deleted must not be NULL. Returns errno, 0 for success. */
int proc_link_read(int directory, const char *name, uint64_t inode, struct arena *arena, const char **target, bool *deleted);

#endif

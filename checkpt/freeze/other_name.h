/* Files that have lost the name that the program knew, and have another one. */
#ifndef CHECKPT_FREEZE_OTHER_NAME_H
#define CHECKPT_FREEZE_OTHER_NAME_H

#include "checkpt/proc/proc.h"

/* Open files, and files that are mapped shared, get the name that leads to them now, where that is in the directory of the old one: link(2) and unlink(2)
 * are how some programs rename. Others stay as they are: deleted. The names are the arena's. */
void other_name_fds(struct proc_fd *fds, size_t count, struct arena *arena);
void other_name_maps(struct proc_mapping *maps, size_t count, struct arena *arena);

#endif

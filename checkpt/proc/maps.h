/* One line of /proc/PID/maps, shared by the readers of maps and smaps. */
#ifndef CHECKPT_PROC_MAPS_H
#define CHECKPT_PROC_MAPS_H

#include "checkpt/proc/proc.h"

/* False where the line is not a mapping's. `previous` (or NULL) is the mapping before: equal paths are stored once. */
bool proc_mapping_parse(const char *line, const struct proc_mapping *previous, struct arena *arena, struct proc_mapping *mapping);

#endif

/* The folders where resident programs lie: for each an image, a start file and a count of its uses, all under the name of its binary's device and inode. They belong to root and
 * are in memory. */
#ifndef CHECKPT_RESIDENT_STORE_H
#define CHECKPT_RESIDENT_STORE_H

#include <limits.h>
#include <stddef.h>
#include <sys/stat.h>

#include "checkpt/failure.h"
#include "checkpt/resident/registry.h"

/* Makes them where they are missing, and takes away what somebody left who was killed meanwhile. *lock receives a descriptor: whoever has it is alone. Root only. */
bool store_open(int *lock, struct failure *why);

/* The name for a binary. */
void store_name(char base[STORE_NAME], const struct stat *binary);
void store_path(char path[PATH_MAX], const char *base, const char *suffix);

/* The image has been written. From here on it is resident, for `checkpt exec`. */
bool store_add(const char *base, const void *start_file, size_t size, struct failure *why);
void store_remove(const char *base);

/* All entries but for has_handler, ascending by id; malloc()ed, as are their paths. */
bool store_list(struct registry_entry **list, size_t *count, struct failure *why);

#endif

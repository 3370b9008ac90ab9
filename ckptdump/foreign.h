/* Core files that are not checkpoint images. */
#ifndef CKPTDUMP_FOREIGN_H
#define CKPTDUMP_FOREIGN_H

#include <stdbool.h>

/* Whether the file is an ELF core file of any kind. */
bool foreign_is_core(int fd);

#endif

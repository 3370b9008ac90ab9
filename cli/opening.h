/* What is said of a file that is no image, or no longer one. */
#ifndef CLI_OPENING_H
#define CLI_OPENING_H

#include <ckptfmt/status.h>
#include <sys/stat.h>

/* What it is instead of a regular file. */
const char *cli_kind_of_file(mode_t mode);
/* What stands behind the reader's sentence: where there is more of a truncated image than a piece of a head, something may be left. Else "". */
const char *cli_opening_way_out(enum ckpt_status status, int fd);

#endif

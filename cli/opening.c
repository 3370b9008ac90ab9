#include "cli/opening.h"

#include <stdbool.h>

#include <ckptfmt/format.h>

const char *cli_kind_of_file(mode_t mode)
{
    return S_ISDIR(mode)    ? "it is a directory"
           : S_ISSOCK(mode) ? "it is a socket"
           : S_ISFIFO(mode) ? "it is a FIFO"
           : S_ISCHR(mode)  ? "it is a device"
                            : "it is not a regular file";
}

const char *cli_opening_way_out(enum ckpt_status status, int fd)
{
    struct stat file;
    bool some = status == CKPT_TRUNCATED && fstat(fd, &file) == 0 && file.st_size >= CKPT_PAGE_SIZE;
    return some ? "; way out: ckptedit --salvage, which makes an image of what is left" : "";
}

#include "ckptdump/foreign.h"

#include <elf.h>
#include <string.h>
#include <unistd.h>

bool foreign_is_core(int fd)
{
    unsigned char head[sizeof(Elf64_Ehdr)];
    ssize_t length = pread(fd, head, sizeof(head), 0);
    if (length < EI_NIDENT + 2 || memcmp(head, ELFMAG, SELFMAG) != 0)
        return false;
    bool big = head[EI_DATA] == ELFDATA2MSB;
    return head[EI_NIDENT + (big ? 1 : 0)] == ET_CORE && head[EI_NIDENT + (big ? 0 : 1)] == 0;
}

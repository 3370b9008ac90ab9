#include "checkpt/proc/path.h"

#include <string.h>
#include <sys/stat.h>

static const char deleted[] = " (deleted)";

static bool octal(const char *text, int *byte)
{
    for (int i = 0; i < 3; i++)
        if (text[i] < '0' || text[i] > '7')
            return false;
    *byte = (text[0] - '0') * 64 + (text[1] - '0') * 8 + (text[2] - '0');
    return *byte > 0 && *byte < 256;
}

void proc_path_unescape(char *path, const char *escaped)
{
    char *to = strchr(path, '\\');
    if (to == NULL)
        return;
    for (const char *from = to; *from != '\0';) {
        int byte;
        if (*from == '\\' && octal(from + 1, &byte) && strchr(escaped, byte) != NULL) {
            *to++ = (char)byte;
            from += 4;
        } else {
            *to++ = *from++;
        }
    }
    *to = '\0';
}

/* maps and stat disagree on the device on some file systems, so only the inode is compared. */
bool proc_path_cut_deleted(char *path, uint64_t inode)
{
    size_t length = strlen(path), tail = sizeof(deleted) - 1;
    struct stat whole;
    if (path[0] != '/' || length <= tail || strcmp(path + length - tail, deleted) != 0)
        return false;
    if (stat(path, &whole) == 0 && whole.st_ino == inode)
        return false;
    path[length - tail] = '\0';
    return true;
}

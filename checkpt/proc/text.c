#include "checkpt/proc/text.h"

#include <errno.h>
#include <fcntl.h>
#include <stdlib.h>
#include <unistd.h>

enum { FIRST_ROOM = 16384 };

static char *read_all(int fd, size_t *length)
{
    size_t room = FIRST_ROOM, used = 0;
    char *text = malloc(room);
    while (text != NULL) {
        ssize_t n = read(fd, text + used, room - used - 1);
        if (n < 0 && errno == EINTR)
            continue;
        if (n < 0) {
            free(text);
            return NULL;
        }
        if (n == 0)
            break;
        used += (size_t)n;
        if (room - used < 4096) {
            room *= 2;
            char *bigger = realloc(text, room);
            if (bigger == NULL)
                free(text);
            text = bigger;
        }
    }
    if (text != NULL) {
        text[used] = 0;
        *length = used;
    }
    return text;
}

char *proc_text(int directory, const char *name, size_t *length, struct failure *why)
{
    int fd = openat(directory, name, O_RDONLY | O_CLOEXEC);
    char *text = fd >= 0 ? read_all(fd, length) : NULL;
    if (text == NULL)
        failure_errno(why, "reading %s of /proc", name);
    if (fd >= 0)
        close(fd);
    return text;
}

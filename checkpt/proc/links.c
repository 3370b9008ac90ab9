#include <errno.h>
#include <fcntl.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include "checkpt/proc/proc.h"
#include "checkpt/proc/text.h"

bool proc_open(pid_t pid, int *directory, struct failure *why)
{
    char name[32];
    snprintf(name, sizeof(name), "/proc/%d", pid);
    int fd = pid > 0 ? open(name, O_RDONLY | O_DIRECTORY | O_CLOEXEC) : -1;
    if (fd < 0 && (pid <= 0 || errno == ENOENT))
        return failure_set(why, "there is no process with this id");
    if (fd < 0)
        return failure_errno(why, "opening %s", name);
    *directory = fd;
    return true;
}

bool proc_link(int directory, const char *name, struct arena *arena, const char **target, bool *deleted, struct failure *why)
{
    static const char suffix[] = " (deleted)";
    char buffer[8192];
    ssize_t n = readlinkat(directory, name, buffer, sizeof(buffer) - 1);
    if (n < 0)
        return failure_errno(why, "reading the link %s of /proc", name);
    buffer[n] = 0;
    size_t length = (size_t)n;
    bool gone = length > sizeof(suffix) - 1 && buffer[0] == '/' && strcmp(buffer + length - (sizeof(suffix) - 1), suffix) == 0;
    if (gone)
        buffer[length -= sizeof(suffix) - 1] = 0;
    if (deleted != NULL)
        *deleted = gone;
    *target = arena_copy(arena, buffer, length + 1);
    return true;
}

bool proc_number(int directory, const char *name, int base, int64_t *value, struct failure *why)
{
    size_t length;
    char *text = proc_text(directory, name, &length, why), *end;
    if (text == NULL)
        return false;
    long long number = strtoll(text, &end, base);
    bool good = end != text;
    free(text);
    if (!good)
        return failure_set(why, "%s of /proc: no number in it", name);
    *value = number;
    return true;
}

bool proc_auxv(int directory, struct arena *arena, void **auxv, size_t *size, struct failure *why)
{
    size_t length;
    char *text = proc_text(directory, "auxv", &length, why);
    if (text == NULL)
        return false;
    *auxv = arena_copy(arena, text, length);
    *size = length;
    free(text);
    return true;
}

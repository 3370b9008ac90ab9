#include "checkpt/proc/numbers.h"

#include <dirent.h>
#include <errno.h>
#include <fcntl.h>
#include <stdlib.h>
#include <unistd.h>

#include "checkpt/proc/array.h"

static int compare(const void *left, const void *right)
{
    uint32_t a = *(const uint32_t *)left, b = *(const uint32_t *)right;
    return (a > b) - (a < b);
}

bool proc_numbers(int directory, const char *name, struct arena *arena, uint32_t **numbers, size_t *count, struct failure *why)
{
    int fd = openat(directory, name, O_RDONLY | O_DIRECTORY | O_CLOEXEC);
    DIR *entries = fd >= 0 ? fdopendir(fd) : NULL;
    if (entries == NULL) {
        int error = errno;
        if (fd >= 0)
            close(fd);
        errno = error;
        if (error == ENOENT || error == ESRCH)
            return failure_set(why, "/proc directory %s: the process has exited", name);
        return failure_errno(why, "/proc directory %s: opening", name);
    }
    struct proc_array array = {.element = sizeof(uint32_t)};
    for (const struct dirent *entry; (entry = readdir(entries)) != NULL;)
        if (entry->d_name[0] >= '0' && entry->d_name[0] <= '9')
            *(uint32_t *)proc_array_add(&array) = (uint32_t)strtoul(entry->d_name, NULL, 10);
    closedir(entries);
    if (array.count > 1)
        qsort(array.elements, array.count, array.element, compare);
    *numbers = proc_array_keep(&array, arena, count);
    return true;
}

#include "checkpt/resident/starter.h"

#include <errno.h>
#include <limits.h>
#include <stdio.h>
#include <string.h>
#include <unistd.h>

#define STARTER "checkpt-start"

bool starter_path(char *path, struct failure *why)
{
    static const char *const places[] = {"/../libexec/checkpt/" STARTER, "/" STARTER};
    char own[PATH_MAX];
    ssize_t length = readlink("/proc/self/exe", own, sizeof(own) - 1);
    if (length < 0)
        return failure_errno(why, "/proc/self/exe");
    own[length] = '\0';
    *strrchr(own, '/') = '\0';
    for (size_t i = 0; i < sizeof(places) / sizeof(places[0]); i++) {
        if (strlen(own) + strlen(places[i]) >= PATH_MAX)
            continue;
        snprintf(path, PATH_MAX, "%.2000s%s", own, places[i]);
        if (access(path, X_OK) == 0)
            return true;
    }
    return failure_set(why, STARTER ": it is neither in libexec/checkpt nor beside checkpt");
}

#include "checkpt/failure.h"

#include <errno.h>
#include <stdarg.h>
#include <stdio.h>
#include <string.h>

bool failure_set(struct failure *why, const char *format, ...)
{
    va_list args;
    va_start(args, format);
    vsnprintf(why->sentence, sizeof(why->sentence), format, args);
    va_end(args);
    why->exit_status = 1;
    why->error = 0;
    return false;
}

bool failure_errno(struct failure *why, const char *format, ...)
{
    int error = errno;
    va_list args;
    va_start(args, format);
    int n = vsnprintf(why->sentence, sizeof(why->sentence), format, args);
    va_end(args);
    if (n >= 0 && (size_t)n < sizeof(why->sentence))
        snprintf(why->sentence + n, sizeof(why->sentence) - (size_t)n, ": %s", strerror(error));
    why->exit_status = 1;
    why->error = error;
    return false;
}

bool failure_prepend(struct failure *why, const char *format, ...)
{
    char old[sizeof(why->sentence)];
    memcpy(old, why->sentence, sizeof(old));
    va_list args;
    va_start(args, format);
    int n = vsnprintf(why->sentence, sizeof(why->sentence), format, args);
    va_end(args);
    if (n >= 0 && (size_t)n < sizeof(why->sentence))
        snprintf(why->sentence + n, sizeof(why->sentence) - (size_t)n, ": %s", old);
    return false;
}

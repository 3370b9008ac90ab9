#include "error.h"

#include <stdarg.h>
#include <stdio.h>
#include <string.h>

enum ckpt_status error_set(struct error *error, enum ckpt_status status, const char *format, ...)
{
    va_list args;
    va_start(args, format);
    vsnprintf(error->sentence, sizeof(error->sentence), format, args);
    va_end(args);
    return status;
}

enum ckpt_status error_at(struct error *error, enum ckpt_status status, const char *format, ...)
{
    char old[sizeof(error->sentence)];
    memcpy(old, error->sentence, sizeof(old));
    va_list args;
    va_start(args, format);
    int n = vsnprintf(error->sentence, sizeof(error->sentence), format, args);
    va_end(args);
    if (n >= 0 && (size_t)n < sizeof(error->sentence))
        snprintf(error->sentence + n, sizeof(error->sentence) - (size_t)n, ": %s", old);
    return status;
}

const char *ckpt_status_name(enum ckpt_status status)
{
    static const char *const names[] = {"ok",      "end",     "not found", "corrupt",   "truncated", "not an image",
                                        "unsupported", "refused", "invalid",   "no memory", "I/O error"};
    return (size_t)status < sizeof(names) / sizeof(names[0]) ? names[status] : "unknown";
}

const char *ckpt_library_version(void)
{
    return CKPT_LIBRARY_VERSION;
}

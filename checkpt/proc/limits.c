#include <stdlib.h>
#include <string.h>
#include <sys/resource.h>

#include "checkpt/proc/proc.h"
#include "checkpt/proc/text.h"

static const struct {
    const char *name;
    int resource;
} limits[] = {
    {"Max cpu time", RLIMIT_CPU},
    {"Max file size", RLIMIT_FSIZE},
    {"Max data size", RLIMIT_DATA},
    {"Max stack size", RLIMIT_STACK},
    {"Max core file size", RLIMIT_CORE},
    {"Max resident set", RLIMIT_RSS},
    {"Max processes", RLIMIT_NPROC},
    {"Max open files", RLIMIT_NOFILE},
    {"Max locked memory", RLIMIT_MEMLOCK},
    {"Max address space", RLIMIT_AS},
    {"Max file locks", RLIMIT_LOCKS},
    {"Max pending signals", RLIMIT_SIGPENDING},
    {"Max msgqueue size", RLIMIT_MSGQUEUE},
    {"Max nice priority", RLIMIT_NICE},
    {"Max realtime priority", RLIMIT_RTPRIO},
    {"Max realtime timeout", RLIMIT_RTTIME},
};

static uint64_t parse(const char **at)
{
    static const char unlimited[] = "unlimited";
    while (**at == ' ')
        (*at)++;
    if (strncmp(*at, unlimited, sizeof(unlimited) - 1) == 0) {
        *at += sizeof(unlimited) - 1;
        return ~0ull;
    }
    char *end;
    uint64_t value = strtoull(*at, &end, 10);
    *at = end;
    return value;
}

bool proc_limits(int directory, uint64_t soft[16], uint64_t hard[16], struct failure *why)
{
    size_t length;
    char *text = proc_text(directory, "limits", &length, why), *rest = text;
    if (text == NULL)
        return false;
    for (char *line; (line = proc_line(&rest)) != NULL;)
        for (size_t i = 0; i < sizeof(limits) / sizeof(limits[0]); i++) {
            const char *value = proc_value(line, limits[i].name);
            if (value == NULL)
                continue;
            soft[limits[i].resource] = parse(&value);
            hard[limits[i].resource] = parse(&value);
        }
    free(text);
    return true;
}

#include <stdlib.h>
#include <string.h>
#include <sys/resource.h>

#include "checkpt/proc/lines.h"
#include "checkpt/proc/proc.h"

static const struct {
    char name[24];
    int resource;
} limits[] = {
    {"Max cpu time", RLIMIT_CPU},           {"Max file size", RLIMIT_FSIZE},      {"Max data size", RLIMIT_DATA},
    {"Max stack size", RLIMIT_STACK},       {"Max core file size", RLIMIT_CORE},  {"Max resident set", RLIMIT_RSS},
    {"Max processes", RLIMIT_NPROC},        {"Max open files", RLIMIT_NOFILE},    {"Max locked memory", RLIMIT_MEMLOCK},
    {"Max address space", RLIMIT_AS},       {"Max file locks", RLIMIT_LOCKS},     {"Max pending signals", RLIMIT_SIGPENDING},
    {"Max msgqueue size", RLIMIT_MSGQUEUE}, {"Max nice priority", RLIMIT_NICE},   {"Max realtime priority", RLIMIT_RTPRIO},
    {"Max realtime timeout", RLIMIT_RTTIME},
};
enum { LIMITS = sizeof(limits) / sizeof(*limits) };

static uint64_t value(char **text)
{
    char *start = *text + strspn(*text, " ");
    if (strncmp(start, "unlimited", 9) == 0) {
        *text = start + 9;
        return ~0ull;
    }
    return strtoull(start, text, 10);
}

static bool read_line(char *line, uint64_t soft[16], uint64_t hard[16])
{
    for (size_t i = 0; i < LIMITS; i++) {
        size_t length = strlen(limits[i].name);
        if (strncmp(line, limits[i].name, length) != 0 || line[length] != ' ')
            continue;
        char *text = line + length;
        soft[limits[i].resource] = value(&text);
        hard[limits[i].resource] = value(&text);
        return true;
    }
    return false;
}

bool proc_limits(int directory, uint64_t soft[16], uint64_t hard[16], struct failure *why)
{
    struct proc_lines lines;
    if (!proc_lines_open(&lines, directory, "limits", why))
        return false;
    size_t found = 0;
    for (char *line; (line = proc_lines_next(&lines)) != NULL;)
        found += read_line(line, soft, hard);
    proc_lines_close(&lines);
    return found == LIMITS || failure_set(why, "/proc file limits: %zu limits instead of %d", found, (int)LIMITS);
}

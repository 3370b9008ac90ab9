#include <errno.h>
#include <stdlib.h>

#include "checkpt/proc/lines.h"
#include "checkpt/proc/proc.h"

bool proc_number(int directory, const char *name, int base, int64_t *value, struct failure *why)
{
    struct proc_lines lines;
    if (!proc_lines_open(&lines, directory, name, why))
        return false;
    const char *line = proc_lines_next(&lines);
    proc_lines_close(&lines);
    char *end = NULL;
    long long number = line != NULL ? strtoll(line, &end, base) : 0;
    if (line == NULL || end == line)
        return failure_set(why, "/proc file %s: not a number", name);
    *value = number;
    return true;
}

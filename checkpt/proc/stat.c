#include <stdlib.h>
#include <string.h>

#include "checkpt/proc/lines.h"
#include "checkpt/proc/proc.h"

enum { FIRST_FIELD = 3, LAST_FIELD = 52, FIELDS = LAST_FIELD + 1 };

/* The kernel escapes newlines and backslashes of a name. */
static void copy_comm(char comm[64], const char *from, const char *end)
{
    size_t length = 0;
    while (from < end && length < 63) {
        if (from[0] == '\\' && from + 1 < end && (from[1] == 'n' || from[1] == '\\')) {
            comm[length++] = from[1] == 'n' ? '\n' : '\\';
            from += 2;
        } else {
            comm[length++] = *from++;
        }
    }
    comm[length] = '\0';
}

/* proc_pid_stat(5) counts fields from 1; the state is the third. */
static size_t split(char *text, const char *fields[FIELDS])
{
    size_t number = FIRST_FIELD;
    char *rest = text;
    for (char *field; number <= LAST_FIELD && (field = strsep(&rest, " ")) != NULL;)
        fields[number++] = field;
    return number;
}

static uint64_t number(const char *text)
{
    return text[0] == '-' ? (uint64_t)strtoll(text, NULL, 10) : strtoull(text, NULL, 10);
}

static void store(struct proc_stat *stat, const char *const fields[FIELDS])
{
    stat->state = fields[3][0];
    stat->ppid = (int32_t)number(fields[4]);
    stat->pgrp = (int32_t)number(fields[5]);
    stat->session = (int32_t)number(fields[6]);
    stat->tty_nr = (int32_t)number(fields[7]);
    stat->flags = (uint32_t)number(fields[9]);
    stat->nice = (int32_t)number(fields[19]);
    stat->num_threads = (int32_t)number(fields[20]);
    stat->start_time = number(fields[22]);
    stat->start_code = number(fields[26]);
    stat->end_code = number(fields[27]);
    stat->start_stack = number(fields[28]);
    stat->exit_signal = (int32_t)number(fields[38]);
    stat->rt_priority = (uint32_t)number(fields[40]);
    stat->policy = (uint32_t)number(fields[41]);
    stat->start_data = number(fields[45]);
    stat->end_data = number(fields[46]);
    stat->start_brk = number(fields[47]);
    stat->arg_start = number(fields[48]);
    stat->arg_end = number(fields[49]);
    stat->env_start = number(fields[50]);
    stat->env_end = number(fields[51]);
}

bool proc_stat(int directory, const char *name, struct proc_stat *stat, struct failure *why)
{
    struct proc_lines lines;
    if (!proc_lines_open(&lines, directory, name, why))
        return false;
    char *line = proc_lines_next(&lines);
    proc_lines_close(&lines);
    char *open = line != NULL ? strchr(line, '(') : NULL, *close = line != NULL ? strrchr(line, ')') : NULL;
    const char *fields[FIELDS];
    if (open == NULL || close == NULL || close < open || close[1] != ' ' || split(close + 2, fields) < LAST_FIELD)
        return failure_set(why, "/proc file %s: not the fields that proc_pid_stat(5) names (has the process just exited?)", name);
    copy_comm(stat->comm, open + 1, close);
    store(stat, fields);
    return true;
}

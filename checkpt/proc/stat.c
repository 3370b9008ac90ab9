#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "checkpt/proc/proc.h"
#include "checkpt/proc/text.h"

enum { FIELDS = 52 };

/* proc(5) numbers the fields from 1; the name in parentheses is the second and may hold anything, ')' too. */
bool proc_stat(int directory, const char *name, struct proc_stat *stat, struct failure *why)
{
    size_t length;
    char *text = proc_text(directory, name, &length, why);
    if (text == NULL)
        return false;
    char *open = strchr(text, '('), *close = strrchr(text, ')');
    long long field[FIELDS + 1] = {0};
    if (open == NULL || close == NULL || close < open || close[1] == 0) {
        free(text);
        return failure_set(why, "%s of /proc: not of the form that proc(5) describes", name);
    }
    memset(stat, 0, sizeof(*stat));
    size_t comm = (size_t)(close - open - 1);
    memcpy(stat->comm, open + 1, comm < sizeof(stat->comm) ? comm : sizeof(stat->comm) - 1);
    stat->state = close[2];
    char *at = close + 3;
    for (int i = 4; i <= FIELDS; i++) {
        char *next;
        field[i] = (long long)strtoull(at, &next, 10);
        if (next == at)
            break;
        at = next;
    }
    free(text);
    stat->ppid = (int32_t)field[4];
    stat->pgrp = (int32_t)field[5];
    stat->session = (int32_t)field[6];
    stat->tty_nr = (int32_t)field[7];
    stat->flags = (uint32_t)field[9];
    stat->nice = (int32_t)field[19];
    stat->num_threads = (int32_t)field[20];
    stat->start_time = (uint64_t)field[22];
    stat->start_code = (uint64_t)field[26];
    stat->end_code = (uint64_t)field[27];
    stat->start_stack = (uint64_t)field[28];
    stat->exit_signal = (int32_t)field[38];
    stat->rt_priority = (uint32_t)field[40];
    stat->policy = (uint32_t)field[41];
    stat->start_data = (uint64_t)field[45];
    stat->end_data = (uint64_t)field[46];
    stat->start_brk = (uint64_t)field[47];
    stat->arg_start = (uint64_t)field[48];
    stat->arg_end = (uint64_t)field[49];
    stat->env_start = (uint64_t)field[50];
    stat->env_end = (uint64_t)field[51];
    return true;
}

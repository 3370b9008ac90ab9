#include "checkpt/resource/process.h"

#include <stdio.h>
#include <string.h>

const char *process_name(int directory, pid_t pid, char name[64], bool *has_exited)
{
    char path[64];
    struct proc_stat stat;
    struct failure ignored;
    snprintf(path, sizeof(path), "../%d/stat", pid);
    bool found = proc_stat(directory, path, &stat, &ignored);
    memcpy(name, found ? stat.comm : "?", found ? sizeof(stat.comm) : 2);
    if (has_exited != NULL)
        *has_exited = found && (stat.state == 'Z' || stat.state == 'X');
    return name;
}

const struct resource_ops process_resource = {
    .name = "process",
    .explain = process_explain,
    .collect = process_collect,
    .check = process_check,
    .plan = process_plan,
};

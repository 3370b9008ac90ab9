#include <stdlib.h>
#include <stdio.h>
#include <string.h>

#include "checkpt/proc/proc.h"
#include "checkpt/proc/text.h"

enum kind { IDS, NUMBER, OCTAL, HEX64, FLAG, GROUPS };

static const struct {
    const char *key;
    enum kind kind;
    size_t offset;
} fields[] = {
    {"Uid:", IDS, offsetof(struct proc_status, uid)},
    {"Gid:", IDS, offsetof(struct proc_status, gid)},
    {"Groups:", GROUPS, 0},
    {"SigBlk:", HEX64, offsetof(struct proc_status, sig_blocked)},
    {"SigIgn:", HEX64, offsetof(struct proc_status, sig_ignored)},
    {"SigCgt:", HEX64, offsetof(struct proc_status, sig_caught)},
    {"SigPnd:", HEX64, offsetof(struct proc_status, sig_pending)},
    {"ShdPnd:", HEX64, offsetof(struct proc_status, shared_pending)},
    {"CapInh:", HEX64, offsetof(struct proc_status, cap_inheritable)},
    {"CapPrm:", HEX64, offsetof(struct proc_status, cap_permitted)},
    {"CapEff:", HEX64, offsetof(struct proc_status, cap_effective)},
    {"CapBnd:", HEX64, offsetof(struct proc_status, cap_bounding)},
    {"CapAmb:", HEX64, offsetof(struct proc_status, cap_ambient)},
    {"Umask:", OCTAL, offsetof(struct proc_status, umask)},
    {"TracerPid:", NUMBER, offsetof(struct proc_status, tracer_pid)},
    {"Threads:", NUMBER, offsetof(struct proc_status, threads)},
    {"Seccomp:", NUMBER, offsetof(struct proc_status, seccomp)},
    {"NoNewPrivs:", FLAG, offsetof(struct proc_status, no_new_privs)},
    {"THP_enabled:", FLAG, offsetof(struct proc_status, thp_enabled)},
};

static void set_groups(struct proc_status *status, struct arena *arena, const char *value)
{
    status->groups = arena_alloc(arena, (strlen(value) / 2 + 1) * sizeof(*status->groups));
    for (char *next; *value != 0; value = next) {
        unsigned long group = strtoul(value, &next, 10);
        if (next == value)
            break;
        status->groups[status->group_count++] = (uint32_t)group;
    }
}

static void set_field(struct proc_status *status, struct arena *arena, size_t i, const char *value)
{
    void *place = (char *)status + fields[i].offset;
    switch (fields[i].kind) {
    case IDS: {
        uint32_t *ids = place;
        sscanf(value, "%u %u %u %u", &ids[0], &ids[1], &ids[2], &ids[3]);
        break;
    }
    case NUMBER:
        *(uint32_t *)place = (uint32_t)strtoul(value, NULL, 10);
        break;
    case OCTAL:
        *(uint32_t *)place = (uint32_t)strtoul(value, NULL, 8);
        break;
    case HEX64:
        *(uint64_t *)place = strtoull(value, NULL, 16);
        break;
    case FLAG:
        *(bool *)place = *value == '1';
        break;
    case GROUPS:
        set_groups(status, arena, value);
        break;
    }
}

bool proc_status(int directory, const char *name, struct arena *arena, struct proc_status *status, struct failure *why)
{
    size_t length;
    char *text = proc_text(directory, name, &length, why), *rest = text;
    if (text == NULL)
        return false;
    memset(status, 0, sizeof(*status));
    status->thp_enabled = true; /* kernels before 5.0 do not say */
    for (char *line; (line = proc_line(&rest)) != NULL;)
        for (size_t i = 0; i < sizeof(fields) / sizeof(fields[0]); i++) {
            const char *value = proc_value(line, fields[i].key);
            if (value != NULL)
                set_field(status, arena, i, value);
        }
    free(text);
    return true;
}

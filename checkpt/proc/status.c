#include <stddef.h>
#include <stdlib.h>
#include <string.h>

#include "checkpt/proc/array.h"
#include "checkpt/proc/lines.h"
#include "checkpt/proc/proc.h"

static void read_ids(const char *text, uint32_t ids[4])
{
    char *end = (char *)text;
    for (size_t i = 0; i < 4; i++)
        ids[i] = (uint32_t)strtoul(end, &end, 10);
}

static void read_groups(const char *text, struct arena *arena, struct proc_status *status)
{
    struct proc_array groups = {.element = sizeof(uint32_t)};
    for (char *end; ; text = end) {
        uint32_t group = (uint32_t)strtoul(text, &end, 10);
        if (end == text)
            break;
        *(uint32_t *)proc_array_add(&groups) = group;
    }
    status->groups = proc_array_keep(&groups, arena, &status->group_count);
}

enum kind { KIND_U64, KIND_U32, KIND_I32, KIND_BOOL, KIND_IDS };
#define FIELD(key, base, kind, member) {key ":", base, kind, offsetof(struct proc_status, member)}
static const struct {
    char key[24];
    int base;
    enum kind kind;
    size_t offset;
} fields[] = {
    FIELD("Umask", 8, KIND_U32, umask),
    FIELD("TracerPid", 10, KIND_I32, tracer_pid),
    FIELD("Uid", 10, KIND_IDS, uid),
    FIELD("Gid", 10, KIND_IDS, gid),
    FIELD("VmLck", 10, KIND_U64, locked_kib),
    FIELD("THP_enabled", 10, KIND_BOOL, thp_enabled),
    FIELD("Threads", 10, KIND_I32, threads),
    FIELD("SigPnd", 16, KIND_U64, sig_pending),
    FIELD("ShdPnd", 16, KIND_U64, shared_pending),
    FIELD("SigBlk", 16, KIND_U64, sig_blocked),
    FIELD("SigIgn", 16, KIND_U64, sig_ignored),
    FIELD("SigCgt", 16, KIND_U64, sig_caught),
    FIELD("CapInh", 16, KIND_U64, cap_inheritable),
    FIELD("CapPrm", 16, KIND_U64, cap_permitted),
    FIELD("CapEff", 16, KIND_U64, cap_effective),
    FIELD("CapBnd", 16, KIND_U64, cap_bounding),
    FIELD("CapAmb", 16, KIND_U64, cap_ambient),
    FIELD("NoNewPrivs", 10, KIND_BOOL, no_new_privs),
    FIELD("Seccomp", 10, KIND_U32, seccomp),
    FIELD("Tgid", 10, KIND_I32, process),
    FIELD("Seccomp_filters", 10, KIND_U32, seccomp_filters),
};

static void store(struct proc_status *status, size_t field, const char *text)
{
    char *to = (char *)status + fields[field].offset;
    uint64_t value = fields[field].kind == KIND_IDS ? 0 : strtoull(text, NULL, fields[field].base);
    switch (fields[field].kind) {
    case KIND_U64: memcpy(to, &value, sizeof(value)); break;
    case KIND_U32: memcpy(to, &(uint32_t){(uint32_t)value}, sizeof(uint32_t)); break;
    case KIND_I32: memcpy(to, &(int32_t){(int32_t)value}, sizeof(int32_t)); break;
    case KIND_BOOL: memcpy(to, &(bool){value != 0}, sizeof(bool)); break;
    case KIND_IDS: read_ids(text, (uint32_t *)(void *)to); break;
    }
}

static bool read_line(const char *line, struct arena *arena, struct proc_status *status)
{
    if (strncmp(line, "Groups:", 7) == 0) {
        read_groups(line + 7, arena, status);
        return true;
    }
    for (size_t i = 0; i < sizeof(fields) / sizeof(*fields); i++) {
        size_t length = strlen(fields[i].key);
        if (strncmp(line, fields[i].key, length) == 0) {
            store(status, i, line + length);
            return true;
        }
    }
    return false;
}

bool proc_status(int directory, const char *name, struct arena *arena, struct proc_status *status, struct failure *why)
{
    struct proc_lines lines;
    if (!proc_lines_open(&lines, directory, name, why))
        return false;
    struct proc_status found = {.thp_enabled = true}; /* kernels without the line have no way to disable them */
    size_t known = 0;
    for (const char *line; (line = proc_lines_next(&lines)) != NULL;)
        known += read_line(line, arena, &found);
    proc_lines_close(&lines);
    if (known == 0)
        return failure_set(why, "/proc file %s: no line that proc_pid_status(5) names (has the process just exited?)", name);
    *status = found;
    return true;
}

#include <stdlib.h>
#include <string.h>

#include "checkpt/proc/array.h"
#include "checkpt/proc/lines.h"
#include "checkpt/proc/maps.h"

/* Documentation/filesystems/proc.rst, "VmFlags" */
static const struct {
    char letters[3];
    uint32_t flag;
} vm_flags[] = {
    {"gd", PROC_VM_GROWSDOWN},  {"lo", PROC_VM_LOCKED},   {"sr", PROC_VM_SEQUENTIAL}, {"rr", PROC_VM_RANDOM},    {"dc", PROC_VM_DONTFORK},
    {"dd", PROC_VM_DONTDUMP},   {"wf", PROC_VM_WIPEONFORK}, {"hg", PROC_VM_HUGEPAGE}, {"nh", PROC_VM_NOHUGEPAGE}, {"mg", PROC_VM_MERGEABLE},
    {"nr", PROC_VM_NORESERVE},  {"ht", PROC_VM_HUGETLB},  {"io", PROC_VM_IO},         {"pf", PROC_VM_PFNMAP},    {"sl", PROC_VM_SEALED},
    {"um", PROC_VM_UFFD},       {"uw", PROC_VM_UFFD},     {"ui", PROC_VM_UFFD},       {"ac", PROC_VM_ACCOUNT},   {"mm", PROC_VM_MIXEDMAP},
    {"ss", PROC_VM_SHADOW_STACK}, {"ms", PROC_VM_MAYSHARE}, {"mw", PROC_VM_MAYWRITE}, {"lf", PROC_VM_LOCKONFAULT},
};

static uint32_t flag_of(const char *letters)
{
    for (size_t i = 0; i < sizeof(vm_flags) / sizeof(*vm_flags); i++)
        if (letters[0] == vm_flags[i].letters[0] && letters[1] == vm_flags[i].letters[1])
            return vm_flags[i].flag;
    return 0;
}

static uint64_t parse_flags(const char *text)
{
    uint64_t flags = 0;
    for (text += strspn(text, " "); text[0] != '\0' && text[1] != '\0'; text += 2, text += strspn(text, " "))
        flags |= flag_of(text);
    return flags;
}

static void parse_detail(const char *line, struct proc_mapping *mapping)
{
    static const char flags[] = "VmFlags:", key[] = "ProtectionKey:";
    if (strncmp(line, flags, sizeof(flags) - 1) == 0)
        mapping->vm_flags = parse_flags(line + sizeof(flags) - 1);
    else if (strncmp(line, key, sizeof(key) - 1) == 0)
        mapping->protection_key = (uint32_t)strtoul(line + sizeof(key) - 1, NULL, 10);
}

bool proc_smaps(int directory, struct arena *arena, struct proc_mapping **maps, size_t *count, struct failure *why)
{
    struct proc_lines lines;
    if (!proc_lines_open(&lines, directory, "smaps", why))
        return false;
    struct proc_array array = {.element = sizeof(struct proc_mapping)};
    struct proc_mapping *last = NULL;
    for (const char *line; (line = proc_lines_next(&lines)) != NULL;) {
        struct proc_mapping mapping;
        if (line[0] >= 'A' && line[0] <= 'Z') {
            if (last != NULL)
                parse_detail(line, last);
        } else if (proc_mapping_parse(line, last, arena, &mapping)) {
            last = proc_array_add(&array);
            *last = mapping;
        }
    }
    proc_lines_close(&lines);
    *maps = proc_array_keep(&array, arena, count);
    return true;
}

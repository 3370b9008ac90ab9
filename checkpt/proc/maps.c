#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/mman.h>
#include <sys/sysmacros.h>

#include "checkpt/proc/proc.h"
#include "checkpt/proc/text.h"

static const char deleted_suffix[] = " (deleted)";

/* The kernel's own mappings are bracketed; heap, stacks and named anonymous memory are the program's. */
static bool is_special(const char *path)
{
    return path[0] == '[' && strcmp(path, "[heap]") != 0 && strncmp(path, "[stack", 6) != 0 && strncmp(path, "[anon", 5) != 0;
}

static void set_path(struct proc_mapping *mapping, struct arena *arena, const char *shown)
{
    char *path = arena_copy(arena, shown, strlen(shown) + 1);
    size_t length = proc_unescape(path), suffix = sizeof(deleted_suffix) - 1;
    if (path[0] == '/' && length > suffix && strcmp(path + length - suffix, deleted_suffix) == 0) {
        path[length - suffix] = 0;
        mapping->deleted = true;
    }
    mapping->path = path;
    mapping->special = is_special(path);
}

/* "start-end rwxp offset major:minor inode   path"; false where the line is not of this form. */
static bool parse_mapping(struct proc_mapping *mapping, struct arena *arena, const char *line)
{
    unsigned long long start, end, offset, inode;
    unsigned major_number, minor_number;
    char flags[5];
    int path = 0;
    if (sscanf(line, "%llx-%llx %4s %llx %x:%x %llu %n", &start, &end, flags, &offset, &major_number, &minor_number, &inode, &path) < 7 || path == 0)
        return false;
    *mapping = (struct proc_mapping){.start = start, .end = end, .offset = offset, .inode = inode};
    mapping->device = makedev(major_number, minor_number);
    mapping->protection = (flags[0] == 'r' ? PROT_READ : 0u) | (flags[1] == 'w' ? PROT_WRITE : 0u) | (flags[2] == 'x' ? PROT_EXEC : 0u);
    mapping->shared = flags[3] == 's';
    set_path(mapping, arena, line + path);
    return true;
}

static const struct {
    char name[3];
    uint32_t flag;
} vm_flags[] = {
    {"gd", PROC_VM_GROWSDOWN}, {"lo", PROC_VM_LOCKED},    {"sr", PROC_VM_SEQUENTIAL},  {"rr", PROC_VM_RANDOM},    {"dc", PROC_VM_DONTFORK},
    {"dd", PROC_VM_DONTDUMP},  {"wf", PROC_VM_WIPEONFORK}, {"hg", PROC_VM_HUGEPAGE},   {"nh", PROC_VM_NOHUGEPAGE}, {"mg", PROC_VM_MERGEABLE},
    {"nr", PROC_VM_NORESERVE}, {"ht", PROC_VM_HUGETLB},   {"io", PROC_VM_IO},          {"pf", PROC_VM_PFNMAP},    {"sl", PROC_VM_SEALED},
    {"um", PROC_VM_UFFD},      {"uw", PROC_VM_UFFD},      {"ui", PROC_VM_UFFD},        {"ac", PROC_VM_ACCOUNT},   {"mm", PROC_VM_MIXEDMAP},
    {"ss", PROC_VM_SHADOW_STACK}, {"ms", PROC_VM_MAYSHARE}, {"mw", PROC_VM_MAYWRITE},
};

static uint64_t parse_vm_flags(const char *text)
{
    uint64_t flags = 0;
    for (; text[0] != 0 && text[1] != 0; text += text[2] == ' ' ? 3 : 2)
        for (size_t i = 0; i < sizeof(vm_flags) / sizeof(vm_flags[0]); i++)
            if (text[0] == vm_flags[i].name[0] && text[1] == vm_flags[i].name[1])
                flags |= vm_flags[i].flag;
    return flags;
}

/* smaps is maps with lines "Key: value" behind each mapping; no key looks like an address range. */
static bool read_mappings(int directory, const char *name, struct arena *arena, struct proc_mapping **maps, size_t *count, struct failure *why)
{
    size_t length, used = 0, room = 64;
    char *text = proc_text(directory, name, &length, why), *rest = text;
    if (text == NULL)
        return false;
    struct proc_mapping *list = arena_alloc(arena, room * sizeof(*list));
    for (char *line; (line = proc_line(&rest)) != NULL;) {
        const char *value;
        if (line[0] >= 'A' && line[0] <= 'Z') {
            if (used > 0 && (value = proc_value(line, "VmFlags:")) != NULL)
                list[used - 1].vm_flags = parse_vm_flags(value);
            else if (used > 0 && (value = proc_value(line, "ProtectionKey:")) != NULL)
                list[used - 1].protection_key = (uint32_t)strtoul(value, NULL, 10);
            continue;
        }
        if (used == room) {
            list = arena_grow(arena, list, used, room * 2, sizeof(*list));
            room *= 2;
        }
        used += parse_mapping(&list[used], arena, line);
    }
    free(text);
    *maps = list;
    *count = used;
    return true;
}

bool proc_maps(int directory, struct arena *arena, struct proc_mapping **maps, size_t *count, struct failure *why)
{
    return read_mappings(directory, "maps", arena, maps, count, why);
}

bool proc_smaps(int directory, struct arena *arena, struct proc_mapping **maps, size_t *count, struct failure *why)
{
    return read_mappings(directory, "smaps", arena, maps, count, why);
}

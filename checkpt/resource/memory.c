#include "checkpt/resource/memory.h"

#include <inttypes.h>
#include <string.h>
#include <sys/mman.h>

#include "checkpt/thaw/plan.h"

/* Above it there is only [vsyscall], the same in every program. */
static const uint64_t user_end = 0x7ffffffff000;

static bool begins(const char *text, const char *with)
{
    return strncmp(text, with, strlen(with)) == 0;
}

static bool is_remains(const struct proc_mapping *mapping)
{
    return strcmp(mapping->path, "/memfd:" PLAN_REMAINS) == 0;
}

/* What no freeze can carry yet, by the kernel's flags of the mapping. */
static const struct {
    uint64_t flags;
    const char *reason;
} refused_flags[] = {
    {PROC_VM_HUGETLB, "memory of hugetlbfs is not saved yet"},
    {PROC_VM_SHADOW_STACK, "shadow stacks are not saved yet; GLIBC_TUNABLES=glibc.cpu.x86_shstk=off starts the program without"},
    {PROC_VM_UFFD, "the program watches it with userfaultfd, which cannot be saved"},
    {PROC_VM_IO | PROC_VM_PFNMAP | PROC_VM_MIXEDMAP, "memory of a device cannot be saved"},
};

/* The same by name. */
static const struct {
    const char *prefix;
    const char *reason;
} refused_paths[] = {
    {"/SYSV", "System V shared memory is not saved yet"},
    {"/secretmem", "secret memory (memfd_secret) cannot be read by anybody else"},
    {"/[aio]", "an asynchronous I/O context (io_setup) is not saved yet"},
    {"anon_inode:", "memory of a kernel object cannot be saved"},
    {"socket:", "memory of a socket cannot be saved"},
    {"/anon_hugepage", "memory of hugetlbfs is not saved yet"},
};

static const char *reason_to_refuse(const struct proc_mapping *mapping)
{
    for (size_t i = 0; i < sizeof(refused_flags) / sizeof(refused_flags[0]); i++)
        if ((mapping->vm_flags & refused_flags[i].flags) != 0)
            return refused_flags[i].reason;
    for (size_t i = 0; i < sizeof(refused_paths) / sizeof(refused_paths[0]); i++)
        if ((mapping->inode != 0 || mapping->deleted) && begins(mapping->path, refused_paths[i].prefix))
            return refused_paths[i].reason;
    return NULL;
}

static bool is_device(const char *path)
{
    struct stat status;
    return path[0] == '/' && stat(path, &status) == 0 && !S_ISREG(status.st_mode);
}

static enum memory_kind kind_of_file(const struct survey_file *file, const struct proc_mapping *mapping, const char **reason)
{
    if (!file->has_status && !mapping->deleted && is_device(mapping->path)) {
        if (strcmp(mapping->path, "/dev/zero") == 0 && !mapping->shared)
            return MEMORY_ANONYMOUS;
        *reason = "memory of a device cannot be saved";
        return MEMORY_REFUSED;
    }
    if (mapping->shared)
        return file->reachable ? MEMORY_SHARED : MEMORY_CONTENT;
    return file->reachable && !file->is_image ? MEMORY_WRITTEN : MEMORY_WHOLE;
}

enum memory_kind memory_kind(struct survey *survey, const struct proc_mapping *mapping, struct survey_file **file, const char **reason)
{
    const char *unused;
    if (reason == NULL)
        reason = &unused;
    if (file != NULL)
        *file = NULL;
    *reason = NULL;
    if (mapping->start >= user_end || is_remains(mapping))
        return MEMORY_LEFT_OUT;
    if (mapping->special)
        return MEMORY_SPECIAL;
    *reason = reason_to_refuse(mapping);
    if (*reason != NULL)
        return MEMORY_REFUSED;
    if (mapping->inode == 0)
        return MEMORY_ANONYMOUS;
    struct survey_file *found = survey_find(survey, mapping);
    if (file != NULL)
        *file = found;
    return kind_of_file(found, mapping, reason);
}

bool memory_is_anonymous(const struct model *model, const Ckpt__Mapping *mapping)
{
    const Ckpt__File *file = model_file(model, mapping->file);
    return file == NULL || ((mapping->flags & MAP_SHARED) == 0 && file->deleted);
}

static void explain_mapping(struct findings *findings, const struct proc_mapping *mapping, enum memory_kind kind, const struct survey_file *file,
                            const char *reason)
{
    const char *subject = arena_printf(findings->arena, "mapping %" PRIx64 "-%" PRIx64, mapping->start, mapping->end);
    if (kind == MEMORY_REFUSED)
        findings_add(findings, VERDICT_REFUSED, subject, NULL, "%s%s%s", mapping->path, mapping->path[0] != '\0' ? ": " : "", reason);
    else if (kind == MEMORY_CONTENT && strcmp(mapping->path, "/dev/zero") != 0 && !begins(mapping->path, "/memfd:"))
        findings_add(findings, VERDICT_SAVED, subject, NULL, "%s is not there any more: its content is saved, and shared memory afterwards",
                     mapping->path);
    else if (kind == MEMORY_WHOLE && file != NULL && !file->is_image)
        findings_add(findings, VERDICT_SAVED, subject, NULL, "%s is not there any more: every page is saved, and anonymous memory afterwards",
                     mapping->path);
}

static void explain(struct freeze *freeze, struct findings *findings)
{
    size_t count = 0;
    uint64_t bytes = 0;
    for (size_t i = 0; i < freeze->map_count; i++) {
        struct survey_file *file;
        const char *reason;
        enum memory_kind kind = memory_kind(freeze->survey, &freeze->maps[i], &file, &reason);
        if (kind == MEMORY_LEFT_OUT || kind == MEMORY_SPECIAL)
            continue;
        count++;
        bytes += freeze->maps[i].end - freeze->maps[i].start;
        explain_mapping(findings, &freeze->maps[i], kind, file, reason);
    }
    findings_add(findings, VERDICT_SAVED, "memory", NULL, "%zu mappings of %" PRIu64 " KiB; of these the pages that are in use", count, bytes / 1024);
}

const struct resource_ops memory_resource = {
    .name = "memory",
    .explain = explain,
    .collect = memory_collect,
    .check = memory_check,
    .plan = memory_plan,
};

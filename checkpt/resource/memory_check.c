/* Whether this host can give the program its memory back: files behind mappings, limits, the kernel. Each finding with its way out. */
#include <errno.h>
#include <fcntl.h>
#include <inttypes.h>
#include <linux/limits.h>
#include <stdio.h>
#include <string.h>
#include <sys/mman.h>
#include <sys/resource.h>
#include <sys/stat.h>
#include <unistd.h>

#include "checkpt/resource/file_record.h"
#include "checkpt/resource/memory_thaw.h"
#include "checkpt/thaw/rights.h"
#include "checkpt/uapi.h"

enum { LOWEST_USUAL = 65536 };

/* A file that is open too is checked as an open file. */
static bool is_open(const struct model *model, uint32_t file)
{
    for (size_t i = 0; i < model->open_file_count; i++)
        if (model->open_files[i]->file == file && model->open_files[i]->inherited == 0)
            return true;
    return false;
}

static void check_file(struct thaw *thaw, struct findings *findings, const Ckpt__File *file)
{
    char path[PATH_MAX], subject[PATH_MAX + 8];
    struct stat status;
    file_path(file, path);
    snprintf(subject, sizeof(subject), "file %s", path);
    if (stat(path, &status) != 0) {
        findings_add(findings, VERDICT_REFUSED, subject, "put the file back to where it was", "the program has it mapped: %s", strerror(errno));
        return;
    }
    if (!S_ISREG(status.st_mode) || access(path, R_OK) != 0) {
        findings_add(findings, VERDICT_REFUSED, subject, "make it readable for this user", "the program has it mapped: it is no regular file, or may not be read");
        return;
    }
    const char *changed = file_difference(file, path, &status);
    if (changed == NULL || is_open(thaw->model, file->id))
        return;
    bool ignore = thaw->options.changed == CHANGED_IGNORE;
    findings_add(findings, ignore ? VERDICT_CHANGED : VERDICT_REFUSED, subject,
                 ignore ? NULL : "put the file of then back, or --changed=ignore", "the program has it mapped, and %s since the freeze", changed);
}

static bool *mapped_files(struct thaw *thaw, struct findings *findings)
{
    const struct model *model = thaw->model;
    bool *mapped = arena_alloc(findings->arena, model->file_count + 1);
    for (size_t i = 0; i < model->memory.n_mappings; i++) {
        const Ckpt__Mapping *mapping = model->memory.mappings[i];
        if (mapping->file != 0 && !mapping->special && !memory_is_anonymous(model, mapping))
            mapped[mapping->file - 1] = true;
    }
    return mapped;
}

static void check_files(struct thaw *thaw, struct findings *findings)
{
    const struct model *model = thaw->model;
    const bool *mapped = mapped_files(thaw, findings);
    for (size_t i = 0; i < model->file_count; i++) {
        const Ckpt__File *file = model->files[i];
        if (!mapped[i] || file->space != 0)
            continue;
        if (file->deleted || file->path.len == 0)
            findings_add(findings, VERDICT_REFUSED, "memory", NULL, "%.*s: mapped shared, deleted, and its content is not in the image",
                         (int)file->path.len, (const char *)file->path.data);
        else
            check_file(thaw, findings, file);
    }
}

static bool kernel_has_guards(void)
{
    void *page = mmap(NULL, CKPT_PAGE_SIZE, PROT_READ | PROT_WRITE, MAP_PRIVATE | MAP_ANONYMOUS, -1, 0);
    bool has = page != MAP_FAILED && madvise(page, CKPT_PAGE_SIZE, MADV_GUARD_INSTALL) == 0;
    if (page != MAP_FAILED)
        munmap(page, CKPT_PAGE_SIZE);
    return has;
}

/* CAP_IPC_LOCK or not, mlock2(2) is what decides; the limit is what people run into. */
static void check_limits(struct findings *findings, uint64_t total, uint64_t locked)
{
    struct rlimit limit;
    if (getrlimit(RLIMIT_AS, &limit) == 0 && limit.rlim_max != RLIM_INFINITY && total > limit.rlim_max)
        findings_add(findings, VERDICT_REFUSED, "memory", "ulimit -v unlimited", "it needs %" PRIu64 " KiB of address space, and the limit is %" PRIu64,
                     total / 1024, (uint64_t)limit.rlim_max / 1024);
    if (locked > 0 && geteuid() != 0 && getrlimit(RLIMIT_MEMLOCK, &limit) == 0 && limit.rlim_max != RLIM_INFINITY && locked > limit.rlim_max)
        findings_add(findings, VERDICT_REFUSED, "memory", "raise the hard limit of ulimit -l", "%" PRIu64 " KiB of it are locked, and the limit is %" PRIu64,
                     locked / 1024, (uint64_t)limit.rlim_max / 1024);
}

/* The kernel gives out a protection key by itself for memory that may only be executed. */
static bool has_strange_key(const Ckpt__Mapping *mapping)
{
    return mapping->protection_key != 0 && mapping->protection != PROT_EXEC;
}

static void check_mappings(struct thaw *thaw, struct findings *findings)
{
    const Ckpt__Memory *memory = &thaw->model->memory;
    uint64_t total = 0, locked = 0;
    size_t guards = 0, keys = 0;
    for (size_t i = 0; i < memory->n_mappings; i++) {
        const Ckpt__Mapping *mapping = memory->mappings[i];
        total += mapping->end - mapping->start;
        locked += (mapping->flags & MAP_LOCKED) != 0 ? mapping->end - mapping->start : 0;
        guards += mapping->n_guards;
        keys += has_strange_key(mapping);
    }
    if (guards > 0 && !kernel_has_guards())
        findings_add(findings, VERDICT_REFUSED, "memory", "a kernel of 6.13 or later", "%zu guard ranges (MADV_GUARD_INSTALL), which this kernel lacks", guards);
    if (keys > 0)
        findings_add(findings, VERDICT_REFUSED, "memory", NULL, "%zu mappings have a protection key of the program's own, which cannot be given back yet", keys);
    check_limits(findings, total, locked);
    findings_add(findings, VERDICT_SAVED, "memory", NULL, "%zu mappings of %" PRIu64 " KiB", memory->n_mappings, total / 1024);
}

static void check_count(struct thaw *thaw, struct findings *findings)
{
    uint64_t limit = memory_mapping_limit(), own = thaw->model->memory.n_mappings + MEMORY_OTHER_MAPPINGS;
    if (own <= limit)
        return;
    char way_out[64];
    snprintf(way_out, sizeof(way_out), "sysctl vm.max_map_count=%" PRIu64, own);
    findings_add(findings, VERDICT_REFUSED, "memory", way_out, "%zu mappings, and the kernel allows %" PRIu64 " here", thaw->model->memory.n_mappings, limit);
}

static void check_lowest(struct thaw *thaw, struct findings *findings)
{
    const Ckpt__Memory *memory = &thaw->model->memory;
    if (memory->n_mappings > 0 && memory->mappings[0]->start < LOWEST_USUAL && geteuid() != 0)
        findings_add(findings, VERDICT_CHANGED, "memory", "a caller with CAP_SYS_RAWIO, or sysctl vm.mmap_min_addr",
                     "a mapping at %" PRIx64 " may be below what the kernel allows", memory->mappings[0]->start);
}

static void check_exe(struct thaw *thaw, struct findings *findings)
{
    const Ckpt__File *exe = model_file(thaw->model, thaw->model->process.executable);
    if (exe != NULL && (exe->deleted || !rights_checkpoint_restore()))
        findings_add(findings, VERDICT_CHANGED, "executable", exe->deleted ? NULL : "a caller with CAP_CHECKPOINT_RESTORE",
                     "/proc/PID/exe will be checkpt's, not %.*s", (int)exe->path.len, (const char *)exe->path.data);
}

void memory_check(struct thaw *thaw, struct findings *findings)
{
    check_files(thaw, findings);
    check_mappings(thaw, findings);
    check_count(thaw, findings);
    check_lowest(thaw, findings);
    check_exe(thaw, findings);
}

#include "checkpt/freeze/look.h"

#include <errno.h>
#include <fcntl.h>
#include <string.h>
#include <stdlib.h>
#include <sys/mman.h>
#include <sys/stat.h>
#include <time.h>
#include <unistd.h>

#include "checkpt/freeze/interrupt.h"
#include "checkpt/proc/text.h"
#include "checkpt/freeze/other_name.h"
#include "checkpt/resource/sharers.h"
#include "checkpt/resource/sockets.h"
#include "checkpt/resource/survey.h"
#include "checkpt/resource/watched.h"
#include "checkpt/thaw/plan.h"
#include "checkpt/tracee/refusal.h"
#include "checkpt/tracee/tracee.h"

static bool look_at_process(struct freeze *freeze, struct failure *why)
{
    return proc_stat(freeze->directory, "stat", &freeze->stat, why) &&
           proc_status(freeze->directory, "status", &freeze->model->arena, &freeze->status, why);
}

/* Who may not trace it may not read most of its /proc either: told once, with the reason. Rights that are not in use yet are needed for its memory only. */
static bool may_look(const struct freeze *freeze, struct failure *why)
{
    int fd = openat(freeze->directory, freeze->is_guarded ? "maps" : "mem", O_RDONLY | O_CLOEXEC);
    if (fd >= 0)
        close(fd);
    return fd >= 0 || (errno != EACCES && errno != EPERM) || refusal_explain(freeze->pid, freeze->pid, freeze->directory, EPERM, why);
}

/* The survey comes into being with every file behind a mapping looked at: nothing of that is left for the pause. */
static void survey_all(struct freeze *freeze)
{
    freeze->survey = survey_create(&freeze->model->arena, freeze->directory);
    freeze->watched = watched_create(&freeze->model->arena);
    freeze->sockets = arena_alloc(&freeze->model->arena, sizeof(*freeze->sockets));
    for (size_t i = 0; i < freeze->map_count; i++)
        if (freeze->maps[i].inode != 0)
            survey_find(freeze->survey, &freeze->maps[i]);
}

/* Its own code is mapped until it gives way to the program; what a thaw leaves behind is written to until the program has all of its memory. */
static bool is_checkpt(const struct proc_mapping *maps, size_t count)
{
    struct stat own;
    bool known = stat("/proc/self/exe", &own) == 0;
    for (size_t i = 0; i < count; i++)
        if ((known && (maps[i].protection & PROT_EXEC) != 0 && maps[i].inode == own.st_ino && maps[i].device == own.st_dev) ||
            (strcmp(maps[i].path, "/memfd:" PLAN_REMAINS) == 0 && (maps[i].protection & PROT_WRITE) != 0))
            return true;
    return false;
}

static bool is_checkpt_now(const struct freeze *freeze)
{
    struct arena arena = {0};
    struct proc_mapping *maps;
    struct failure ignored;
    size_t count;
    bool is = freeze->pid != getpid() && proc_maps(freeze->directory, &arena, &maps, &count, &ignored) && is_checkpt(maps, count);
    arena_deinit(&arena);
    return is;
}

/* Milliseconds that it is waited for, by what it was told to do. Between fork() and execve() all of them are for a moment. */
static int patience_with(const struct freeze *freeze)
{
    static const char *const resuming[] = {"-r", "thaw", "--become"};
    struct failure ignored;
    size_t length;
    char *arguments = proc_text(freeze->directory, "cmdline", &length, &ignored);
    size_t name = arguments != NULL ? strlen(arguments) + 1 : 0;
    int patience = 1000;
    for (size_t i = 0; name > 0 && name < length && i < sizeof(resuming) / sizeof(resuming[0]); i++)
        if (strcmp(arguments + name, resuming[i]) == 0)
            patience = 10000;
    free(arguments);
    return patience;
}

/* Who resumes a program and freezes it at once means the program. Nothing is stopped for that; whether it became one is judged once more when it is. */
static bool wait_for_program(const struct freeze *freeze, struct failure *why)
{
    const struct timespec moment = {.tv_nsec = 1000000};
    int patience = is_checkpt_now(freeze) ? patience_with(freeze) : 0;
    for (int i = 0; i < patience; i++) {
        if (!interrupt_none(why))
            return false;
        nanosleep(&moment, NULL);
        if (!is_checkpt_now(freeze))
            return true;
    }
    return patience == 0 || failure_set(why, "it is checkpt itself, and has not become the program that it resumes or starts; name that program's process");
}

bool look_before(struct freeze *freeze, struct failure *why)
{
    struct arena *arena = &freeze->model->arena;
    if (!proc_open(freeze->pid, &freeze->directory, why) || !may_look(freeze, why) || !wait_for_program(freeze, why) || !look_at_process(freeze, why) ||
        !proc_smaps(freeze->directory, arena, &freeze->maps, &freeze->map_count, why) ||
        !proc_fds(freeze->directory, arena, &freeze->fds, &freeze->fd_count, why))
        return false;
    other_name_fds(freeze->fds, freeze->fd_count, arena);
    other_name_maps(freeze->maps, freeze->map_count, arena);
    survey_all(freeze);
    freeze->sharers = sharers_create(arena);
    return true;
}

static bool same_mapping(const struct proc_mapping *a, const struct proc_mapping *b)
{
    return a->start == b->start && a->end == b->end && a->offset == b->offset && a->protection == b->protection && a->shared == b->shared &&
           a->inode == b->inode && a->device == b->device && strcmp(a->path, b->path) == 0;
}

static bool same_fd(const struct proc_fd *a, const struct proc_fd *b)
{
    return a->number == b->number && a->device == b->device && a->inode == b->inode && strcmp(a->target, b->target) == 0;
}

/* smaps walks all page tables, maps does not. Stacks grow and heaps end elsewhere all the time: such a mapping keeps its flags too. */
static bool carry_flags(struct freeze *freeze, struct proc_mapping *maps, size_t count)
{
    size_t k = 0;
    bool all = true;
    for (size_t i = 0; i < count; i++) {
        while (k < freeze->map_count && freeze->maps[k].end < maps[i].end && freeze->maps[k].end <= maps[i].start)
            k++;
        const struct proc_mapping *old = k < freeze->map_count ? &freeze->maps[k] : NULL;
        if (old == NULL || !same_mapping(old, &maps[i])) {
            all = false;
            continue;
        }
        maps[i].vm_flags = old->vm_flags;
        maps[i].protection_key = old->protection_key;
    }
    return all && count == freeze->map_count;
}

static bool look_at_maps(struct freeze *freeze, bool *changed, struct failure *why)
{
    struct proc_mapping *maps;
    size_t count;
    if (!proc_maps(freeze->directory, &freeze->model->arena, &maps, &count, why))
        return false;
    other_name_maps(maps, count, &freeze->model->arena);
    if (!carry_flags(freeze, maps, count)) {
        *changed = true;
        if (!proc_smaps(freeze->directory, &freeze->model->arena, &maps, &count, why))
            return false;
        other_name_maps(maps, count, &freeze->model->arena);
    }
    freeze->maps = maps;
    freeze->map_count = count;
    return true;
}

static bool look_at_fds(struct freeze *freeze, bool *changed, struct failure *why)
{
    struct proc_fd *fds;
    size_t count;
    if (!proc_fds(freeze->directory, &freeze->model->arena, &fds, &count, why))
        return false;
    other_name_fds(fds, count, &freeze->model->arena);
    *changed = *changed || count != freeze->fd_count;
    for (size_t i = 0; i < count && !*changed; i++)
        *changed = !same_fd(&fds[i], &freeze->fds[i]);
    freeze->fds = fds;
    freeze->fd_count = count;
    return true;
}

bool look_again(struct freeze *freeze, bool *changed, struct failure *why)
{
    *changed = false;
    return look_at_process(freeze, why) && look_at_maps(freeze, changed, why) && look_at_fds(freeze, changed, why);
}

static bool stands_in(const struct freeze *freeze, const struct proc_mapping *mapping)
{
    struct failure ignored;
    struct user_regs_struct registers;
    for (size_t i = 0; i < tracee_thread_count(freeze->tracee); i++)
        if (tracee_registers(freeze->tracee, i, &registers, &ignored) && registers.rip >= mapping->start && registers.rip < mapping->end)
            return true;
    return false;
}

bool look_is_thawed(const struct freeze *freeze)
{
    if (is_checkpt(freeze->maps, freeze->map_count))
        return false;
    for (size_t i = 0; i < freeze->map_count; i++)
        if (strcmp(freeze->maps[i].path, "/memfd:" PLAN_REMAINS) == 0 && stands_in(freeze, &freeze->maps[i]))
            return false;
    return true;
}

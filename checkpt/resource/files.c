#include "checkpt/resource/object.h"

#include <fcntl.h>
#include <inttypes.h>
#include <stdio.h>

/* A regular file there may be the program's own work. */
static const char *way_back(const struct proc_fd *fd)
{
    return S_ISREG(fd->mode) && !fd->deleted && fd->target[0] == '/' ? "checkpt -r --stdio=image has it go on there" : NULL;
}

static void explain_fd(struct findings *findings, const struct proc_fd *fd, const struct files_fate *fate)
{
    char subject[32];
    uint32_t from = fd->number < FILES_STANDARD ? fd->number : fate->from; /* those are the caller's each by itself, whatever they share here */
    snprintf(subject, sizeof(subject), "fd %u", fd->number);
    if (fate->kind == FILES_REFUSED)
        findings_add(findings, VERDICT_REFUSED, subject, fate->way_out, "%s: %s", fate->noun, fate->reason);
    else if (fate->kind == FILES_CONTENT)
        findings_add(findings, VERDICT_SAVED, subject, NULL, "%s has no name any more: its %" PRIu64 " bytes are saved, and in memory afterwards", fate->noun, fd->size);
    else if (fate->kind == FILES_INHERITED)
        findings_add(findings, VERDICT_CHANGED, subject, way_back(fd), "%s becomes descriptor %u of who resumes it", fate->noun, from);
}

/* Returns how many descriptors are refused. */
static size_t look(struct freeze *freeze, const size_t *same, struct files_fate *fates, struct arena *arena)
{
    size_t refused = 0;
    for (size_t i = 0; i < freeze->fd_count; i++) {
        fates[i] = files_fate(freeze, same, i, arena);
        refused += fates[i].kind == FILES_REFUSED;
    }
    return refused;
}

/* A running program opens, closes and renames files while they are looked at: what seems to be in the way is looked at again. */
static bool look_until_sure(struct freeze *freeze, struct files_fate **fates, struct arena *arena, struct failure *why)
{
    enum { LOOKS = 3 };
    for (int i = 1;; i++) {
        const size_t *same = files_same(freeze, arena, why);
        if (same == NULL)
            return false;
        *fates = arena_alloc(arena, (freeze->fd_count + 1) * sizeof(**fates));
        if (look(freeze, same, *fates, arena) == 0 || i == LOOKS || freeze->tracee != NULL)
            return true;
        if (!proc_fds(freeze->directory, &freeze->model->arena, &freeze->fds, &freeze->fd_count, why))
            return false;
    }
}

static void explain_objects(const struct freeze *freeze, struct findings *findings, const struct files_fate *fates)
{
    for (size_t k = 0; objects[k] != NULL; k++) {
        size_t count = 0;
        for (size_t i = 0; i < freeze->fd_count; i++)
            count += fates[i].kind == FILES_OBJECT && fates[i].object == objects[k];
        if (count > 0)
            findings_add(findings, VERDICT_SAVED, objects[k]->name, NULL, "%zu descriptor%s; %s", count, count == 1 ? "" : "s", objects[k]->saved);
    }
}

static void explain(struct freeze *freeze, struct findings *findings)
{
    struct failure why;
    struct files_fate *fates;
    size_t again = 0;
    if (!look_until_sure(freeze, &fates, findings->arena, &why)) {
        findings_add(findings, VERDICT_REFUSED, "files", NULL, "%s", why.sentence);
        return;
    }
    for (size_t i = 0; i < freeze->fd_count; i++) {
        explain_fd(findings, &freeze->fds[i], &fates[i]);
        again += fates[i].kind == FILES_BY_PATH || fates[i].kind == FILES_VIRTUAL;
    }
    explain_objects(freeze, findings, fates);
    findings_add(findings, VERDICT_SAVED, "files", NULL, "%zu descriptors; %zu are opened again by their path, where they stand", freeze->fd_count, again);
}

const struct resource_ops files_resource = {
    .name = "files", .beside_memory = true,
    .explain = explain,
    .collect = files_collect,
    .check = files_check,
    .plan = files_plan,
};

#include <stdio.h>
#include <string.h>
#include <unistd.h>

#include "checkpt/resource/all.h"

/* Recorded for the reader; a thaw takes its caller's, as exec does. */
static bool collect(struct freeze *freeze, struct failure *why)
{
    (void)why;
    const struct proc_status *status = &freeze->status;
    Ckpt__Credentials *c = &freeze->model->credentials;
    c->uid = status->uid[0];
    c->euid = status->uid[1];
    c->suid = status->uid[2];
    c->fsuid = status->uid[3];
    c->gid = status->gid[0];
    c->egid = status->gid[1];
    c->sgid = status->gid[2];
    c->fsgid = status->gid[3];
    c->n_groups = status->group_count;
    c->groups = arena_copy(&freeze->model->arena, status->groups, status->group_count * sizeof(*status->groups));
    c->cap_inheritable = status->cap_inheritable;
    c->cap_permitted = status->cap_permitted;
    c->cap_effective = status->cap_effective;
    c->cap_bounding = status->cap_bounding;
    c->cap_ambient = status->cap_ambient;
    return true;
}

static bool ids_differ(const uint32_t ids[4])
{
    return ids[0] != ids[1] || ids[0] != ids[2];
}

static bool is_like(const struct proc_status *a, const struct proc_status *b)
{
    return memcmp(a->uid, b->uid, sizeof(a->uid)) == 0 && memcmp(a->gid, b->gid, sizeof(a->gid)) == 0 && a->cap_effective == b->cap_effective &&
           a->cap_permitted == b->cap_permitted && a->cap_inheritable == b->cap_inheritable && a->cap_ambient == b->cap_ambient &&
           a->group_count == b->group_count && memcmp(a->groups, b->groups, a->group_count * sizeof(*a->groups)) == 0;
}

/* Linux has them by thread. */
static bool has_threads_of_its_own(const struct freeze *freeze, struct arena *arena)
{
    pid_t *tids;
    size_t count;
    struct failure ignored;
    struct proc_status status;
    if (!proc_threads(freeze->directory, arena, &tids, &count, &ignored))
        return false;
    for (size_t i = 0; i < count; i++) {
        char name[40];
        snprintf(name, sizeof(name), "task/%d/status", tids[i]);
        if (proc_status(freeze->directory, name, arena, &status, &ignored) && !is_like(&status, &freeze->status))
            return true;
    }
    return false;
}

/* A program that got its rights from its file must not get them, or lose them, through an image. */
static void explain(struct freeze *freeze, struct findings *findings)
{
    const struct proc_status *status = &freeze->status;
    if (ids_differ(status->uid) || ids_differ(status->gid))
        findings_add(findings, VERDICT_REFUSED, "credentials", NULL, "a set-id program (user %u, effectively %u): its rights cannot be kept in a file",
                     status->uid[0], status->uid[1]);
    else if (has_threads_of_its_own(freeze, findings->arena))
        findings_add(findings, VERDICT_CHANGED, "credentials", NULL, "some of its threads have other users, groups or capabilities than the first: resumed, all have "
                     "those of who resumes it");
    else
        findings_add(findings, VERDICT_SAVED, "credentials", NULL, "user %u, group %u: recorded; who resumes it gives it their own", status->uid[0],
                     status->gid[0]);
}

static void check(struct thaw *thaw, struct findings *findings)
{
    const Ckpt__Credentials *c = &thaw->model->credentials;
    if (c->uid != getuid() || c->gid != getgid())
        findings_add(findings, VERDICT_CHANGED, "credentials", "resume it as the user that it ran as", "user %u, group %u become the caller's: %u and %u",
                     c->uid, c->gid, getuid(), getgid());
}

const struct resource_ops credentials_resource = {.name = "credentials", .explain = explain, .collect = collect, .check = check};

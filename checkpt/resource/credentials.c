#include <stdio.h>
#include <string.h>
#include <unistd.h>

#include "checkpt/resource/credentials.h"

static bool is_like(const struct proc_status *a, const struct proc_status *b)
{
    return memcmp(a->uid, b->uid, sizeof(a->uid)) == 0 && memcmp(a->gid, b->gid, sizeof(a->gid)) == 0 && a->cap_effective == b->cap_effective &&
           a->cap_permitted == b->cap_permitted && a->cap_inheritable == b->cap_inheritable && a->cap_ambient == b->cap_ambient &&
           a->cap_bounding == b->cap_bounding &&
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

static void fill(struct arena *arena, Ckpt__Credentials *c, const struct proc_status *status)
{
    c->uid = status->uid[0];
    c->euid = status->uid[1];
    c->suid = status->uid[2];
    c->fsuid = status->uid[3];
    c->gid = status->gid[0];
    c->egid = status->gid[1];
    c->sgid = status->gid[2];
    c->fsgid = status->gid[3];
    c->n_groups = status->group_count;
    c->groups = arena_copy(arena, status->groups, status->group_count * sizeof(*status->groups));
    c->cap_inheritable = status->cap_inheritable;
    c->cap_permitted = status->cap_permitted;
    c->cap_effective = status->cap_effective;
    c->cap_bounding = status->cap_bounding;
    c->cap_ambient = status->cap_ambient;
}

static bool collect_thread(struct freeze *freeze, int32_t tid, struct failure *why)
{
    struct arena *arena = &freeze->model->arena;
    Ckpt__Credentials *first = &freeze->model->credentials;
    struct proc_status status;
    char name[40];
    snprintf(name, sizeof(name), "task/%d/status", tid);
    if (!proc_status(freeze->directory, name, arena, &status, why))
        return false;
    if (is_like(&status, &freeze->status))
        return true;
    Ckpt__Credentials *own = arena_alloc(arena, sizeof(*own));
    ckpt__credentials__init(own);
    fill(arena, own, &status);
    own->tid = tid;
    first->threads[first->n_threads++] = own;
    return true;
}

/* A thaw takes its caller's, as exec does, unless it is told otherwise. */
static bool collect(struct freeze *freeze, struct failure *why)
{
    struct model *model = freeze->model;
    fill(&model->arena, &model->credentials, &freeze->status);
    model->credentials.threads = arena_alloc(&model->arena, (model->thread_count + 1) * sizeof(*model->credentials.threads));
    for (size_t i = 1; i < model->thread_count; i++)
        if (!collect_thread(freeze, model->threads[i].record.tid, why))
            return false;
    return true;
}

static bool ids_differ(const uint32_t ids[4])
{
    return ids[0] != ids[1] || ids[0] != ids[2];
}

/* A program that got its rights from its file must not get them, or lose them, through an image. */
static void explain(struct freeze *freeze, struct findings *findings)
{
    const struct proc_status *status = &freeze->status;
    if (ids_differ(status->uid) || ids_differ(status->gid))
        findings_add(findings, VERDICT_REFUSED, "credentials", NULL, "a set-id program (user %u, effectively %u): its rights cannot be kept in a file",
                     status->uid[0], status->uid[1]);
    else if (has_threads_of_its_own(freeze, findings->arena))
        findings_add(findings, VERDICT_CHANGED, "credentials", NULL,
                     "some of its threads have other users, groups or capabilities than the first: resumed, all have "
                     "those of who resumes it, unless they say --credentials=image");
    else
        findings_add(findings, VERDICT_SAVED, "credentials", NULL,
                     "user %u, group %u: recorded; who resumes it gives it their own unless they say --credentials=image",
                     status->uid[0], status->gid[0]);
}

static void check(struct thaw *thaw, struct findings *findings)
{
    const Ckpt__Credentials *c = &thaw->model->credentials;
    if (thaw->options.credentials_of_image)
        credentials_check_image(thaw, findings);
    else if (c->uid != getuid() || c->gid != getgid())
        findings_add(findings, VERDICT_CHANGED, "credentials", "--credentials=image, as root, or resume it as the user that it ran as",
                     "user %u, group %u become the caller's: %u and %u", c->uid, c->gid, getuid(), getgid());
    else if (!credentials_are_own(c))
        findings_add(findings, VERDICT_CHANGED, "credentials", "--credentials=image", "its groups and capabilities become the caller's");
}

const struct resource_ops credentials_resource = {.name = "credentials", .explain = explain, .collect = collect, .check = check, .plan = credentials_plan};

#include <inttypes.h>
#include <stdio.h>
#include <sys/resource.h>
#include <sys/syscall.h>

#include "checkpt/resource/all.h"
#include "checkpt/thaw/plan.h"

enum { COUNT = 16 };

/* prlimit(2) of another process takes CAP_SYS_RESOURCE where the users differ; /proc tells anybody who may look. */
static bool collect(struct freeze *freeze, struct failure *why)
{
    uint64_t soft[COUNT] = {0}, hard[COUNT] = {0};
    if (!proc_limits(freeze->directory, soft, hard, why))
        return false;
    Ckpt__Limits *limits = &freeze->model->limits;
    limits->limits = arena_alloc(&freeze->model->arena, COUNT * sizeof(*limits->limits));
    for (uint32_t i = 0; i < COUNT; i++) {
        Ckpt__Limit *limit = arena_alloc(&freeze->model->arena, sizeof(*limit));
        ckpt__limit__init(limit);
        limit->resource = i;
        limit->soft = soft[i];
        limit->hard = hard[i];
        limits->limits[limits->n_limits++] = limit;
    }
    return true;
}

/* What this process may set: the hard limit can go down, but not up again. */
static struct rlimit reachable(const Ckpt__Limit *limit)
{
    struct rlimit now, wanted = {limit->soft, limit->hard};
    if (getrlimit((__rlimit_resource_t)limit->resource, &now) != 0)
        return wanted;
    if (wanted.rlim_max > now.rlim_max)
        wanted.rlim_max = now.rlim_max;
    if (wanted.rlim_cur > wanted.rlim_max)
        wanted.rlim_cur = wanted.rlim_max;
    return wanted;
}

static void check(struct thaw *thaw, struct findings *findings)
{
    for (size_t i = 0; i < thaw->model->limits.n_limits; i++) {
        const Ckpt__Limit *limit = thaw->model->limits.limits[i];
        struct rlimit possible = reachable(limit);
        if (possible.rlim_cur == limit->soft && possible.rlim_max == limit->hard)
            continue;
        char subject[32];
        snprintf(subject, sizeof(subject), "limit %u", limit->resource);
        findings_add(findings, VERDICT_CHANGED, subject, "raise the caller's hard limit with ulimit -H",
                     "was %" PRIu64 " (hard %" PRIu64 "); becomes %" PRIu64 " (hard %" PRIu64 "), which is all the caller may set", limit->soft,
                     limit->hard, (uint64_t)possible.rlim_cur, (uint64_t)possible.rlim_max);
    }
}

static bool plan_limits(struct thaw *thaw, struct failure *why)
{
    (void)why;
    for (size_t i = 0; i < thaw->model->limits.n_limits; i++) {
        const Ckpt__Limit *limit = thaw->model->limits.limits[i];
        struct rlimit now, wanted = reachable(limit);
        if (getrlimit((__rlimit_resource_t)limit->resource, &now) == 0 && now.rlim_cur == wanted.rlim_cur && now.rlim_max == wanted.rlim_max)
            continue;
        char what[64];
        snprintf(what, sizeof(what), "limit %u", limit->resource);
        uint32_t data = plan_data(thaw->plan, &wanted, sizeof(wanted), 8);
        PLAN_CALL(thaw->plan, what, SYS_prlimit64, PLAN_NUMBER(0), PLAN_NUMBER(limit->resource), PLAN_DATA(data), PLAN_NUMBER(0));
    }
    return true;
}

static void explain(struct freeze *freeze, struct findings *findings)
{
    (void)freeze;
    findings_add(findings, VERDICT_SAVED, "limits", NULL, "all of them");
}

const struct resource_ops limits_resource = {.name = "limits", .beside_memory = true, .explain = explain, .collect = collect, .check = check, .plan = plan_limits};

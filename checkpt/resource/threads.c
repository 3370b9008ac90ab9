#include "checkpt/resource/threads.h"

#include <sched.h>
#include <sys/resource.h>

enum { PF_EXITING = 4 };

static void explain(struct freeze *freeze, struct findings *findings)
{
    pid_t *tids;
    size_t count;
    struct failure why;
    if (!proc_threads(freeze->directory, findings->arena, &tids, &count, &why))
        return;
    findings_add(findings, VERDICT_SAVED, "threads", NULL, "%zu, with their registers", count);
    if ((freeze->stat.flags & PF_EXITING) != 0 && count > 1 && freeze->stat.state != 'Z' /* the process says so itself */)
        findings_add(findings, VERDICT_REFUSED, "threads", NULL, "the first thread has exited while others live: this cannot be saved yet");
}

/* Scheduling that a thaw may not give without privilege. */
static void check_scheduling(struct thaw *thaw, struct findings *findings)
{
    size_t special = 0;
    for (size_t i = 0; i < thaw->model->thread_count; i++) {
        const Ckpt__Scheduling *scheduling = thaw->model->threads[i].record.scheduling;
        special += scheduling != NULL && ((scheduling->policy != SCHED_OTHER && scheduling->policy != SCHED_BATCH && scheduling->policy != SCHED_IDLE) ||
                                          scheduling->nice < getpriority(PRIO_PROCESS, 0));
    }
    struct rlimit realtime = {0};
    getrlimit(RLIMIT_RTPRIO, &realtime);
    if (special > 0 && realtime.rlim_cur == 0)
        findings_add(findings, VERDICT_CHANGED, "threads", "a caller with CAP_SYS_NICE",
                     "%zu of them had a better priority than the default, which they lose unless the caller may give it", special);
}

static void check(struct thaw *thaw, struct findings *findings)
{
    findings_add(findings, VERDICT_SAVED, "threads", NULL, "%zu; %s", thaw->model->thread_count,
                 thaw->options.keep_pid ? "their old ids" : "new ids, and what the C library keeps of them is brought up to date");
    check_scheduling(thaw, findings);
}

const struct resource_ops threads_resource = {
    .name = "threads",
    .explain = explain,
    .collect = threads_collect,
    .check = check,
    .plan = threads_plan,
};

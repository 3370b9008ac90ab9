#include "checkpt/resource/files.h"

#include <inttypes.h>
#include <stdio.h>

static void explain_fd(struct findings *findings, const struct proc_fd *fd, const struct files_fate *fate)
{
    char subject[32];
    snprintf(subject, sizeof(subject), "fd %u", fd->number);
    if (fate->kind == FILES_REFUSED)
        findings_add(findings, VERDICT_REFUSED, subject, fate->way_out, "%s: %s", fate->noun, fate->reason);
    else if (fate->kind == FILES_CONTENT)
        findings_add(findings, VERDICT_SAVED, subject, NULL, "%s has no name any more: its %" PRIu64 " bytes are saved, and in memory afterwards", fate->noun, fd->size);
    else if (fate->kind == FILES_INHERITED)
        findings_add(findings, VERDICT_CHANGED, subject, NULL, "%s becomes descriptor %u of who resumes it", fate->noun, fate->from);
}

static void explain(struct freeze *freeze, struct findings *findings)
{
    struct failure why;
    const size_t *same = files_same(freeze, findings->arena, &why);
    size_t again = 0;
    if (same == NULL) {
        findings_add(findings, VERDICT_REFUSED, "files", NULL, "%s", why.sentence);
        return;
    }
    for (size_t i = 0; i < freeze->fd_count; i++) {
        struct files_fate fate = files_fate(freeze, same, i, findings->arena);
        explain_fd(findings, &freeze->fds[i], &fate);
        again += fate.kind == FILES_BY_PATH || fate.kind == FILES_VIRTUAL;
    }
    findings_add(findings, VERDICT_SAVED, "files", NULL, "%zu descriptors; %zu are opened again by their path, where they stand", freeze->fd_count, again);
}

const struct resource_ops files_resource = {
    .name = "files", .beside_memory = true,
    .explain = explain,
    .collect = files_collect,
    .check = files_check,
    .plan = files_plan,
};

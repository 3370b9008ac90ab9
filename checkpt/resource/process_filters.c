#include <linux/seccomp.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/prctl.h>

#include "checkpt/resource/filters.h"
#include "checkpt/resource/process.h"
#include "checkpt/thaw/filter.h"
#include "checkpt/thaw/rights.h"
#include "checkpt/tracee/tracee.h"

enum { MOST = 1024 /* of one thread; the kernel allows 32768 instructions in all */ };

static bool status_of(const struct freeze *freeze, pid_t tid, struct arena *arena, struct proc_status *status)
{
    char name[40];
    struct failure ignored;
    snprintf(name, sizeof(name), "task/%d/status", tid);
    return proc_status(freeze->directory, name, arena, status, &ignored);
}

/* Strict mode, and filters that a thread has alone. Returns whether all threads are like the leader. */
static bool explain_threads(struct freeze *freeze, struct findings *findings)
{
    pid_t *tids;
    size_t count, refused = findings->refused;
    struct failure ignored;
    if (!proc_threads(freeze->directory, findings->arena, &tids, &count, &ignored))
        return true;
    for (size_t i = 0; i < count && findings->refused == refused; i++) {
        struct proc_status status;
        char subject[32];
        snprintf(subject, sizeof(subject), "thread %d", tids[i]);
        if (!status_of(freeze, tids[i], findings->arena, &status))
            continue;
        if (status.seccomp == SECCOMP_MODE_STRICT)
            findings_add(findings, VERDICT_REFUSED, subject, "start it without its sandbox", "strict mode of its system calls (seccomp) cannot be saved");
        else if (status.seccomp != freeze->status.seccomp || status.seccomp_filters != freeze->status.seccomp_filters)
            findings_add(findings, VERDICT_REFUSED, subject, "start it without its sandbox",
                         "it has other filters of its system calls (seccomp) than the first thread, which cannot be saved yet");
    }
    return findings->refused == refused;
}

/* Who may not read them may not make calls in the program regardless of them either. */
void process_explain_filters(struct freeze *freeze, struct findings *findings)
{
    static const char own[] = "run checkpt outside of the sandbox or container that it is in, or start the program without its own";
    if (!explain_threads(freeze, findings) || freeze->status.seccomp == SECCOMP_MODE_DISABLED || process_is_listened_to(freeze))
        return;
    if (!rights_administration())
        findings_add(findings, VERDICT_REFUSED, "seccomp", "be root, or start it without its sandbox", "reading the filters of its system calls takes CAP_SYS_ADMIN");
    else if (prctl(PR_GET_SECCOMP) != SECCOMP_MODE_DISABLED)
        findings_add(findings, VERDICT_REFUSED, "seccomp", own, "it has filters of its system calls, which only who has none may read");
    else
        findings_add(findings, VERDICT_SAVED, "seccomp", NULL, "the filters of its system calls");
}

static void add(struct freeze *freeze, const struct tracee_filter *filter)
{
    struct arena *arena = &freeze->model->arena;
    Ckpt__Process *process = &freeze->model->process;
    Ckpt__SeccompFilter *record = arena_alloc(arena, sizeof(*record));
    ckpt__seccomp_filter__init(record);
    record->code = (ProtobufCBinaryData){filter->size, arena_copy(arena, filter->code, filter->size)};
    record->log = filter->log;
    process->seccomp_filters = arena_grow(arena, process->seccomp_filters, process->n_seccomp_filters, process->n_seccomp_filters + 1,
                                          sizeof(*process->seccomp_filters));
    process->seccomp_filters[process->n_seccomp_filters++] = record;
}

static bool is_same(const Ckpt__Process *process, size_t index, const struct tracee_filter *filter)
{
    if (index >= process->n_seccomp_filters || filter->code == NULL)
        return index >= process->n_seccomp_filters && filter->code == NULL;
    const Ckpt__SeccompFilter *record = process->seccomp_filters[index];
    return record->code.len == filter->size && memcmp(record->code.data, filter->code, filter->size) == 0 && record->log == filter->log;
}

static bool collect_thread(struct freeze *freeze, size_t thread, struct failure *why)
{
    bool more = true, fine = true;
    for (size_t i = 0; more && fine && i < MOST; i++) {
        struct tracee_filter filter;
        if (!tracee_filter(freeze->tracee, thread, i, &filter, why))
            return false;
        more = filter.code != NULL;
        if (more && filter_notifies(filter.code, filter.size / sizeof(struct sock_filter)))
            fine = failure_set(why, "filter %zu of its system calls (seccomp) asks another process (SECCOMP_RET_USER_NOTIF), which cannot be saved", i + 1);
        else if (thread == 0 && more)
            add(freeze, &filter);
        else if (thread != 0 && !is_same(&freeze->model->process, i, &filter))
            fine = failure_set(why, "thread %d: it has other filters of its system calls (seccomp) than the first thread, which cannot be saved yet",
                               tracee_tid(freeze->tracee, thread));
        free(filter.code);
    }
    return fine;
}

/* The image could be read, but never resumed. */
static bool can_leave(const struct freeze *freeze, struct failure *why)
{
    struct plan_filter *filters = filters_of(&freeze->model->process);
    const char *forbidden = plan_filters_forbid(filters, freeze->model->process.n_seccomp_filters, tracee_thread_count(freeze->tracee));
    free(filters);
    return forbidden == NULL ||
           failure_set(why, "the filters of its system calls (seccomp) do not allow %s(2), without which it cannot be resumed", forbidden);
}

bool process_collect_filters(struct freeze *freeze, struct failure *why)
{
    if (freeze->model->process.seccomp_mode == SECCOMP_MODE_DISABLED)
        return true;
    for (size_t i = 0; i < tracee_thread_count(freeze->tracee); i++)
        if (!collect_thread(freeze, i, why))
            return false;
    return can_leave(freeze, why);
}

static bool are_filters(const Ckpt__Process *process)
{
    bool all = process->n_seccomp_filters > 0;
    for (size_t i = 0; i < process->n_seccomp_filters; i++) {
        size_t size = process->seccomp_filters[i]->code.len;
        all = all && size > 0 && size % sizeof(struct sock_filter) == 0 && size / sizeof(struct sock_filter) <= BPF_MAXINSNS;
    }
    return all;
}

void process_check_filters(struct thaw *thaw, struct findings *findings)
{
    const Ckpt__Process *process = &thaw->model->process;
    if (process->seccomp_mode == SECCOMP_MODE_DISABLED)
        return;
    struct plan_filter *filters = filters_of(process);
    const char *forbidden = plan_filters_forbid(filters, process->n_seccomp_filters, thaw->model->thread_count);
    free(filters);
    if (!are_filters(process))
        findings_add(findings, VERDICT_REFUSED, "seccomp", NULL, "its system calls were restricted (seccomp), and how is not in the image");
    else if (forbidden != NULL)
        findings_add(findings, VERDICT_REFUSED, "seccomp", NULL, "the filters of its system calls do not allow %s(2), without which it cannot be resumed", forbidden);
    else if (!process->no_new_privs && !rights_administration())
        findings_add(findings, VERDICT_REFUSED, "seccomp", "be root", "it has filters of its system calls and may gain privileges: installing them takes CAP_SYS_ADMIN");
    else
        findings_add(findings, VERDICT_SAVED, "seccomp", NULL, "%zu filters of its system calls", process->n_seccomp_filters);
}

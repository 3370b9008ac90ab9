#include <errno.h>
#include <string.h>
#include <sys/prctl.h>
#include <sys/syscall.h>

#include "checkpt/resource/file_record.h"
#include "checkpt/resource/process.h"
#include "checkpt/tracee/tracee.h"

static bool collect_place(struct freeze *freeze, const char *link, uint32_t *id, struct failure *why)
{
    const char *path;
    bool deleted;
    struct stat status;
    if (!proc_link(freeze->directory, link, &freeze->model->arena, &path, &deleted, why))
        return false;
    if (fstatat(freeze->directory, link, &status, 0) != 0)
        return failure_errno(why, "%s: looking at it", link);
    *id = file_record(freeze->model, path, &status, deleted || !file_leads_to(path, &status))->id;
    return true;
}

static bool collect_places(struct freeze *freeze, struct failure *why)
{
    Ckpt__Process *process = &freeze->model->process;
    return collect_place(freeze, "exe", &process->executable, why) && collect_place(freeze, "cwd", &process->cwd, why) &&
           collect_place(freeze, "root", &process->root, why);
}

static void collect_identity(struct freeze *freeze)
{
    const struct proc_stat *stat = &freeze->stat;
    Ckpt__Process *process = &freeze->model->process;
    process->pid = freeze->pid;
    process->ppid = stat->ppid;
    process->pgid = stat->pgrp;
    process->sid = stat->session;
    process->tty = (uint32_t)stat->tty_nr;
    process->start_time = stat->start_time;
    process->exit_signal = (uint32_t)stat->exit_signal;
    process->comm = (ProtobufCBinaryData){strlen(stat->comm), arena_copy(&freeze->model->arena, stat->comm, strlen(stat->comm))};
    process->umask = freeze->status.umask;
    process->no_new_privs = freeze->status.no_new_privs;
    process->seccomp_mode = process_is_listened_to(freeze) ? 0 : freeze->status.seccomp;
}

static bool collect_numbers(struct freeze *freeze, struct failure *why)
{
    int64_t personality, oom_score_adj;
    if (!proc_number(freeze->directory, "personality", 16, &personality, why) || !proc_number(freeze->directory, "oom_score_adj", 10, &oom_score_adj, why))
        return false;
    freeze->model->process.personality = (uint32_t)personality;
    freeze->model->process.oom_score_adj = (int32_t)oom_score_adj;
    return true;
}

/* What only the program can ask. */
static bool ask(struct freeze *freeze, struct failure *why)
{
    enum { DUMPABLE, THP, SUBREAPER, DEATH_SIGNAL, MEMORY, COUNT = MEMORY + PROCESS_MEMORY, ROOM = 256 /* behind the answers */ };
    uint64_t scratch = tracee_scratch(freeze->tracee);
    int32_t answers[COUNT] = {0};
    struct tracee_call calls[COUNT] = {
        [DUMPABLE] = {.number = SYS_prctl, .arguments = {PR_GET_DUMPABLE}},
        [THP] = {.number = SYS_prctl, .arguments = {PR_GET_THP_DISABLE}},
        [SUBREAPER] = {.number = SYS_prctl, .arguments = {PR_GET_CHILD_SUBREAPER, scratch + SUBREAPER * sizeof(answers[0])}},
        [DEATH_SIGNAL] = {.number = SYS_prctl, .arguments = {PR_GET_PDEATHSIG, scratch + DEATH_SIGNAL * sizeof(answers[0])}},
    };
    process_ask_memory(scratch + ROOM, calls + MEMORY);
    if (!tracee_write(freeze->tracee, scratch, answers, sizeof(answers), why) || !tracee_calls(freeze->tracee, 0, calls, COUNT, why) ||
        !tracee_read(freeze->tracee, scratch, answers, sizeof(answers), why))
        return false;
    Ckpt__Process *process = &freeze->model->process;
    process->dumpable = calls[DUMPABLE].result > 0 ? (uint32_t)calls[DUMPABLE].result : 0;
    process->thp_disable = calls[THP].result > 0;
    process->child_subreaper = answers[SUBREAPER] != 0;
    process->parent_death_signal = (uint32_t)answers[DEATH_SIGNAL];
    return process_fill_memory(freeze, calls + MEMORY, why);
}

/* One may have been born since the program was explained. */
static bool has_no_children(struct freeze *freeze, struct failure *why)
{
    pid_t *pids;
    size_t count;
    char name[64];
    if (!process_children(freeze, &freeze->model->arena, &pids, &count, why))
        return false;
    return count == 0 || failure_set(why, "child %d (%s): a program with children cannot be saved yet", pids[0],
                                     process_name(freeze->directory, pids[0], name, NULL));
}

bool process_collect(struct freeze *freeze, struct failure *why)
{
    if (!has_no_children(freeze, why))
        return false;
    collect_identity(freeze);
    return process_collect_filters(freeze, why) && collect_numbers(freeze, why) && collect_places(freeze, why) && ask(freeze, why);
}

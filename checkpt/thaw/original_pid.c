#include "checkpt/thaw/original_pid.h"

#include <errno.h>
#include <linux/sched.h>
#include <sched.h>
#include <signal.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/prctl.h>
#include <sys/syscall.h>
#include <sys/wait.h>
#include <unistd.h>

#include "checkpt/outcome.h"
#include "checkpt/thaw/plan.h"
#include "checkpt/thaw/rights.h"

static bool exists(pid_t id)
{
    return kill(id, 0) == 0 || errno != ESRCH;
}

/* A number is taken by a thread or process of this id, and by a process group that has outlived its first member. */
static const char *taken_by(pid_t tid, char text[64])
{
    char path[64], name[32] = "";
    snprintf(path, sizeof(path), "/proc/%d/comm", tid);
    FILE *file = fopen(path, "re");
    if (file != NULL && fgets(name, sizeof(name), file) != NULL)
        name[strcspn(name, "\n")] = '\0';
    if (file != NULL)
        fclose(file);
    if (name[0] != '\0')
        snprintf(text, 64, "by %s", name);
    else if (exists(tid))
        snprintf(text, 64, "by a process");
    else if (exists(-tid))
        snprintf(text, 64, "by a process group");
    else
        return NULL;
    return text;
}

void original_pid_check(const struct thaw *thaw, struct findings *findings)
{
    char by[64];
    if (!rights_checkpoint_restore())
        findings_add(findings, VERDICT_REFUSED, "--pid", "a caller with CAP_CHECKPOINT_RESTORE, or no --pid", "choosing process ids needs CAP_CHECKPOINT_RESTORE");
    for (size_t i = 0; i < thaw->model->thread_count; i++) {
        pid_t tid = thaw->model->threads[i].record.tid;
        if (taken_by(tid, by) != NULL)
            findings_add(findings, VERDICT_REFUSED, "--pid", "wait until it has ended, or leave out --pid", "%s id %d is taken %s", i == 0 ? "process" : "thread", tid, by);
    }
}

static void look_after(pid_t child)
{
    int status;
    while (waitpid(child, &status, WNOHANG | WUNTRACED) == child) {
        if (WIFSTOPPED(status))
            kill(getpid(), SIGSTOP);
        else
            outcome_end_as(status);
    }
}

static _Noreturn void wait_for(pid_t child, const sigset_t *all)
{
    for (;;) {
        siginfo_t info;
        if (sigwaitinfo(all, &info) < 0)
            continue;
        if (info.si_signo == SIGCHLD)
            look_after(child);
        else
            outcome_pass_on(child, &info);
    }
}

static bool refuse(pid_t pid, struct failure *why)
{
    char by[64];
    if (errno == EEXIST) {
        const char *who = taken_by(pid, by);
        return failure_set(why, "process id %d is taken%s%s; without --pid it gets a new one", pid, who != NULL ? " " : "", who != NULL ? who : "");
    }
    if (errno == EPERM)
        return failure_set(why, "choosing process ids needs CAP_CHECKPOINT_RESTORE; without --pid it gets a new one");
    return failure_errno(why, "starting a process with id %d; without --pid it gets a new one", pid);
}

/* The C library keeps the id of its thread: where, the kernel knows. */
static long start(pid_t *pid)
{
    uint64_t kept = 0;
    struct clone_args args = {.exit_signal = SIGCHLD, .set_tid = (uint64_t)(uintptr_t)pid, .set_tid_size = 1};
    if (prctl(PR_GET_TID_ADDRESS, &kept) == 0 && kept != 0) {
        args.flags = CLONE_CHILD_SETTID | CLONE_CHILD_CLEARTID;
        args.child_tid = kept;
    }
    fflush(NULL);
    return syscall(SYS_clone3, &args, sizeof(args));
}

bool original_pid_run(const struct thaw *thaw, void (*resume)(void *context, struct failure *why), void *context, struct failure *why)
{
    pid_t pid = thaw->model->threads[0].record.tid;
    sigset_t all, before;
    struct sigaction by_default = {.sa_handler = SIG_DFL}, inherited;
    sigfillset(&all);
    sigprocmask(SIG_SETMASK, &all, &before);
    sigaction(SIGCHLD, &by_default, &inherited); /* ignored, it would not be told */
    long child = start(&pid);
    if (child > 0)
        wait_for((pid_t)child, &all);
    int error = errno;
    sigaction(SIGCHLD, &inherited, NULL);
    sigprocmask(SIG_SETMASK, &before, NULL);
    if (child == 0) {
        resume(context, why);
        if (why->sentence[0] != '\0')
            fprintf(stderr, "checkpt: %s: %s\n", thaw->path, why->sentence);
        _exit(why->exit_status);
    }
    errno = error;
    return refuse(pid, why);
}

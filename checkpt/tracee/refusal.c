#include "checkpt/tracee/refusal.h"

#include <errno.h>
#include <fcntl.h>
#include <pwd.h>
#include <stdio.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

#include "checkpt/proc/proc.h"

enum { KERNEL_THREAD = 0x00200000 }; /* PF_KTHREAD */

struct subject {
    pid_t pid, tid;
    int directory, error;
    struct proc_stat stat;
    struct proc_status status;
};

/* Each returns true where it is the reason, with the sentence set. */
typedef bool reason(const struct subject *subject, struct failure *why);

static bool is_dead(const struct subject *subject, struct failure *why)
{
    if (subject->stat.state != 'Z' && subject->stat.state != 'X')
        return false;
    failure_set(why, "process %d: has already exited, and waits for its parent %d to notice", subject->pid, subject->stat.ppid);
    return true;
}

static bool is_kernel_thread(const struct subject *subject, struct failure *why)
{
    if ((subject->stat.flags & KERNEL_THREAD) == 0)
        return false;
    failure_set(why, "process %d: is a kernel thread (%s), not a program", subject->pid, subject->stat.comm);
    return true;
}

static bool is_self(const struct subject *subject, struct failure *why)
{
    if (subject->pid != getpid())
        return false;
    failure_set(why, "process %d: is this one, which cannot stop itself", subject->pid);
    return true;
}

static bool is_traced(const struct subject *subject, struct failure *why)
{
    if (subject->status.tracer_pid == 0)
        return false;
    char path[64], comm[64] = "?";
    struct failure ignored;
    struct proc_stat tracer;
    snprintf(path, sizeof(path), "../%d/stat", subject->status.tracer_pid);
    if (proc_stat(subject->directory, path, &tracer, &ignored))
        memcpy(comm, tracer.comm, sizeof(comm));
    failure_set(why, "process %d: is already being traced by process %d (%s): a process has one tracer at a time", subject->pid,
                subject->status.tracer_pid, comm);
    return true;
}

static bool is_somebody_elses(const struct subject *subject, struct failure *why)
{
    if (subject->error != EPERM || geteuid() == 0 || subject->status.uid[0] == getuid())
        return false;
    const struct passwd *user = getpwuid(subject->status.uid[0]);
    failure_set(why, "process %d: belongs to user %s (%u), not to you (%u): be that user, or root (CAP_SYS_PTRACE)", subject->pid,
                user != NULL ? user->pw_name : "?", subject->status.uid[0], getuid());
    return true;
}

static bool is_set_id(const struct subject *subject, struct failure *why)
{
    const struct proc_status *status = &subject->status;
    if (subject->error != EPERM || (status->uid[0] == status->uid[1] && status->gid[0] == status->gid[1]))
        return false;
    failure_set(why, "process %d: is a set-id program (user %u, effectively %u; group %u, effectively %u), which has rights of its own", subject->pid,
                status->uid[0], status->uid[1], status->gid[0], status->gid[1]);
    return true;
}

static bool is_not_dumpable(const struct subject *subject, struct failure *why)
{
    struct stat owner;
    if (subject->error != EPERM || fstat(subject->directory, &owner) != 0 || owner.st_uid == subject->status.uid[1])
        return false;
    failure_set(why, "process %d: is set-id or has made itself undumpable (/proc/%d is %s's): only root (CAP_SYS_PTRACE) may look into it",
                subject->pid, subject->pid, owner.st_uid == 0 ? "root" : "another");
    return true;
}

static int yama_scope(void)
{
    int fd = open("/proc/sys/kernel/yama/ptrace_scope", O_RDONLY | O_CLOEXEC);
    char digit = '0';
    if (fd < 0)
        return 0;
    if (read(fd, &digit, 1) != 1)
        digit = '0';
    close(fd);
    return digit - '0';
}

static bool is_forbidden_by_yama(const struct subject *subject, struct failure *why)
{
    static const char *const ways[] = {
        "", "only children may be traced: be root, have checkptd(8), or `sysctl kernel.yama.ptrace_scope=0`", "only root may trace: have checkptd(8)",
        "tracing is switched off until the next boot",
    };
    int scope = yama_scope();
    if (subject->error != EPERM || scope < 1 || scope > 3 || (scope < 3 && geteuid() == 0))
        return false;
    failure_set(why, "process %d: the kernel's yama module forbids it (kernel.yama.ptrace_scope is %d): %s", subject->pid, scope, ways[scope]);
    why->error = EPERM;
    return true;
}

static reason *const reasons[] = {is_dead, is_kernel_thread, is_self, is_traced, is_somebody_elses, is_set_id, is_not_dumpable, is_forbidden_by_yama};

bool refusal_explain(pid_t pid, pid_t tid, int directory, int error, struct failure *why)
{
    struct subject subject = {.pid = pid, .tid = tid, .directory = directory, .error = error};
    struct arena arena = {0};
    bool known = false;
    if (proc_stat(directory, "stat", &subject.stat, why) && proc_status(directory, "status", &arena, &subject.status, why))
        for (size_t i = 0; i < sizeof(reasons) / sizeof(*reasons) && !known; i++)
            known = reasons[i](&subject, why);
    else
        known = !failure_set(why, "process %d: no such process any more", pid);
    arena_deinit(&arena);
    if (known)
        return false;
    errno = error;
    if (error == EPERM) {
        failure_set(why, "process %d: the kernel does not let us trace thread %d: it has more privileges than we have (CAP_SYS_PTRACE), or a "
                         "security module forbids it", pid, tid);
        why->error = EPERM;
        return false;
    }
    return failure_errno(why, "process %d: attaching to thread %d", pid, tid);
}

/* A process's number is taken for it only while a pidfd says that it has not been reaped: then the number is nobody else's. */
#include "checkpt/daemon/target.h"

#include <errno.h>
#include <fcntl.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <sys/syscall.h>
#include <unistd.h>

#include "checkpt/proc/proc.h"
#include "checkpt/tracee/tracee.h"

static bool refuse(const struct target *target, const char *sentence, struct failure *why)
{
    failure_set(why, "process %d: %s", target->pid, sentence);
    why->error = EPERM;
    return false;
}

/* Only a pidfd has this line. */
static pid_t pid_of(int pidfd)
{
    static const char name[] = "Pid:";
    char path[48], text[512] = "";
    snprintf(path, sizeof(path), "/proc/self/fdinfo/%d", pidfd);
    int fd = open(path, O_RDONLY | O_CLOEXEC);
    ssize_t length = fd >= 0 ? read(fd, text, sizeof(text) - 1) : -1;
    if (fd >= 0)
        close(fd);
    const char *line = length > 0 ? strstr(text, name) : NULL;
    return line != NULL && (line == text || line[-1] == '\n') ? (pid_t)strtol(line + sizeof(name) - 1, NULL, 10) : 0;
}

static bool is_gone(const struct target *target)
{
    return syscall(SYS_pidfd_send_signal, target->pidfd, 0, NULL, 0) != 0 && errno != EPERM;
}

bool target_find(struct target *target, int pidfd, struct failure *why)
{
    *target = (struct target){.pid = pid_of(pidfd), .pidfd = pidfd};
    if (target->pid > 0 && !is_gone(target))
        return true;
    failure_set(why, target->pid == 0 ? "what should be a pidfd is none" : "the process has ended");
    why->error = target->pid == 0 ? EBADF : ESRCH;
    return false;
}

static bool may_read(int directory, const char *name)
{
    int fd = openat(directory, name, O_RDONLY | O_CLOEXEC);
    if (fd >= 0)
        close(fd);
    return fd >= 0;
}

/* A thread may have ids and capabilities of its own; and one that is not of this process was taken for one of its threads, that has ended. */
static bool may_read_threads(int directory, const struct tracee *tracee)
{
    char name[48];
    for (size_t i = tracee_leader_has_exited(tracee) ? 1 : 0; i < tracee_thread_count(tracee); i++) {
        snprintf(name, sizeof(name), "task/%d/maps", tracee_tid(tracee, i));
        if (!may_read(directory, name))
            return false;
    }
    return true;
}

static bool may_read_snapshot(pid_t snapshot)
{
    char name[48];
    snprintf(name, sizeof(name), "/proc/%d/maps", snapshot);
    return snapshot == 0 || may_read(AT_FDCWD, name);
}

static bool shares_user_namespace(int directory)
{
    struct stat theirs, ours;
    return fstatat(directory, "ns/user", &theirs, 0) == 0 && stat("/proc/self/ns/user", &ours) == 0 && theirs.st_dev == ours.st_dev && theirs.st_ino == ours.st_ino;
}

/* For the sentence; and once more what the kernel says, should it ever say something else. */
static bool has_own_credentials(const struct target *target, const struct proc_status *status, struct failure *why)
{
    uid_t user = geteuid();
    gid_t group = getegid();
    if (status->uid[0] != status->uid[1] || status->uid[1] != status->uid[2] || status->gid[0] != status->gid[1] || status->gid[1] != status->gid[2])
        return refuse(target, "is, or was, a set-id program, which has rights of its own", why);
    if (status->uid[0] != user || status->uid[3] != user)
        return refuse(target, "belongs to another user, not to you", why);
    if (status->gid[0] != group || status->gid[3] != group)
        return refuse(target, "runs with another group than you", why);
    return status->cap_permitted == 0 || refuse(target, "has capabilities, which you have not", why);
}

static bool look(const struct target *target, int directory, struct proc_status *status, struct failure *why)
{
    struct arena arena = {0};
    bool known = proc_status(directory, "status", &arena, status, why);
    arena_deinit(&arena);
    if (known && status->process == target->pid && !is_gone(target))
        return true;
    failure_set(why, "process %d: has ended", target->pid);
    why->error = ESRCH;
    return false;
}

bool target_is_own(const struct target *target, int directory, const struct tracee *tracee, pid_t snapshot, struct failure *why)
{
    struct proc_status status;
    if (!look(target, directory, &status, why) || !has_own_credentials(target, &status, why))
        return false;
    if (!may_read(directory, "environ") || (tracee != NULL && !may_read_threads(directory, tracee)) || !may_read_snapshot(snapshot))
        return refuse(target, "you may not look into it: it has made itself undumpable, or has more rights than you", why);
    return shares_user_namespace(directory) || refuse(target, "is in a user namespace of its own", why);
}

/* What kind of process can be frozen at all. Each rule adds what it has to say. */
#include <errno.h>
#include <fcntl.h>
#include <linux/kcmp.h>
#include <stdio.h>
#include <string.h>
#include <sys/syscall.h>
#include <unistd.h>

#include "checkpt/resource/file_record.h"
#include "checkpt/resource/process.h"

enum { KERNEL_THREAD = 0x00200000 /* PF_KTHREAD */, MOST_SHOWN = 20 };

static void explain_kind(struct freeze *freeze, struct findings *findings, const char *subject)
{
    char name[64];
    if ((freeze->stat.flags & KERNEL_THREAD) != 0)
        findings_add(findings, VERDICT_REFUSED, subject, NULL, "is a kernel thread (%s), not a program", freeze->stat.comm);
    if (freeze->pid == getpid())
        findings_add(findings, VERDICT_REFUSED, subject, NULL, "is checkpt itself, which cannot stop itself");
    if (freeze->stat.state == 'Z' || freeze->stat.state == 'X')
        findings_add(findings, VERDICT_REFUSED, subject, NULL,
                     freeze->stat.num_threads > 1 ? "its first thread has exited while others go on, which cannot be saved yet"
                                                  : "has already exited, and waits for its parent %d to notice", freeze->stat.ppid);
    if (freeze->status.tracer_pid != 0 && freeze->tracee == NULL)
        findings_add(findings, VERDICT_REFUSED, subject, "end the tracer", "is already being traced by process %d (%s): a process has one tracer at a time",
                     freeze->status.tracer_pid, process_name(freeze->directory, freeze->status.tracer_pid, name, NULL));
}

static void explain_children(struct freeze *freeze, struct findings *findings)
{
    pid_t *pids;
    size_t count;
    struct failure why;
    if (freeze->tracee == NULL)
        process_wait_for_leftovers(freeze);
    if (!process_children(freeze, findings->arena, &pids, &count, &why)) {
        findings_add(findings, VERDICT_REFUSED, "children", "a kernel with CONFIG_PROC_CHILDREN", "cannot be listed: %s", why.sentence);
        return;
    }
    for (size_t i = 0; i < count && i < MOST_SHOWN; i++) {
        char name[64], subject[96];
        bool has_exited;
        process_name(freeze->directory, pids[i], name, &has_exited);
        snprintf(subject, sizeof(subject), "../%d", pids[i]);
        bool has_gone = faccessat(freeze->directory, subject, F_OK, 0) != 0; /* the program has waited for it meanwhile */
        if (has_gone && freeze->tracee == NULL)
            continue;
        snprintf(subject, sizeof(subject), "child %d (%s)", pids[i], name);
        if (has_exited)
            findings_add(findings, VERDICT_REFUSED, subject, "try again when the program has waited for it", "has exited, and its status would be lost");
        else
            findings_add(findings, VERDICT_REFUSED, subject, "end it first, or freeze it by itself", "a program with children cannot be saved yet");
    }
    if (count > MOST_SHOWN)
        findings_add(findings, VERDICT_REFUSED, "children", NULL, "and %zu more", count - MOST_SHOWN);
}

/* Paths and ids mean something else in another namespace. */
static void explain_namespaces(struct freeze *freeze, struct findings *findings)
{
    static const struct {
        const char *link;
        enum verdict verdict;
        const char *what;
    } namespaces[] = {
        {"mnt", VERDICT_REFUSED, "its files are mounted elsewhere (another mount namespace)"},
        {"pid", VERDICT_REFUSED, "its process ids are others than here (another pid namespace)"},
        {"user", VERDICT_REFUSED, "its users are others than here (another user namespace)"},
        {"time", VERDICT_REFUSED, "its clocks show another time than here (another time namespace)"},
        {"net", VERDICT_CHANGED, "its network is another than here (another network namespace): resumed, it has that of who resumes it"},
        {"ipc", VERDICT_CHANGED, "its message queues and semaphores are others than here (another IPC namespace): resumed, it has those of who resumes it"},
        {"uts", VERDICT_CHANGED, "its host name is another than here (another UTS namespace): resumed, it has that of who resumes it"},
    };
    for (size_t i = 0; i < sizeof(namespaces) / sizeof(namespaces[0]); i++) {
        char own[32], name[16], way_out[96];
        struct stat there, here;
        snprintf(name, sizeof(name), "ns/%s", namespaces[i].link);
        snprintf(own, sizeof(own), "/proc/self/%s", name);
        if (fstatat(freeze->directory, name, &there, 0) != 0 || stat(own, &here) != 0 || (there.st_ino == here.st_ino && there.st_dev == here.st_dev))
            continue;
        snprintf(way_out, sizeof(way_out), "run checkpt inside: nsenter -a -t %d checkpt …", freeze->pid);
        findings_add(findings, namespaces[i].verdict, "namespaces", way_out, "%s", namespaces[i].what);
    }
}

/* It has given up what it shared then. */
static bool is_ending(const struct freeze *freeze, pid_t tid)
{
    enum { PF_EXITING = 4 };
    char name[48];
    struct proc_stat stat;
    struct failure ignored;
    snprintf(name, sizeof(name), "task/%d/stat", tid);
    return !proc_stat(freeze->directory, name, &stat, &ignored) || (stat.flags & PF_EXITING) != 0;
}

/* unshare(2) of one thread alone. */
static void explain_threads(struct freeze *freeze, struct findings *findings)
{
    static const struct {
        int type;
        const char *what;
    } shared[] = {{KCMP_FILES, "descriptors"}, {KCMP_FS, "a working directory"}};
    pid_t *tids;
    size_t count;
    struct failure ignored;
    if (!proc_threads(freeze->directory, findings->arena, &tids, &count, &ignored))
        return;
    for (size_t i = 1; i < count; i++)
        for (size_t k = 0; k < sizeof(shared) / sizeof(shared[0]); k++) {
            char subject[32];
            if (syscall(SYS_kcmp, freeze->pid, tids[i], shared[k].type, 0, 0) <= 0 || is_ending(freeze, tids[i]))
                continue;
            snprintf(subject, sizeof(subject), "thread %d", tids[i]);
            findings_add(findings, VERDICT_REFUSED, subject, NULL, "it has %s of its own (unshare), which cannot be saved yet", shared[k].what);
        }
}

/* Through a descriptor, so that path and status are of the same directory: a running program may be changing it. */
static bool look_at_place(struct freeze *freeze, const char *link, struct arena *arena, const char **path, bool *deleted, struct stat *status)
{
    char own[32];
    struct failure ignored;
    int fd = openat(freeze->directory, link, O_PATH | O_CLOEXEC), self = open("/proc/self", O_PATH | O_DIRECTORY | O_CLOEXEC);
    snprintf(own, sizeof(own), "fd/%d", fd);
    bool done = fd >= 0 && self >= 0 && fstat(fd, status) == 0 && proc_link(self, own, arena, path, deleted, &ignored);
    if (self >= 0)
        close(self);
    if (fd >= 0)
        close(fd);
    return done;
}

static void explain_place(struct freeze *freeze, struct findings *findings, const char *link, const char *subject)
{
    const char *path;
    bool deleted;
    struct stat status;
    if (!look_at_place(freeze, link, findings->arena, &path, &deleted, &status))
        findings_add(findings, VERDICT_REFUSED, subject, NULL, "cannot be looked at: %s", strerror(errno));
    else if (deleted)
        findings_add(findings, VERDICT_REFUSED, subject, "make it again, and have the program change to it", "%s has been removed", path);
    else if (!file_leads_to(path, &status))
        findings_add(findings, VERDICT_REFUSED, subject, NULL, "%s leads to another directory from here", path);
}

void process_explain(struct freeze *freeze, struct findings *findings)
{
    char subject[32];
    snprintf(subject, sizeof(subject), "process %d", freeze->pid);
    explain_kind(freeze, findings, subject);
    if (findings->refused > 0)
        return;
    explain_children(freeze, findings);
    explain_namespaces(freeze, findings);
    explain_threads(freeze, findings);
    explain_place(freeze, findings, "cwd", "working directory");
    explain_place(freeze, findings, "root", "root directory");
    process_explain_filters(freeze, findings);
    findings_add(findings, VERDICT_SAVED, subject, NULL, "%s, its name, directories, umask and attributes", freeze->stat.comm);
    findings_add(findings, VERDICT_CHANGED, "process id", "checkpt thaw --pid gives it back", "%d becomes the id of who resumes it", freeze->pid);
}

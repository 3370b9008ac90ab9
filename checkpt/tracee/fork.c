/* The snapshot is the program's grandchild: its parent ends at once and is waited for inside the program, so that nothing is left there that anyone would have
 * to wait for, whether we live or not. Descriptors are shared, not duplicated: whoever waits for the end of a pipe does not wait for us. */
#include <sched.h>
#include <signal.h>
#include <sys/prctl.h>
#include <sys/syscall.h>

#include "checkpt/arch/x86_64/restart.h"
#include "checkpt/tracee/request.h"
#include "checkpt/tracee/visit.h"

static bool born(pid_t parent, pid_t *child)
{
    unsigned long message = 0;
    if (request_pointer(PTRACE_GETEVENTMSG, parent, 0, &message) != 0 || message == 0)
        return false;
    *child = (pid_t)message;
    return true;
}

static void let_go_on(pid_t tid)
{
    if (request(PTRACE_CONT, tid, 0, 0) != 0)
        kill(tid, SIGKILL);
}

/* What the child becomes is none of ours. */
static pid_t no_snapshot(pid_t child, pid_t snapshot)
{
    request(PTRACE_DETACH, child, 0, 0);
    if (snapshot != 0)
        kill(snapshot, SIGKILL);
    return 0;
}

/* The child that shares memory makes the snapshot and exits. */
static pid_t snapshot_of(pid_t child)
{
    pid_t snapshot = 0;
    struct stop stop = stop_wait(child);
    while (stop.kind != STOP_EXITED) {
        if (stop.kind == STOP_EXEC)
            return no_snapshot(child, snapshot);
        if (stop.kind == STOP_CLONE && born(child, &snapshot) && stop_wait(snapshot).kind == STOP_EXITED)
            snapshot = 0;
        let_go_on(child);
        stop = stop_wait(child);
    }
    return snapshot;
}

/* Through clone(), which job control may interrupt before there is a child. */
static bool make_child(struct tracee *tracee, pid_t *child, struct failure *why)
{
    struct thread *host = tracee->host;
    struct user_regs_struct now;
    struct stop stop;
    do {
        for (int syscall_stops = 0; syscall_stops < 2;) {
            if (!visit_run(tracee, host, PTRACE_SYSCALL, &stop, why))
                return false;
            if (stop.kind == STOP_SYSCALL)
                syscall_stops++;
            else if (stop.kind != STOP_CLONE || !born(host->tid, child))
                return failure_set(why, "process %d: making a snapshot of it was interrupted by signal %d", tracee->pid, stop.signal);
        }
        if (*child == 0 && request_pointer(PTRACE_GETREGS, host->tid, 0, &now) != 0)
            return failure_errno(why, "thread %d: reading its registers", host->tid);
    } while (*child == 0 && restart_is_pending(&now));
    return true;
}

static bool make_children(struct tracee *tracee, pid_t *snapshot, struct failure *why)
{
    pid_t child = 0;
    int64_t ignored;
    if (!make_child(tracee, &child, why))
        return false;
    if (child != 0)
        *snapshot = snapshot_of(child);
    if (!visit_run_call(tracee, tracee->host, &ignored, why)) /* through wait4() */
        return false;
    return *snapshot != 0 || failure_set(why, "process %d: cannot be forked: the limit of processes or of memory is reached", tracee->pid);
}

/* Such a program would be the snapshot's parent. */
static bool adopts_orphans(struct tracee *tracee, size_t thread, struct failure *why)
{
    uint32_t subreaper = 0;
    struct tracee_call calls[] = {
        {.number = SYS_prctl, .arguments = {PR_GET_CHILD_SUBREAPER, tracee_scratch(tracee)}},
        {.number = SYS_getpid},
    };
    if (!tracee_calls(tracee, thread, calls, 2, why) || !tracee_read(tracee, tracee_scratch(tracee), &subreaper, sizeof(subreaper), why))
        return true;
    if (subreaper == 0 && calls[1].result != 1)
        return false;
    failure_set(why, "process %d: adopts orphans", tracee->pid);
    return true;
}

static bool fork_in(struct tracee *tracee, pid_t *snapshot, struct failure *why)
{
    struct user_regs_struct registers = tracee->host->registers;
    inject_enter_fork(&registers, tracee->tail, tracee->scratch, CLONE_FILES | CLONE_FS);
    return visit_go_on(tracee->host, &registers, why) && make_children(tracee, snapshot, why);
}

bool tracee_fork(struct tracee *tracee, pid_t *child, struct failure *why)
{
    if (adopts_orphans(tracee, (size_t)(tracee->host - tracee->threads), why))
        return false;
    bool made = fork_in(tracee, &tracee->child, why);
    if (!made && tracee->child != 0)
        tracee_reap(tracee, tracee->child, why);
    if (made)
        *child = tracee->child;
    return made;
}

void tracee_dismiss(pid_t child)
{
    kill(child, SIGKILL);
}

/* One that we are not the tracer of is left: it ends by itself. */
bool tracee_reap(struct tracee *tracee, pid_t child, struct failure *why)
{
    if (kill(child, SIGKILL) != 0)
        return failure_errno(why, "process %d: ending the snapshot %d", tracee->pid, child);
    while (stop_wait(child).kind != STOP_EXITED)
        let_go_on(child);
    tracee->child = 0;
    return true;
}

/* The snapshot is the program's grandchild: its parent ends at once and is waited for inside the program, so that nothing is left there that anyone would have
 * to wait for, whether we live or not. Descriptors are shared, not duplicated: whoever waits for the end of a pipe does not wait for us. */
#include <sched.h>
#include <signal.h>
#include <sys/prctl.h>
#include <sys/syscall.h>

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

/* The child that shares memory makes the snapshot and exits. */
static pid_t snapshot_of(pid_t child)
{
    pid_t snapshot = 0;
    struct stop stop = stop_wait(child);
    while (stop.kind != STOP_EXITED) {
        if (stop.kind == STOP_CLONE && born(child, &snapshot) && stop_wait(snapshot).kind == STOP_EXITED)
            snapshot = 0;
        request(PTRACE_CONT, child, 0, 0);
        stop = stop_wait(child);
    }
    return snapshot;
}

static bool make_children(struct tracee *tracee, struct thread *thread, pid_t *snapshot, struct failure *why)
{
    struct stop stop;
    pid_t child = 0;
    *snapshot = 0;
    if (!visit_run_to_call(tracee, thread, why)) /* into clone() */
        return false;
    do {
        if (!visit_run(tracee, thread, PTRACE_SYSCALL, &stop, why))
            return false;
        if (stop.kind == STOP_CLONE)
            born(thread->tid, &child);
    } while (stop.kind == STOP_CLONE);
    if (child == 0)
        return failure_set(why, "process %d: cannot be forked: the limit of processes or of memory is reached", tracee->pid);
    *snapshot = snapshot_of(child);
    return visit_run_to_call(tracee, thread, why) && visit_run_to_call(tracee, thread, why); /* through wait4() */
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

static bool fork_in(struct tracee *tracee, struct thread *thread, pid_t *snapshot, struct failure *why)
{
    uint64_t mask;
    size_t n = (size_t)(thread - tracee->threads);
    struct inject_frame frame;
    struct failure ignored;
    if (!tracee_signal_mask(tracee, n, &mask, why))
        return false;
    inject_frame_build(&frame, &thread->registers, mask);
    if (!tracee_write(tracee, tracee->scratch + INJECT_CONTROL, &frame, sizeof(frame), why))
        return false;
    struct user_regs_struct registers = thread->registers;
    inject_enter_fork(&registers, tracee->scratch, CLONE_FILES | CLONE_FS);
    if (!visit_begin(thread, &registers, 0, why))
        return false;
    bool made = make_children(tracee, thread, snapshot, why);
    if (thread->state != THREAD_STOPPED)
        return false;
    return visit_end(tracee, thread, mask, made ? why : &ignored) && made;
}

bool tracee_fork(struct tracee *tracee, pid_t *child, struct failure *why)
{
    struct thread *thread = tracee_first_running(tracee);
    if (thread == NULL)
        return failure_set(why, "process %d: has exited", tracee->pid);
    if (adopts_orphans(tracee, (size_t)(thread - tracee->threads), why))
        return false;
    if (request(PTRACE_SETOPTIONS, thread->tid, 0, tracee->options | PTRACE_O_TRACECLONE) != 0)
        return failure_errno(why, "thread %d: asking for its children", thread->tid);
    bool made = fork_in(tracee, thread, child, why);
    request(PTRACE_SETOPTIONS, thread->tid, 0, tracee->options);
    tracee->child = *child;
    return (made && *child != 0) || (made && failure_set(why, "process %d: cannot be forked: the limit of processes or of memory is reached", tracee->pid));
}

bool tracee_reap(struct tracee *tracee, pid_t child, struct failure *why)
{
    (void)why;
    kill(child, SIGKILL);
    while (stop_wait(child).kind != STOP_EXITED)
        request(PTRACE_CONT, child, 0, 0);
    tracee->child = 0;
    return true;
}

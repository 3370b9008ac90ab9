/* A thread's visit to our code: away, until it has done what it was sent for, and home again. At every instant one of these holds: the thread has the
 * program's registers and mask; or it is away, and goes home by itself should we be gone.
 *
 * Whatever fails, a thread that is still away is left to that: its code stays, and tracee_detach lets it run. */
#ifndef CHECKPT_TRACEE_VISIT_H
#define CHECKPT_TRACEE_VISIT_H

#include "checkpt/tracee/state.h"
#include "checkpt/tracee/stop.h"

/* Away: with registers that the inject_enter functions made of the thread's own. All signals are blocked but `unblocked` (0: none). The frame has been
 * written. */
bool visit_begin(struct thread *thread, const struct user_regs_struct *registers, int unblocked, struct failure *why);
/* Another errand for a thread that is away. */
bool visit_go_on(struct thread *thread, const struct user_regs_struct *registers, struct failure *why);
/* Lets the thread run, by PTRACE_CONT or PTRACE_SYSCALL, to its next stop; job control has its way, behind the thread's back. */
bool visit_run(struct tracee *tracee, struct thread *thread, int how, struct stop *stop, struct failure *why);
/* Through the next system call, and its result. */
bool visit_run_call(struct tracee *tracee, struct thread *thread, int64_t *result, struct failure *why);
/* Home, from the stop of a call's exit. */
bool visit_end(struct tracee *tracee, struct thread *thread, struct failure *why);
/* Home, from the stop of a signal about to be delivered, which is dropped. */
bool visit_end_at_signal(struct thread *thread, struct failure *why);

#endif

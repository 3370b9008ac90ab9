/* A thread's visit to our code: in, until it has done what it was sent for, and back to where it was. At every instant one of these holds: the thread has
 * the program's registers and mask; or it has ours, and brings its own back itself should we be gone. */
#ifndef CHECKPT_TRACEE_VISIT_H
#define CHECKPT_TRACEE_VISIT_H

#include "checkpt/tracee/state.h"
#include "checkpt/tracee/stop.h"

/* In: with registers that the inject_enter functions made of the thread's own. All signals are blocked but `unblocked` (0: none). The caller has written the
 * frame. On failure the thread is back. */
bool visit_begin(struct thread *thread, const struct user_regs_struct *registers, int unblocked, struct failure *why);
/* Lets the thread run, by PTRACE_CONT or PTRACE_SYSCALL, to its next stop; job control is put off. */
bool visit_run(struct tracee *tracee, struct thread *thread, int how, struct stop *stop, struct failure *why);
/* To the entry or the exit of the next system call. */
bool visit_run_to_call(struct tracee *tracee, struct thread *thread, struct failure *why);
/* Back, from the stop of a call's exit. */
bool visit_end(struct tracee *tracee, struct thread *thread, uint64_t signal_mask, struct failure *why);
/* Back, from the stop of a signal about to be delivered, which is dropped. */
bool visit_end_at_signal(struct thread *thread, uint64_t signal_mask, struct failure *why);

/* A whole visit for one call. `registers` as for visit_begin; `result` is the kernel's. */
bool visit_for_call(struct tracee *tracee, struct thread *thread, const struct user_regs_struct *registers, uint64_t signal_mask, int64_t *result,
                    struct failure *why);

#endif

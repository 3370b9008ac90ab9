/* The program being frozen: every ptrace(2) call is in this folder.
 *
 * Order: tracee_create, tracee_attach (all threads stopped; the pause begins), reads, tracee_calls_begin, tracee_calls…,
 * tracee_calls_end, tracee_detach. All by one thread, but for tracee_read(). tracee_detach may be called at any point and puts everything back: registers, signal masks,
 * scratch mapping, patched bytes. At any instant the death of the tracer by SIGKILL must leave the program running unharmed; see
 * checkpt/DESIGN.md, "Calls inside". */
#ifndef CHECKPT_TRACEE_H
#define CHECKPT_TRACEE_H

#include <stddef.h>
#include <stdint.h>
#include <sys/types.h>
#include <sys/user.h>

#include "checkpt/failure.h"

struct tracee;

struct tracee_call {
    long number;
    uint64_t arguments[6];
    int64_t result;  /* out: the kernel's, -errno on failure */
};

#define TRACEE_SCRATCH_SIZE 65536

struct tracee *tracee_create(pid_t pid);
void tracee_destroy(struct tracee *tracee);

/* Seizes and stops every thread, new ones too. On failure nothing stays attached; the sentence explains permission failures
 * (not yours, kernel thread, already traced and by whom, yama, missing capability). */
bool tracee_attach(struct tracee *tracee, struct failure *why);
/* Puts everything back and lets all threads go on as if nothing had been. Safe to call twice. */
void tracee_detach(struct tracee *tracee);
/* Instead of detach: SIGKILL the whole process while still stopped, and wait until it is gone (freeze --exit). */
bool tracee_kill(struct tracee *tracee, struct failure *why);

size_t tracee_thread_count(const struct tracee *tracee);
pid_t tracee_tid(const struct tracee *tracee, size_t thread); /* thread 0 is the leader */
/* True where the leader has exited but other threads live (a zombie leader): then thread 0 has no registers, mask or lists, and makes no calls. */
bool tracee_leader_has_exited(const struct tracee *tracee);

/* State of a stopped thread, from outside. */
bool tracee_registers(const struct tracee *tracee, size_t thread, struct user_regs_struct *registers, struct failure *why);
/* The whole XSAVE area (PTRACE_GETREGSET NT_X86_XSTATE), malloc()ed: the caller frees. */
bool tracee_xsave(const struct tracee *tracee, size_t thread, void **area, size_t *size, struct failure *why);
bool tracee_signal_mask(const struct tracee *tracee, size_t thread, uint64_t *mask, struct failure *why);
/* Pending signals as 128-byte siginfo; malloc()ed array, the caller frees. shared: the process's queue, else the thread's. */
bool tracee_pending_signals(const struct tracee *tracee, size_t thread, bool shared, void **siginfo, size_t *count, struct failure *why);
bool tracee_robust_list(const struct tracee *tracee, size_t thread, uint64_t *head, uint64_t *length, struct failure *why);
struct tracee_rseq { uint64_t address; uint32_t size, signature, flags; };
bool tracee_rseq(const struct tracee *tracee, size_t thread, struct tracee_rseq *rseq, struct failure *why); /* size 0: none registered */

/* The index-th filter of system calls (seccomp) of a thread, in the order in which they were installed: struct sock_filter[], malloc()ed, the caller frees.
 * NULL: there is none any more. Takes CAP_SYS_ADMIN, and no filters of the caller's own. */
struct tracee_filter { void *code; size_t size; bool log; };
bool tracee_filter(const struct tracee *tracee, size_t thread, size_t index, struct tracee_filter *filter, struct failure *why);

/* Memory. read: process_vm_readv, falling back on /proc/PID/mem (which sees through PROT_NONE). Exact length or failure. */
bool tracee_read(const struct tracee *tracee, uint64_t address, void *buffer, size_t length, struct failure *why);
bool tracee_write(struct tracee *tracee, uint64_t address, const void *data, size_t length, struct failure *why);

/* Takes out of a text that was read what a killed tracer left at its end. */
void tracee_clean_text(void *text, size_t length);

/* Calls inside. begin maps the scratch area in the program; `data` of it is for arguments and results, at
 * tracee_scratch(), TRACEE_SCRATCH_SIZE bytes, read and written with tracee_read/tracee_write. */
bool tracee_calls_begin(struct tracee *tracee, struct failure *why);
uint64_t tracee_scratch(const struct tracee *tracee);
/* Runs many calls in one thread in one stop. Individual failures are in result. False where the machinery failed. */
bool tracee_calls(struct tracee *tracee, size_t thread, struct tracee_call *calls, size_t count, struct failure *why);
bool tracee_calls_end(struct tracee *tracee, struct failure *why);

/* fork: a child of the program's child, which has ended, so that the program has no part in it. It never runs a single instruction of the program: it is stopped
 * by us, and exits by itself should we die. Its memory is a copy-on-write snapshot. Refuses programs that adopt orphans. */
bool tracee_fork(struct tracee *tracee, pid_t *child, struct failure *why);
/* Lets it begin to end, without waiting for that; tracee_reap() is still needed. */
void tracee_dismiss(pid_t child);
/* Kills the child; works before and after tracee_detach. */
bool tracee_reap(struct tracee *tracee, pid_t child, struct failure *why);

#endif

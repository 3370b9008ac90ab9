/* The plan of a thaw: system calls as data. Resources append calls; the whole list is computed, checked and printable before
 * anything is touched; then the interpreter runs it, alone in its own mapping.
 *
 * There is one list per thread. Thread 0 is the leader: its list builds the whole process (it begins with the old world taken down), then
 * starts the others. plan_thread() says which list the next calls go to. Every thread's list ends at a barrier and leaves through its signal frame. */
#ifndef CHECKPT_PLAN_H
#define CHECKPT_PLAN_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>
#include <stdio.h>

#include "checkpt/failure.h"

struct plan;

/* An argument: a number, the address of data kept beside the plan, or an earlier call's result. */
struct plan_arg {
    enum { PLAN_ARG_NUMBER, PLAN_ARG_DATA, PLAN_ARG_RESULT, PLAN_ARG_THREAD, PLAN_ARG_REGISTER /* these are the plan's own */ } kind;
    uint64_t value; /* number; handle of plan_data(); slot of plan_call() */
};
#define PLAN_NUMBER(x) ((struct plan_arg){PLAN_ARG_NUMBER, (uint64_t)(x)})
#define PLAN_DATA(handle) ((struct plan_arg){PLAN_ARG_DATA, (uint64_t)(handle)})
#define PLAN_RESULT(slot) ((struct plan_arg){PLAN_ARG_RESULT, (uint64_t)(slot)})

enum {
    PLAN_MAY_FAIL = 1,     /* failure is ignored */
    PLAN_EXACT = 2,        /* the result must equal `expected` (mmap addresses, read counts, timer ids) */
};

struct plan *plan_create(void);
void plan_destroy(struct plan *plan);

/* Keeps a copy of `length` bytes (NULL: zeros, e.g. for results) at `alignment`; returns its handle. */
uint32_t plan_data(struct plan *plan, const void *bytes, size_t length, size_t alignment);
/* Puts the absolute address of data `target` (plus offset) into 8 bytes of data `handle` at `offset` once addresses are known. */
void plan_pointer(struct plan *plan, uint32_t handle, size_t offset, uint32_t target, size_t target_offset);

/* A handle for part of the data that `handle` names. */
uint32_t plan_data_part(struct plan *plan, uint32_t handle, size_t offset, size_t length);

void plan_thread(struct plan *plan, size_t thread);
/* Appends a call to the current list and returns the slot of its result. `what` is the sentence's beginning should it fail:
 * "file /var/x: opening" (copied). Up to 6 arguments in `arguments`. */
uint32_t plan_call(struct plan *plan, unsigned flags, int64_t expected, const char *what, long number, const struct plan_arg *arguments, size_t count);
#define PLAN_CALL(plan, what, number, ...) \
    plan_call(plan, 0, 0, what, number, (const struct plan_arg[]){__VA_ARGS__}, sizeof((const struct plan_arg[]){__VA_ARGS__}) / sizeof(struct plan_arg))
#define PLAN_TRY(plan, what, number, ...) \
    plan_call(plan, PLAN_MAY_FAIL, 0, what, number, (const struct plan_arg[]){__VA_ARGS__}, sizeof((const struct plan_arg[]){__VA_ARGS__}) / sizeof(struct plan_arg))
#define PLAN_EXPECT(plan, expected, what, number, ...) \
    plan_call(plan, PLAN_EXACT, (int64_t)(expected), what, number, (const struct plan_arg[]){__VA_ARGS__}, sizeof((const struct plan_arg[]){__VA_ARGS__}) / sizeof(struct plan_arg))

/* *(u32 *)address = (*(u32 *)address & keep) | (value & ~keep): brings a thread id that the program keeps up to date. */
void plan_store(struct plan *plan, uint64_t address, struct plan_arg value, uint32_t keep);

/* The same into data kept beside the plan, for a later call's argument to point to. */
void plan_store_data(struct plan *plan, uint32_t handle, struct plan_arg value, uint32_t keep);

/* The same into a register that a thread will continue with, named by its offset in struct user_regs_struct; one of the general ones. */
void plan_store_register(struct plan *plan, size_t thread, size_t offset, struct plan_arg value, uint32_t keep);

/* Starts thread `thread` (its list runs in it from here on); returns the slot of its tid. set_tid 0: any. Leader's list only. */
uint32_t plan_start_thread(struct plan *plan, size_t thread, int32_t set_tid, const char *what);

struct plan_filter {
    const void *code;       /* struct sock_filter[] */
    size_t size;            /* bytes */
    uint32_t flags;         /* SECCOMP_FILTER_FLAG_LOG */
};

/* What the threads continue with: registers already adjusted for interrupted calls, signal mask, XSAVE area. */
struct plan_context {
    const void *registers;  /* struct user_regs_struct */
    const void *xsave;
    size_t xsave_size;
    uint64_t signal_mask;
    uint64_t stack_address; /* the alternate signal stack, as sigaltstack(2) tells it: leaving a signal frame sets it again. The resource's own */
    uint64_t stack_size;    /* sigaltstack() call is needed too: a thread that is on its alternate stack keeps what that call set. */
    uint32_t stack_flags;   /* SS_*; SS_DISABLE where there was none */
    /* Filters of system calls, the leader's to install in all threads once these have nothing else to do. See plan_filters_forbid(). */
    const struct plan_filter *filters;
    size_t filter_count;
};
/* Ends a thread's list: waits at the barrier until every list has come this far, then continues the program. */
void plan_leave(struct plan *plan, size_t thread, const struct plan_context *context);

/* NULL, or the name of the first call that filters do not allow and the way out of a thaw needs. */
const char *plan_filters_forbid(const struct plan_filter *filters, size_t count, size_t threads);

/* Address ranges of the new world: the interpreter keeps out of them, and everything else of the old world goes. */
void plan_reserve(struct plan *plan, uint64_t start, uint64_t end);
/* Where the program's special mappings [vvar]…[vdso] were (one contiguous range), and its vdso's bytes of then (copied; they end at `end`
 * or before). Not called, or size 0: it had none, and gets none. The range is reserved. Where the bytes are this kernel's, this kernel's
 * special mappings move there; else the old text is kept at its place and its functions lead to this kernel's. */
void plan_vdso(struct plan *plan, uint64_t start, uint64_t end, uint64_t vdso_start, const void *bytes, size_t size);

/* Private anonymous memory of the program that is filled before the plan runs, instead of by it. */
struct plan_held {
    uint64_t start, end;   /* in the program */
    uint32_t flags;        /* MAP_NORESERVE or 0 */
    uint64_t at;           /* out: where it lies until then; `start` wherever that is free in checkpt too, else as far from a multiple of 2 MiB (of 1 GiB where it
                            * is as large), so that mremap(2) moves whole page tables and huge pages */
};
/* Makes it, readable and writable, without a page in it: everything else that checkpt has is unmapped around it. What does not lie at its place already the caller
 * moves there, by plan_move(). Ascending; after every plan_reserve(), and once. plan_destroy() unmaps it. */
bool plan_hold(struct plan *plan, struct plan_held *list, size_t count, struct failure *why);
/* Appends the call that moves memory, replacing what is mapped there. */
void plan_move(struct plan *plan, uint64_t from, uint64_t size, uint64_t to, const char *what);
/* A line that plan_print() shows before the next call of the current list: what was done beforehand. It is no call. */
void plan_note(struct plan *plan, const char *format, ...) __attribute__((format(printf, 2, 3)));

/* What a thaw leaves behind in the program: one small mapping of a memfd of this name ("/memfd:checkpt-thaw (deleted)" in maps), r-xs. The
 * next freeze leaves it out. While it is writable, or a thread's instruction pointer lies in it, the thaw is not over yet. */
#define PLAN_REMAINS "checkpt-thaw"

/* Places the interpreter and resolves every address. After it the plan is final. */
bool plan_seal(struct plan *plan, struct failure *why);
/* Prints the calls as strace would, a line each. After plan_seal(). */
void plan_print(const struct plan *plan, FILE *out);
/* Runs it. Returns only on failure before the point of no return. After it a failing call prints
 * "checkpt: PATH: WHAT: why" on descriptor 2 and the process exits with 1. */
bool plan_run(struct plan *plan, const char *path, struct failure *why);

#endif

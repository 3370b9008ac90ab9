/* The process itself: who it is, where it stands, and attributes that are no other resource's. What the files of this resource share. */
#ifndef CHECKPT_RESOURCE_PROCESS_H
#define CHECKPT_RESOURCE_PROCESS_H

#include "checkpt/resource/resource.h"

extern const struct resource_ops process_resource;

/* process_explain.c */
void process_explain(struct freeze *freeze, struct findings *findings);

/* process_collect.c. What may have come about since it was explained is looked at again: children. */
bool process_collect(struct freeze *freeze, struct failure *why);

/* process_plan.c: behind everything that opens a file by its path, for it may change the root. */
void process_check(struct thaw *thaw, struct findings *findings);
bool process_plan(struct thaw *thaw, struct failure *why);

/* process_memory.c: attributes of the address space as a whole. PROCESS_MEMORY calls inside, with process_collect()'s; planned when all of memory is back. */
enum { PROCESS_MEMORY = 7 };
struct tracee_call;
void process_ask_memory(uint64_t room, struct tracee_call *calls);
bool process_fill_memory(struct freeze *freeze, const struct tracee_call *calls, struct failure *why);
void process_plan_memory(struct thaw *thaw);

/* process_filters.c: filters of its system calls (seccomp), the same in all threads. */
void process_explain_filters(struct freeze *freeze, struct findings *findings);
bool process_collect_filters(struct freeze *freeze, struct failure *why);
void process_check_filters(struct thaw *thaw, struct findings *findings);

/* process_relatives.c: the children that a freeze has to do with: all but this process, which the program may
 * have started to freeze it, and libcheckpt's, which waits for this one. */
bool process_children(const struct freeze *freeze, struct arena *arena, pid_t **pids, size_t *count, struct failure *why);
/* Whether a process is this one, or is there only for the time of the call that asked for the freeze. */
bool process_is_askers(const struct freeze *freeze, pid_t pid);
/* What a checkpt that was killed left behind ends by itself, as soon as it gets a processor: it is waited for, for a second. Before the stop. */
void process_wait_for_leftovers(const struct freeze *freeze);
/* Whether the only filter of its system calls is the one by which `checkpt run` listens: it restricts nothing, and is not the program's to keep. */
bool process_is_listened_to(const struct freeze *freeze);

/* "sleep", or "?" where it is gone; has_exited may be NULL. */
const char *process_name(int directory, pid_t pid, char name[64], bool *has_exited);

#endif

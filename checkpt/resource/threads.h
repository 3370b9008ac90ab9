/* Threads: registers, and all that a thread has beside them. What the files of this resource share. */
#ifndef CHECKPT_RESOURCE_THREADS_H
#define CHECKPT_RESOURCE_THREADS_H

#include "checkpt/resource/resource.h"

extern const struct resource_ops threads_resource;

/* struct sched_attr of linux/sched/types.h, first version: 48 bytes since Linux 3.14. Neither it nor the constant of ioprio_set(2) is in a header of every C library. */
struct scheduling_attributes {
    uint32_t size, policy;
    uint64_t flags;
    int32_t nice;
    uint32_t priority;
    uint64_t runtime, deadline, period;
};
enum { THREADS_IOPRIO_WHO_PROCESS = 1, THREADS_NAME_SIZE = 16 };

/* threads_collect.c */
bool threads_collect(struct freeze *freeze, struct failure *why);
/* threads_switches.c: what a thread may have switched on or off for itself. Asked beside everything else, answered into THREADS_SWITCHES_ROOM bytes at `room`. */
enum { THREADS_SWITCHES = 5, THREADS_SWITCHES_ROOM = 144 };
struct tracee_call;
struct plan;
void threads_ask_switches(uint64_t room, struct tracee_call *calls);
void threads_fill_switches(struct arena *arena, Ckpt__Thread *record, const struct tracee_call *calls, const void *room);
void threads_plan_switches(struct plan *plan, const Ckpt__Thread *record);

/* threads_plan.c: starts the threads, gives them their attributes, and brings ids in memory up to date. */
bool threads_plan(struct thaw *thaw, struct failure *why);
/* threads_ids.c: brings the ids that the program keeps up to date. */
void threads_plan_ids(struct thaw *thaw);
/* Whether a word there can be written to when the program's memory is back. */
bool threads_is_writable(const struct model *model, uint64_t address);
/* The very last calls of every thread: whatever other resources have each thread do is in its list already. */
bool threads_leave(struct thaw *thaw, struct failure *why);

#endif

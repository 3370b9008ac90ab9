/* A thread of the program that waits for its call to be made. */
#ifndef CHECKPT_LISTEN_CALLER_H
#define CHECKPT_LISTEN_CALLER_H

#include <linux/seccomp.h>
#include <stdbool.h>

#include "checkpt/sysent/thread.h"

struct caller {
    struct thread thread;      /* what the implementation sees; td_operations lead back here */
    int listener;
    const struct run_voice *voice; /* of the listener's options */
    uint64_t *held;            /* signals that the first program held back until it has begun */
    uint64_t id;               /* of the notification that came first */
    struct seccomp_data call;
    size_t argument_count;     /* of call.args; what is behind them is chance */
    struct caller *next;
    uint64_t answer_to;        /* of the latest notification: the kernel makes an interrupted call again */
};

void caller_init(struct caller *caller, int listener, const struct seccomp_notif *request);
/* Whether the notification that came first still stands: its process is alive, and in this call. */
bool caller_waits(const struct caller *caller);
/* Its directory in /proc, whatever thread of its process it is; -1 with errno. */
int caller_directory(pid_t tid);
/* Its memory, open for reading and writing through all protections, while it is sure to be the caller's; -1 with errno. `directory` is its
 * caller_directory(). */
int caller_memory(const struct caller *caller, int directory);
/* The caller that an implementation is called for. */
struct caller *caller_of(struct thread *td);

#endif

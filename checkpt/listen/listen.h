/* The registered system calls, live: a seccomp filter hands the numbers of the table, and no others, to a listener; the kernel's own calls
 * go their way at once.
 *
 * In the program's process, before execve(2): listen_enter(). In the process that serves it: listen_create(), listen_take(), and from then
 * on threads of the listener's own make the calls. All descendants of the program share the filter, and so the table. */
#ifndef CHECKPT_LISTEN_H
#define CHECKPT_LISTEN_H

#include <signal.h>
#include <stdbool.h>

#include "checkpt/failure.h"
#include "checkpt/sysent/table.h"

/* `signals` is the mask that the program is to begin with: SIGCKPT and SIGCKPTEXIT are added, and let in once it has its handlers. Installs
 * the filter in this process and sends the listener over `channel`, a socket. Without CAP_SYS_ADMIN this sets no_new_privs, and set-user-ID
 * programs do not get their rights. A process that has a listener already (a `checkpt run` inside another) keeps that one, and sends
 * nothing. */
bool listen_enter(int channel, sigset_t *signals, struct failure *why);

struct run_voice;

struct listen_options {
    struct sysent_table *table;
    const struct run_voice *voice; /* says what was written for a signal; NULL: nothing is said */
    bool capability_mode;   /* only calls with SYF_CAPENABLED; others are EPERM. The kernel's own calls are not judged */
};

/* Registers the project's own calls in the table of this process: sys_checkpoint. They stay. 0 or an error number. */
int listen_register_own(void);

struct listener;

/* NULL: out of memory. */
struct listener *listen_create(const struct listen_options *options);
/* Receives what listen_enter() sent and begins to serve. Returns a descriptor that is at its end (POLLHUP) once nobody is left who could
 * call; -1: nothing was sent, or with `why` what failed. The listener is for as long as the process. */
int listen_take(struct listener *listener, int channel, struct failure *why);

#endif

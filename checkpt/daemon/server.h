/* The server: takes connections, has each served by a process of its own, and ends those that take too long or whose asker has gone. */
#ifndef CHECKPT_DAEMON_SERVER_H
#define CHECKPT_DAEMON_SERVER_H

#include "checkpt/failure.h"

struct server_options {
    unsigned timeout_s;   /* for a request */
    unsigned idle_s;      /* with nothing to do for so long it returns; 0: never */
};

/* The socket that whoever started this process has handed down (sd_listen_fds(3)), or -1 with the reason. */
int server_inherited(struct failure *why);
/* A socket at `path`, in place of what is there; -1 with the reason. */
int server_listen(const char *path, struct failure *why);
/* Until SIGTERM or SIGINT. */
bool server_run(int listener, const struct server_options *options, struct failure *why);

#endif

/* One request, in a process of its own. */
#ifndef CHECKPT_DAEMON_SERVE_H
#define CHECKPT_DAEMON_SERVE_H

#include <stddef.h>
#include <stdint.h>

#include "checkpt/failure.h"

enum { SERVE_PATIENCE_S = 30 }; /* for each message that the other end owes us */

/* Tells the reason as the last message; does not wait for somebody who reads nothing. */
void serve_refusal(int connection, const struct failure *why);
/* Reads the request, does it, answers. Leaves this process with the asker's rights. Returns an exit status. */
int serve_connection(int connection);

#endif

/* Having checkptd freeze a program that the kernel does not let this process trace, though it is its own. */
#ifndef CHECKPT_DAEMON_ASK_H
#define CHECKPT_DAEMON_ASK_H

#include "checkpt/freeze/freeze.h"

/* As freeze_program(), which is tried first. Where it is the kernel's rules that forbid it, and checkptd is there, checkptd does it instead: with the same outcome, messages and exit
 * statuses. It is given descriptors only; files are made and renamed here. CHECKPTD_SOCKET in the environment is the way to it, instead of MESSAGE_SOCKET. */
bool ask_freeze(const struct freeze_request *request, char *written, struct failure *why);

#endif

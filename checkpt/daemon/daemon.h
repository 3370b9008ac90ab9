/* checkptd(8): checkpt under its other name. */
#ifndef CHECKPT_DAEMON_DAEMON_H
#define CHECKPT_DAEMON_DAEMON_H

#include <stdbool.h>

/* Whether a program that was started as `name` is the server. */
bool daemon_is_name(const char *name);
/* Returns the exit status. */
int daemon_main(int argc, char **argv);

#endif

/* A process that holds the listener too. When the one that serves has been killed it lets every call that is reported be made by the kernel:
 * for a program's own calls that is what they are for, and registered numbers are ENOSYS. It ends with the last caller. */
#ifndef CHECKPT_LISTEN_STANDBY_H
#define CHECKPT_LISTEN_STANDBY_H

#include <stdint.h>

/* In the process that is to serve, while it has one thread. Returns where to keep the id of the latest notification, in memory that both
 * have; NULL: there is none, and a program that begins after this process has ended may fail to. */
uint64_t *standby_start(int listener);

#endif

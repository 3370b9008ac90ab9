/* A descriptor over a socket, SCM_RIGHTS, with a word beside it. */
#ifndef CHECKPT_LISTEN_HANDOVER_H
#define CHECKPT_LISTEN_HANDOVER_H

#include <stdbool.h>
#include <stdint.h>

/* False with errno set. */
bool handover_send(int socket, int fd, uint64_t word);
/* Close-on-exec; waits for it. -1 with errno 0: the other end has closed without sending one. */
int handover_receive(int socket, uint64_t *word);

#endif

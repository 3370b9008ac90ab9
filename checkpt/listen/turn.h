/* A process has one tracer at a time: whoever of this process's threads is to have another trace it takes the process's turn. */
#ifndef CHECKPT_LISTEN_TURN_H
#define CHECKPT_LISTEN_TURN_H

#include <sys/types.h>

/* On the caller's stack until turn_give(). */
struct turn {
    pid_t process;
    struct turn *next;
};

/* Waits until nobody else has the turn of this process. */
void turn_take(struct turn *turn, pid_t process);
void turn_give(struct turn *turn);

#endif

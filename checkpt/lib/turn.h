/* One helper at a time: a process has one tracer. While it is a thread's turn all its signals are blocked. */
#ifndef CHECKPT_LIB_TURN_H
#define CHECKPT_LIB_TURN_H

#include <stdint.h>

/* *mask receives the thread's signal mask of before. */
void turn_take(uint64_t *mask);
void turn_give(const uint64_t *mask);

#endif

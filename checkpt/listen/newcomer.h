/* A program that has just begun, and is to have handlers for SIGCKPT and SIGCKPTEXIT: see default_action.h. No tracer is needed, so that it
 * may have one. */
#ifndef CHECKPT_LISTEN_NEWCOMER_H
#define CHECKPT_LISTEN_NEWCOMER_H

#include "checkpt/listen/caller.h"

/* While it waits in the first call of its C library: leads it round by arch/newcomer.h. Does nothing where there is nothing to do; what
 * fails leaves the program as it was. */
void newcomer_meet(const struct caller *caller);

/* SYS_newcomer, from the detour: puts back the bytes that led there, and fills `page`. 1: there is no page. With `page` 0, from the page:
 * wipes the detour, whose struct is at `detour`. */
int newcomer_settle(struct thread *td, uint64_t page, uint64_t detour);

#endif

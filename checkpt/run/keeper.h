/* The keeper: parent of the program. */
#ifndef CHECKPT_RUN_KEEPER_H
#define CHECKPT_RUN_KEEPER_H

#include <signal.h>

#include "checkpt/run/run.h"
#include "checkpt/run/terminal.h"

struct keeper_start {
    const struct run_request *request;
    struct terminal *terminal;    /* NULL: the program gets the caller's descriptors as they are */
    int control;                  /* to the front */
    const sigset_t *signals;      /* the mask that the program is to have */
};

/* In a new process, with every signal blocked: starts the program and stays until it has ended and nobody needs the keeper any more. */
_Noreturn void keeper_run(const struct keeper_start *start);

#endif

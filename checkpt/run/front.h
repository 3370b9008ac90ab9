/* The front: the process that the shell started, and stops, continues and waits for. */
#ifndef CHECKPT_RUN_FRONT_H
#define CHECKPT_RUN_FRONT_H

#include <signal.h>
#include <sys/types.h>

#include "checkpt/run/terminal.h"

struct front_start {
    struct terminal *terminal;    /* NULL: none; slave is closed */
    int character;                /* as run_request has it */
    int control;                  /* to the keeper */
    pid_t keeper;
};

/* With every signal blocked. Ends as the program ends. */
_Noreturn void front_run(const struct front_start *start);

#endif

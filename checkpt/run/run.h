/* Running a program under checkpoint control.
 *
 * Two processes of ours stand around the program. The front is the one that the shell started: it carries the terminal's bytes, looks out
 * for the checkpoint character, and stops and ends as the program does. The keeper is the program's parent: it has the pseudo-terminal and
 * the listener, and makes the checkpoints. The front may die: the program and its keeper go on. */
#ifndef CHECKPT_RUN_H
#define CHECKPT_RUN_H

#include <signal.h>
#include <stdbool.h>
#include <sys/types.h>

#include "checkpt/failure.h"

/* Lines for the user: they come on the terminal between the program's output, or on the caller's standard error, and are lost where the
 * front is gone. Valid in the keeper and its children. */
struct run_voice {
    int socket;
};
void run_say(const struct run_voice *voice, const char *format, ...) __attribute__((format(printf, 2, 3)));

/* What the keeper does beside keeping: given by the caller, so that this folder knows of jobs and terminals only. */
struct run_service {
    void *context;
    /* In the program's process, right before execve(2). `channel` leads to take(), `signals` is the mask that the program is to begin with,
     * and may be changed. False: the program is not started. NULL: nothing to do. */
    bool (*enter)(void *context, int channel, sigset_t *signals, struct failure *why);
    /* In the keeper: receives over `channel` what enter() sent. Returns a descriptor to watch, -1: none. */
    int (*take)(void *context, int channel, const struct run_voice *voice);
    /* In the keeper: the descriptor is readable. */
    void (*ready)(void *context);
    /* In the keeper: the checkpoint character was typed; `group` is the terminal's foreground process group. */
    void (*typed)(void *context, pid_t group);
};

struct run_request {
    char *const *command;         /* argv of the program, NULL-terminated */
    int character;                /* of the terminal, for checkpoints: 0–255; -1: none. Only where standard input is a terminal */
    const struct run_service *service;
};

/* Ends this process as the program ends; returns only where it could not be started, with the sentence. */
bool run_program(const struct run_request *request, struct failure *why);

#endif

/* What the front (the process that the shell sees) and the keeper (the one that looks after the program) tell each other. */
#ifndef CHECKPT_RUN_CONTROL_H
#define CHECKPT_RUN_CONTROL_H

#include <stdbool.h>

enum control_kind {
    /* front to keeper */
    CONTROL_CHECKPOINT = 1, /* the terminal's checkpoint character was typed */
    CONTROL_CONTINUE,       /* the job goes on, in the foreground or the background */
    CONTROL_SIGNAL,         /* `value`: a signal that somebody sent to the front */
    /* keeper to front */
    CONTROL_STOPPED,        /* `value`: the signal that stopped the program */
    CONTROL_ENDED,          /* `value`: its status, as waitpid(2) tells it */
    CONTROL_SAY,            /* `text`: a line for the user */
};

struct control {
    int kind, value;
    char text[512];
};

/* A pair of connected sockets, close-on-exec. False with errno set. */
bool control_pair(int *front, int *keeper);
/* Never blocks and never signals: a message to somebody who is gone is lost. */
void control_send(int socket, enum control_kind kind, int value, const char *text);
/* 1: a message; 0: none now; -1: the other one is gone. */
int control_receive(int socket, struct control *message);

#endif

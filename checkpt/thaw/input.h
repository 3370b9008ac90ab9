/* An image on standard input. */
#ifndef CHECKPT_THAW_INPUT_H
#define CHECKPT_THAW_INPUT_H

#include "checkpt/failure.h"

struct input {
    int fd;         /* a regular file, above the standard descriptors; -1: not open */
    bool is_stream; /* it is a copy, without a name, of what came through a pipe or socket */
};

/* Reads standard input to its end: there the program that is resumed finds its descriptor 0. Refuses a terminal. */
bool input_open(struct input *input, struct failure *why);
void input_close(struct input *input);

#endif

/* The user's terminal, and the pseudo-terminal that stands in for it: the program's line discipline, window size and job control are the
 * second one's; the first one only carries bytes while the job is in the foreground. */
#ifndef CHECKPT_RUN_TERMINAL_H
#define CHECKPT_RUN_TERMINAL_H

#include <stdbool.h>
#include <stddef.h>
#include <termios.h>

#include "checkpt/failure.h"

struct terminal {
    int user;            /* the user's terminal, open for reading and writing */
    int master, slave;   /* the program's; slave is -1 where it has been handed over */
    bool raw;            /* the user's terminal carries bytes for us now */
};

/* `user` is a terminal. The program's begins with its modes and its size. */
bool terminal_open(struct terminal *terminal, int user, struct failure *why);
void terminal_close(struct terminal *terminal);

/* Takes the user's terminal, where this job is in its foreground; false where it is not. */
bool terminal_take(struct terminal *terminal);
/* Gives it back, with the modes that the program has set on its own. */
void terminal_give_back(struct terminal *terminal);
void terminal_copy_size(const struct terminal *terminal);

/* Where `character` would be a signal if it were typed now: the program has not turned signals off (ISIG), and the character before it was
 * not the one that takes the next literally. */
struct terminal_quote {
    bool quoted;
};
/* The number of leading bytes of `typed` that are ordinary input; the byte behind them, if any, is the character. */
size_t terminal_find(const struct terminal *terminal, struct terminal_quote *quote, int character, const unsigned char *typed, size_t count);

#endif

/* The parts of the victim `threads`. */
#ifndef TESTS_VICTIMS_THREADS_H
#define TESTS_VICTIMS_THREADS_H

struct world;

/* One round of the thread `name`: values in all vector registers, in the x87 stack and in the control words survive a spin. */
void threads_vectors(struct world *world, const char *name);

/* Blocks every signal: before threads are made, so that only the first one handles any. */
void threads_signals_block(void);

/* Arms timers of all kinds with handlers on an alternate stack, and leaves blocked signals pending, with values. */
void threads_signals_begin(void);

/* Every timer fired since the last time, each pending signal is still pending, actions and masks are as they were. */
void threads_signals_check(void);

/* Takes the pending signals: each once, with its value, in order. */
void threads_signals_end(void);

#endif

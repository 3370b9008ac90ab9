/* SIGCKPT and SIGCKPTEXIT in programs that neither handle nor ignore them. The kernel would end them; so each program that begins under the
 * listener is given handlers that ask for a checkpoint by number. They are handlers like any other: what the program sets in their place
 * holds. */
#ifndef CHECKPT_LISTEN_DEFAULT_ACTION_H
#define CHECKPT_LISTEN_DEFAULT_ACTION_H

#define DEFAULT_ACTION_CALL 0x2008 /* SYS_default_action: the handlers' own call, with the signal as its argument */
#define DEFAULT_ACTION_SIGNAL 54 /* SIGCKPT */
#define DEFAULT_ACTION_EXIT_SIGNAL 55 /* SIGCKPTEXIT */

#ifndef __ASSEMBLER__
#include <sys/types.h>

struct run_voice;

/* From outside, for the terminal's checkpoint character: every process of the group does what SIGCKPT does there. */
void default_action_typed(pid_t group, const struct run_voice *voice);
#endif

#endif

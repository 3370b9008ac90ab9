/* Being asked to stop: the signals stay blocked and are looked for between steps, so that everything is put back by the one who took it. */
#ifndef CHECKPT_FREEZE_INTERRUPT_H
#define CHECKPT_FREEZE_INTERRUPT_H

#include <signal.h>

#include "checkpt/failure.h"

/* Blocks SIGINT, SIGTERM and SIGHUP; `old` receives the mask for interrupt_end(). */
void interrupt_begin(sigset_t *old);
/* Takes back the mask and forgets those that were pending: they have been heeded. */
void interrupt_end(const sigset_t *old);
/* False, with the sentence, where one of them is pending. */
bool interrupt_none(struct failure *why);

#endif

/* Eventfds, timerfds, signalfds, epolls and inotifies for people: what is worth saying beside their names. */
#ifndef CKPTDUMP_EVENTS_H
#define CKPTDUMP_EVENTS_H

#include "ckptdump/image.h"
#include "cli/text.h"

/* Adds " (count 5, semaphore)" and the like; nothing for other files. Not escaped. */
void add_event_state(struct cli_text *text, struct image *image, const Ckpt__File *file);

#endif

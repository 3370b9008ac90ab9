/* What the files of this resource share. */
#ifndef CHECKPT_RESOURCE_INOTIFY_H
#define CHECKPT_RESOURCE_INOTIFY_H

#include "checkpt/resource/events.h"
#include "checkpt/resource/watched.h"
#include "schemas/inotify.pb-c.h"

enum { INOTIFY_SKIPPED_MOST = 16384 /* watch descriptors of one instance that a thaw goes past */ };

/* inotify_plan.c */
void inotify_check(struct thaw *thaw, struct findings *findings);
bool inotify_plan(struct thaw *thaw, struct failure *why);

#endif

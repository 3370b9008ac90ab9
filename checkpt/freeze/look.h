/* What /proc tells of the program: before the stop at leisure, and again while it is stopped. */
#ifndef CHECKPT_FREEZE_LOOK_H
#define CHECKPT_FREEZE_LOOK_H

#include "checkpt/resource/resource.h"

/* Waits for a program that is just being resumed, as long as nothing asks us to stop. Fills directory (the caller closes it), stat, status, maps with flags, descriptors and survey. */
bool look_before(struct freeze *freeze, struct failure *why);
/* Reads maps, descriptors, stat and status again. Flags of mappings that are as they were stay; else they are read again. *changed: there are other
 * descriptors or mappings than before. */
bool look_again(struct freeze *freeze, bool *changed, struct failure *why);
/* False while the program is still being thawed: checkpt's own code is in it, or it stands in what a thaw leaves behind, or that is still being written to. */
bool look_is_thawed(const struct freeze *freeze);

#endif

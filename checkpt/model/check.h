/* What a thaw takes for granted of a loaded model. */
#ifndef CHECKPT_MODEL_CHECK_H
#define CHECKPT_MODEL_CHECK_H

#include "checkpt/model/model.h"

/* Every reference resolves, mappings ascend inside user space, numbers that index kernel tables are in range, paths are paths. */
bool model_check(const struct model *model, struct failure *why);

#endif

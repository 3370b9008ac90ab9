/* The order in which resources turn their records into calls. */
#ifndef CHECKPT_THAW_ORDER_H
#define CHECKPT_THAW_ORDER_H

#include "checkpt/resource/resource.h"

/* Plans the whole thaw: thaw->plan is complete but for plan_seal(). */
bool order_plan(struct thaw *thaw, struct failure *why);

#endif

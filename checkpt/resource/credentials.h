/* Users, groups and capabilities. What the files of this resource share. */
#ifndef CHECKPT_RESOURCE_CREDENTIALS_H
#define CHECKPT_RESOURCE_CREDENTIALS_H

#include "checkpt/resource/all.h"

/* credentials_plan.c: whether the caller's groups and capabilities are those of the image; what is in its bounding set only, too. */
bool credentials_are_own(const Ckpt__Credentials *c);
/* credentials_plan.c: those of the image, in every thread, where thaw_options say so. */
void credentials_check_image(struct thaw *thaw, struct findings *findings);
bool credentials_plan(struct thaw *thaw, struct failure *why);

#endif

/* What the files of this resource share. */
#ifndef CHECKPT_RESOURCE_EPOLL_H
#define CHECKPT_RESOURCE_EPOLL_H

#include "checkpt/resource/events.h"
#include "schemas/epoll.pb-c.h"

/* epoll_targets.c: what an epoll watches, in ascending order of numbers. */
struct epoll_targets {
    const struct proc_registration *registrations;
    size_t *targets;       /* of each the index in freeze->fds of a descriptor of what is watched, as far as the program stands still */
    size_t count;
};
/* False with the sentence where what is watched cannot be told, or could not be registered so again. */
bool epoll_targets(const struct freeze *freeze, uint32_t number, struct arena *arena, struct epoll_targets *found, struct failure *why);

/* epoll_nesting.c: whether epolls watch each other in a loop, or more of them in a row than the kernel allows. */
bool epoll_is_nested_too_deep(const struct model *model);

/* epoll_plan.c */
void epoll_check(struct thaw *thaw, struct findings *findings);
bool epoll_plan(struct thaw *thaw, struct failure *why);

#endif

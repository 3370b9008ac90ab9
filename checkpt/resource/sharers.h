/* Who else has a pipe or socket open that the program has: found by looking at the descriptors of all processes that we may look at. Ancestors are among them; checkpt, and whoever asked for the
 * freeze, are not. */
#ifndef CHECKPT_RESOURCE_SHARERS_H
#define CHECKPT_RESOURCE_SHARERS_H

#include "checkpt/resource/resource.h"

struct sharer {
    pid_t pid;
    const char *name;  /* "cat" */
    const char *label; /* of what it shares: "pipe:[4711]", or a path */
};

struct sharers *sharers_create(struct arena *arena);
/* The first process that has what a descriptor of the program leads to; NULL: nobody. All are looked through when one is first asked about, which is before the stop; and once more
 * for what the program did not have then. */
const struct sharer *sharers_find(const struct freeze *freeze, const struct proc_fd *fd);

#endif

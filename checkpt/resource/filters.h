/* The recorded filters of system calls, as a plan takes them. */
#ifndef CHECKPT_RESOURCE_FILTERS_H
#define CHECKPT_RESOURCE_FILTERS_H

#include "checkpt/resource/resource.h"
#include "checkpt/thaw/plan.h"

/* process->n_seccomp_filters of them, which point into the record; malloc()ed, the caller frees. */
struct plan_filter *filters_of(const Ckpt__Process *process);

#endif

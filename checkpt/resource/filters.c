#include "checkpt/resource/filters.h"

#include <linux/seccomp.h>
#include <stdio.h>
#include <stdlib.h>

struct plan_filter *filters_of(const Ckpt__Process *process)
{
    struct plan_filter *filters = calloc(process->n_seccomp_filters + 1, sizeof(*filters));
    if (filters == NULL) {
        fputs("checkpt: out of memory\n", stderr);
        exit(1);
    }
    for (size_t i = 0; i < process->n_seccomp_filters; i++) {
        const Ckpt__SeccompFilter *record = process->seccomp_filters[i];
        filters[i] = (struct plan_filter){record->code.data, record->code.len, record->log ? SECCOMP_FILTER_FLAG_LOG : 0};
    }
    return filters;
}

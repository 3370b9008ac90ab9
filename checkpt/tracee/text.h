/* The program's executable mappings. */
#ifndef CHECKPT_TRACEE_TEXT_H
#define CHECKPT_TRACEE_TEXT_H

#include "checkpt/proc/proc.h"

struct text {
    uint64_t start, end;
    bool anonymous, shared, writable;
};

/* Goes through the readable and executable mappings in ascending order, the kernel's own included, from the first that ends above `address`. False after the
 * last one, and where they cannot be listed. */
struct text_list {
    int directory;         /* of a process or thread in /proc */
    int maps;              /* for PROCMAP_QUERY; -1 where the kernel lacks it */
    struct arena arena;
    struct proc_mapping *all;
    size_t count;
};
void text_list_init(struct text_list *list, int directory);
bool text_next(struct text_list *list, uint64_t address, struct text *text);
void text_list_deinit(struct text_list *list);

/* Where the kernel put its [vdso]; 0: nowhere. */
uint64_t text_vdso(int directory);

#endif

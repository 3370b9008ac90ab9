/* Memory: mappings, their contents and the layout of the address space. What the files of this resource share. */
#ifndef CHECKPT_RESOURCE_MEMORY_H
#define CHECKPT_RESOURCE_MEMORY_H

#include "checkpt/resource/survey.h"

extern const struct resource_ops memory_resource;

/* What becomes of a mapping. */
enum memory_kind {
    MEMORY_LEFT_OUT,  /* not the program's: the kernel's fixed page, what a thaw left behind, our own scratch area */
    MEMORY_SPECIAL,   /* the kernel's, carried by rule: [vvar], [vdso] … */
    MEMORY_ANONYMOUS, /* pages that are there are saved */
    MEMORY_WRITTEN,   /* a private mapping of a file: pages that the program wrote are saved */
    MEMORY_WHOLE,     /* a private mapping of a file that cannot be mapped again: every page is saved, and thawed as anonymous memory */
    MEMORY_SHARED,    /* a shared mapping of a file: mapped again, nothing is saved */
    MEMORY_CONTENT,   /* a shared mapping of what has no path: its content is saved in a space of its own */
    MEMORY_REFUSED,
};

/* `file` receives the file behind it, NULL where there is none; `reason` why it is refused. Both may be NULL. */
enum memory_kind memory_kind(struct survey *survey, const struct proc_mapping *mapping, struct survey_file **file, const char **reason);

/* memory_collect.c */
bool memory_collect(struct freeze *freeze, struct failure *why);

/* memory_check.c */
void memory_check(struct thaw *thaw, struct findings *findings);

/* memory_plan.c, memory_content.c, memory_fill.c, memory_finish.c: parts of the plan, in this order. */
bool memory_plan(struct thaw *thaw, struct failure *why);

/* Whether a mapping of the model is made as anonymous memory: it has no file, or a private one that is gone. */
bool memory_is_anonymous(const struct model *model, const Ckpt__Mapping *mapping);

#endif

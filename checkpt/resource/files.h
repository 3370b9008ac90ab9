/* Descriptors, the open files behind them, and the files behind those. What the files of this resource share. */
#ifndef CHECKPT_RESOURCE_FILES_H
#define CHECKPT_RESOURCE_FILES_H

#include <sys/stat.h>

#include "checkpt/resource/resource.h"

extern const struct resource_ops files_resource;

enum { FILES_STANDARD = 3 /* descriptors 0 to 2 are their caller's */ };

struct object;

/* What becomes of a descriptor. */
enum files_kind {
    FILES_INHERITED, /* the caller's of the thaw */
    FILES_BY_PATH,   /* opened again */
    FILES_VIRTUAL,   /* opened again, but the kernel makes it up: its inode, size and time mean nothing */
    FILES_CONTENT,   /* has no path: its content is saved */
    FILES_OBJECT,    /* made by its own resource: object.h */
    FILES_IMAGE,     /* where the image goes: becomes the image itself */
    FILES_REFUSED,
};
struct files_fate {
    enum files_kind kind;
    uint32_t from;       /* FILES_INHERITED: the caller's descriptor */
    bool is_virtual;     /* FILES_INHERITED: would be FILES_VIRTUAL */
    const char *noun;    /* "pipe": what it is; may be the arena's */
    const char *reason;  /* FILES_REFUSED: "pipes are not saved yet" */
    const char *way_out;
    const struct object *object; /* FILES_OBJECT */
};

/* files_kind.c: `same[i]`, from files_same(), is the first descriptor of the same open file. */
struct files_fate files_fate(const struct freeze *freeze, const size_t *same, size_t index, struct arena *arena);
struct stat files_status(const struct proc_fd *fd);
/* /dev/null and its like: opened again, they are the same. */
bool files_is_plain_device(uint64_t rdev);

/* files_same.c: for each of freeze->fds the index of the first that is the same open file (its own, where it is alone). NULL with the sentence where the kernel
 * does not tell. */
size_t *files_same(const struct freeze *freeze, struct arena *arena, struct failure *why);

/* files_collect.c, files_check.c, files_plan.c */
bool files_collect(struct freeze *freeze, struct failure *why);
void files_check(struct thaw *thaw, struct findings *findings);
bool files_plan(struct thaw *thaw, struct failure *why);

/* files_standard.c: has what the image knows of 0 to 2 opened again, where it can be. A descriptor that is to be the caller's. */
void files_take_back_standard(struct model *model);
void files_check_standard(const Ckpt__Descriptor *descriptor, const Ckpt__OpenFile *open_file, const Ckpt__File *file, struct findings *findings);

/* files_locks.c: locks that somebody else holds now; locks taken again, of one open file by one of its descriptors. */
void files_check_locks(struct thaw *thaw, struct findings *findings);
void files_plan_locks(struct thaw *thaw, uint32_t number, Ckpt__Lock *const *locks, size_t count);

/* files_content.c: mode, owner and time of what was made of a content; only now, so that whoever opened it before was not kept from it. */
void files_plan_attributes(struct plan *plan, const Ckpt__File *file, int content);

/* Whether the program can write through an open file. */
bool files_is_written(const Ckpt__OpenFile *open_file);

#endif

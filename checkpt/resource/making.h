/* Descriptors again: what the files that plan it share. First all but 0 to 2 and the plan's own are closed; then each open file is made in the order of its first number, so
 * that a call that gives the lowest free number mostly gives the right one at once: which one it gives is known beforehand, and demanded. */
#ifndef CHECKPT_RESOURCE_MAKING_H
#define CHECKPT_RESOURCE_MAKING_H

#include <linux/limits.h>

#include "checkpt/resource/files.h"
#include "checkpt/thaw/plan.h"

enum { MAKING_SPARES = 8 };

struct making {
    struct thaw *thaw;
    bool *taken;                     /* by number: the program's */
    uint32_t lowest;                 /* free number, from FILES_STANDARD on */
    int64_t *first;                  /* by open file id - 1: the descriptor that has it already; -1: none */
    bool stands_in[FILES_STANDARD];  /* closed in the caller: /dev/null meanwhile */
    int spares[MAKING_SPARES];       /* of the plan's own; -1: not made yet */
    uint32_t *open_file_of;          /* by file id - 1: the first OPEN_FILE of it that is made, as id; 0: none */
    uint32_t *next_open_file;        /* by open file id - 1: the next of the same file */
    size_t *descriptor_of;           /* by open file id - 1: index of its first descriptor + 1; 0: none */
    size_t *next_descriptor;         /* by index: that of the next of the same open file + 1 */
    char what[PATH_MAX + 64];
};

/* making.c */
void making_init(struct making *m, struct thaw *thaw, struct arena *arena);
/* A call's sentence: "fd 3: PATH: DOING"; "pipe:[4711]: DOING". Valid until the next one. */
const char *making_about(struct making *m, const Ckpt__Descriptor *descriptor, const char *path, const char *doing);
const char *making_about_file(struct making *m, const Ckpt__File *file, const char *doing);

/* The open files of an object that are to be made, one after the other; `open_file` NULL begins. NULL behind the last. */
const Ckpt__OpenFile *making_next(const struct making *m, const Ckpt__File *file, const Ckpt__OpenFile *open_file);
/* The number that the next call to make a descriptor gives (n = 0), and the one that comes with it (1). */
uint32_t making_lowest(const struct making *m, unsigned n);
/* One of MAKING_SPARES numbers above the program's, free to be dup3()ed over for the time of one make(). -1 with the sentence where there is no room. */
int making_spare(struct making *m, unsigned n, struct failure *why);
/* dup3() to there, closed on exec, and close(). */
void making_move(struct making *m, const char *what, uint32_t from, int to);
/* `from` has the open file now, with these of its flags that F_SETFL can change: it gets all its numbers, its flags, and who is told of I/O. `from` is closed unless it is one of
 * its numbers, or above the program's. It must be closed on exec. */
void making_place(struct making *m, const Ckpt__OpenFile *open_file, uint32_t from, uint32_t flags);
/* A descriptor is there. */
void making_taken(struct making *m, const Ckpt__Descriptor *descriptor);
void making_copy(struct making *m, uint32_t from, const Ckpt__Descriptor *descriptor);
void making_owner(struct making *m, const Ckpt__Descriptor *descriptor, const Ckpt__OpenFile *open_file, const char *path);

#endif

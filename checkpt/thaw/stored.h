/* Where an image has a program's memory: runs of pages and where to read them from. */
#ifndef CHECKPT_THAW_STORED_H
#define CHECKPT_THAW_STORED_H

#include "checkpt/resource/resource.h"

/* The image's index as runs: it is read once, when the image is opened. */
struct stored_index {
    struct ckpt_run *list;    /* ascending by space and address */
    size_t count, room;
};

struct stored_run {
    uint64_t address, length; /* in the space */
    uint64_t offset;          /* in fd */
    int fd;                   /* the image, or a parent: */
};
enum { STORED_PACKED = -2 };  /* it cannot be read from there as it is: checkpt/thaw/unpack.h */

/* Runs of one space, ascending, touching ones joined where they lie together in the file too. */
struct stored {
    struct stored_run *list;
    size_t count, room;
};

/* An image that pages of the program lie in beside the one that it is resumed from. */
struct stored_parent {
    uint8_t id[CKPT_ID_SIZE];
    int fd;                   /* one of the plan's own descriptors */
};
enum { STORED_PARENTS_MAX = 32 }; /* what lies in more of them is read, as if it were packed */

struct stored_source {
    struct thaw *thaw;
    struct stored_parent parents[STORED_PARENTS_MAX];
    size_t parent_count;
};

/* Reads and checks the whole index of an open image. Call stored_index_deinit() whatever comes of it. */
bool stored_index_read(struct stored_index *index, struct ckpt_reader *reader, struct failure *why);
void stored_index_deinit(struct stored_index *index);

/* Appends the runs of a space to `stored`, which the caller frees with stored_deinit(). */
bool stored_runs(struct stored_source *source, uint32_t space, struct stored *stored, struct failure *why);
void stored_deinit(struct stored *stored);
/* Appends one more, joined with the last where it goes on there. */
bool stored_add(struct stored *stored, const struct stored_run *run, struct failure *why);

/* Reads a few bytes of a space; false where not all of them are stored, or cannot be read. */
bool stored_peek(const struct thaw *thaw, uint32_t space, uint64_t address, void *buffer, size_t length);

/* The next of the plan's own descriptors: a placeholder for dup3(2) to replace when the plan runs. -1 with the sentence where there is no room. */
int stored_descriptor(struct thaw *thaw, struct failure *why);

#endif

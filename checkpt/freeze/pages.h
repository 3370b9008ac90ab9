/* Copying: worker threads take a piece each, read it and hand it to the writer. */
#ifndef CHECKPT_FREEZE_PAGES_H
#define CHECKPT_FREEZE_PAGES_H

#include "checkpt/freeze/extents.h"
#include "checkpt/freeze/tid_words.h"

struct pages {
    const struct extents *extents;
    struct ckpt_writer *writer;
    int file;               /* that the writer writes to: the disk is set to work on what is there already; -1: not */
    bool is_packed;         /* the writer compresses: that keeps every CPU busy */
    uint32_t chunk_size;    /* the writer's */
    bool is_snapshot;       /* pid is a tracee_fork() child, and the program runs */
    pid_t pid;              /* whose memory is read: the program, stopped, or a snapshot of it */
    unsigned threads;       /* 0: as many as there is work for */
    struct tid_set tids;    /* words that hold these are looked for */
    const struct progress *progress; /* may be NULL */
};

/* Copies all extents. The words found are added to the model's record, ascending. Stops early when SIGINT, SIGTERM or SIGHUP (which the caller has blocked) is
 * pending: "interrupted". */
bool pages_copy(const struct pages *pages, struct model *model, struct failure *why);

#endif

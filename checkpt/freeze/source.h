/* Where the bytes of an extent come from. One for each worker. */
#ifndef CHECKPT_FREEZE_SOURCE_H
#define CHECKPT_FREEZE_SOURCE_H

#include "checkpt/freeze/extents.h"

struct source {
    pid_t pid;
    bool is_snapshot;
    int memory;   /* /proc/PID/mem */
    int pagemap;
};

bool source_open(struct source *source, pid_t pid, bool is_snapshot, struct failure *why);
void source_close(struct source *source);
/* Reads [address, address + length) of an extent; what has no content is zero. *any: whether any of it has some. */
bool source_read(const struct source *source, const struct extent *extent, uint64_t address, unsigned char *buffer, size_t length, bool *any,
                 struct failure *why);
/* Process memory at an address as far as it can be read, else zeros. */
void source_overlap(const struct source *source, uint64_t address, unsigned char *buffer, size_t length);

#endif

/* Ranges of spaces whose bytes become zero. */
#ifndef CKPTEDIT_REDACTIONS_H
#define CKPTEDIT_REDACTIONS_H

#include <stdbool.h>
#include <stddef.h>

#include <ckptfmt/chunk.h>

struct redaction {
    uint32_t space;
    uint64_t address, length;
    const char *reason; /* static */
};

/* Zero-initialise. */
struct redactions {
    struct redaction *list;
    size_t count, room;
};
void redactions_deinit(struct redactions *redactions);

/* Running out of memory ends the program with a sentence. */
void redactions_add(struct redactions *redactions, const struct redaction *redaction);
/* Orders them and makes one of those that overlap, or touch and have the same reason. */
void redactions_merge(struct redactions *redactions);
/* For ckpt_reader_rewrite(): makes a chunk's bytes zero, once merged. `context` is the redactions. */
bool redactions_change(void *context, const struct ckpt_chunk *chunk, uint8_t *bytes);

#endif

/* How far long work is: whoever asks for the work may bring one, and looks at the clock himself. */
#ifndef CHECKPT_PROGRESS_H
#define CHECKPT_PROGRESS_H

#include <stddef.h>
#include <stdint.h>

struct progress {
    /* Bytes of memory done, of how many; called often, from the thread that the work was asked for in. `doing`: "copying memory"; NULL: it is over, and somebody else may write. */
    void (*tell)(void *context, const char *doing, uint64_t done, uint64_t total);
    void *context;
};

/* `progress` may be NULL. */
static inline void progress_tell(const struct progress *progress, const char *doing, uint64_t done, uint64_t total)
{
    if (progress != NULL)
        progress->tell(progress->context, doing, done, total);
}

static inline void progress_end(const struct progress *progress)
{
    progress_tell(progress, NULL, 0, 0);
}

#endif

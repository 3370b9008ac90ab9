#include "checkpt/freeze/interrupt.h"

#include <pthread.h>
#include <time.h>

static const int signals[] = {SIGINT, SIGTERM, SIGHUP};
static const char *const names[] = {"SIGINT", "SIGTERM", "SIGHUP"};
enum { COUNT = sizeof(signals) / sizeof(signals[0]) };

static sigset_t all(void)
{
    sigset_t set;
    sigemptyset(&set);
    for (size_t i = 0; i < COUNT; i++)
        sigaddset(&set, signals[i]);
    return set;
}

void interrupt_begin(sigset_t *old)
{
    sigset_t set = all();
    pthread_sigmask(SIG_BLOCK, &set, old);
}

/* The caller reports the interruption and exits with 1: the signal itself has been heeded. */
void interrupt_end(const sigset_t *old)
{
    sigset_t set = all();
    const struct timespec now = {0};
    while (sigtimedwait(&set, NULL, &now) > 0)
        continue;
    pthread_sigmask(SIG_SETMASK, old, NULL);
}

bool interrupt_none(struct failure *why)
{
    sigset_t pending;
    sigpending(&pending);
    for (size_t i = 0; i < COUNT; i++)
        if (sigismember(&pending, signals[i]))
            return failure_set(why, "interrupted by %s: the program runs on, nothing was written", names[i]);
    return true;
}

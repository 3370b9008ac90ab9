#include <stdio.h>
#include <string.h>
#include <sys/stat.h>
#include <time.h>

#include "checkpt/thaw/plan_state.h"

enum { TASK_LINKS_OF_ONE = 3 /* ".", ".." and the only thread */, PREFIX_MAX = 4096, TRIES = 5000 };

/* Another thread of ours would go on in memory that is no longer there. One that was joined may be seen for a moment longer. */
static bool alone(struct failure *why)
{
    struct stat tasks = {.st_nlink = 0};
    const struct timespec moment = {.tv_nsec = 1000000};
    for (int i = 0; i < TRIES && tasks.st_nlink != TASK_LINKS_OF_ONE; i++) {
        if (i > 0)
            nanosleep(&moment, NULL);
        if (stat("/proc/self/task", &tasks) != 0)
            return failure_errno(why, "plan: counting checkpt's own threads in /proc/self/task");
    }
    if (tasks.st_nlink != TASK_LINKS_OF_ONE)
        return failure_set(why, "plan: checkpt still has %ju threads of its own", (uintmax_t)tasks.st_nlink - 2);
    return true;
}

bool plan_run(struct plan *plan, const char *path, struct failure *why)
{
    if (!alone(why))
        return false;
    const struct plan_area *area = &plan->area;
    struct interpreter_control *control = (void *)(uintptr_t)area->control;
    int length = snprintf((char *)(uintptr_t)area->prefix, PREFIX_MAX, "checkpt: %.4000s: ", path);
    control->pieces[PIECE_PREFIX] = (struct interpreter_text){area->prefix, (uint64_t)length};
    fflush(NULL);
    uint64_t entry = area->start + (uint64_t)(interpreter_entry - interpreter_code);
    ((void (*)(uint64_t))(uintptr_t)entry)(area->threads);
    __builtin_unreachable();
}

#include "checkpt/thaw/order.h"

#include <sys/syscall.h>

#include "checkpt/resource/all.h"
#include "checkpt/resource/threads.h"
#include "checkpt/thaw/plan.h"

/* Memory first: everything else may point into it. What is aimed at a thread behind threads. The process behind the last path: it may have a root of its own.
 * What epoll watches behind everything that makes it ready. Limits behind what may have needed more than they allow; credentials last: everything else is done with the caller's. */
static const struct resource_ops *const order[] = {
    &memory_resource, &image_resource, &signals_resource, &threads_resource, &files_resource, &sockets_resource, &inotify_resource, &process_resource, &timers_resource,
    &timerfd_resource, &epoll_resource, &limits_resource, &credentials_resource,
};

/* The plan's own descriptors lie above all of the program's. */
static void close_own(struct thaw *thaw)
{
    PLAN_CALL(thaw->plan, "closing checkpt's own descriptors", SYS_close_range, PLAN_NUMBER(thaw->high), PLAN_NUMBER(~0u), PLAN_NUMBER(0));
}

bool order_plan(struct thaw *thaw, struct failure *why)
{
    for (size_t i = 0; i < sizeof(order) / sizeof(order[0]); i++) {
        plan_thread(thaw->plan, 0);
        if (order[i]->plan != NULL && !order[i]->plan(thaw, why))
            return false;
    }
    plan_thread(thaw->plan, 0);
    close_own(thaw);
    return threads_leave(thaw, why);
}

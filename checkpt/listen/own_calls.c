/* sys_checkpoint by number: a process of its own makes the checkpoint, as libcheckpt's helper does, with the caller's rights and in the caller's directory. The caller's thread waits in
 * its call meanwhile, is stopped in it, and is made to call again; see listener.c. */
#include <errno.h>

#include "checkpt/include/sys/checkpoint.h"
#include "checkpt/listen/caller.h"
#include "checkpt/listen/default_action.h"
#include "checkpt/listen/listen.h"
#include "checkpt/listen/servant.h"

struct sys_checkpoint_args {
    SYSCALL_ARG(int, type);
    SYSCALL_ARG(int, fd);
    SYSCALL_ARG(int, pid);
    SYSCALL_ARG(int, retval);
};

static int sys_sys_checkpoint(struct thread *td, struct sys_checkpoint_args *args)
{
    const struct servant_call call = {.tid = td->td_tid, .type = args->type, .fd = args->fd, .pid = args->pid, .retval = args->retval};
    return servant_run(&call);
}

/* From the handlers of default_action.h. */
struct default_action_args {
    SYSCALL_ARG(int, signal);
};

static int sys_default_action(struct thread *td, struct default_action_args *args)
{
    (void)args;
    return servant_checkpoint(td->td_tid, td->td_tid, caller_of(td)->voice);
}

int listen_register_own(void)
{
    static struct syscall_helper_data calls[] = {SYSCALL_INIT_HELPER(sys_checkpoint), SYSCALL_INIT_HELPER(default_action), SYSCALL_INIT_LAST};
    return syscall_helper_register(calls, SY_THR_STATIC);
}

/* sys_checkpoint by number: a process of its own makes the checkpoint, as libcheckpt's helper does, with the caller's rights and in the
 * caller's directory. The caller's thread waits in its call meanwhile, is stopped in it, and is made to call again; see listener.c. */
#include <errno.h>
#include <sys/mman.h>
#include <unistd.h>

#include "checkpt/include/sys/checkpoint.h"
#include "checkpt/include/sys/resident.h"
#include "checkpt/listen/caller.h"
#include "checkpt/listen/default_action.h"
#include "checkpt/listen/listen.h"
#include "checkpt/listen/newcomer.h"
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

static int ask_resident(struct thread *td, int number, int64_t value)
{
    int32_t result = 0;
    int memory = memfd_create("checkpt-result", MFD_CLOEXEC);
    if (memory < 0)
        return errno;
    const struct servant_call call = {.tid = td->td_tid, .mode = "--resident", .type = number, .fd = -1, .pid = -1, .retval = value,
                                      .result = memory};
    int error = servant_run(&call);
    if (error == 0 && pread(memory, &result, sizeof(result), 0) != (ssize_t)sizeof(result))
        error = EIO;
    close(memory);
    td->td_retval[0] = result;
    return error;
}

struct exec_sys_register_args {
    SYSCALL_ARG(int64_t, entry);
};

static int sys_exec_sys_register(struct thread *td, struct exec_sys_register_args *args)
{
    return ask_resident(td, SYS_exec_sys_register, args->entry);
}

struct exec_sys_unregister_args {
    SYSCALL_ARG(int, id);
};

static int sys_exec_sys_unregister(struct thread *td, struct exec_sys_unregister_args *args)
{
    return ask_resident(td, SYS_exec_sys_unregister, args->id);
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

struct newcomer_args {
    SYSCALL_ARG(uint64_t, page);
    SYSCALL_ARG(uint64_t, detour);
};

static int sys_newcomer(struct thread *td, struct newcomer_args *args)
{
    return newcomer_settle(td, args->page, args->detour);
}

int listen_register_own(void)
{
    static struct syscall_helper_data calls[] = {SYSCALL_INIT_HELPER(sys_checkpoint), SYSCALL_INIT_HELPER(exec_sys_register),
                                                 SYSCALL_INIT_HELPER(exec_sys_unregister), SYSCALL_INIT_HELPER(default_action),
                                                 SYSCALL_INIT_HELPER_F(newcomer, SYF_CAPENABLED), SYSCALL_INIT_LAST};
    return syscall_helper_register(calls, SY_THR_STATIC);
}

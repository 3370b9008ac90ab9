#include "checkpt/include/sys/checkpoint.h"

#include <errno.h>
#include <stdbool.h>
#include <sys/auxv.h>
#include <sys/stat.h>
#include <unistd.h>

#include "checkpt/arch/x86_64/raw_call.h"
#include "checkpt/lib/helper.h"
#include "checkpt/lib/turn.h"

#define EXPORT __attribute__((visibility("default")))
enum { CLOSE_ON_EXEC = 1 };

static int failed(int error)
{
    errno = error;
    return -1;
}

/* Under `checkpt run`. A handler that interrupts the call lets it be made again, which a thaw must not be. */
static bool by_number(int type, int fd, pid_t pid, int retval, int *result)
{
    if (type == CKPT_THAW)
        return false;
    long value = raw_call(SYS_sys_checkpoint, (uint64_t)type, (uint64_t)fd, (uint64_t)pid, (uint64_t)retval);
    if (value == -ENOSYS)
        return false;
    *result = value >= -4095 && value < 0 ? failed((int)-value) : (int)value;
    return true;
}

/* What cannot be read twice is copied to memory first, so that a bad image is found while the caller is still there. */
static void open_spool(struct helper_call *call)
{
    struct stat status;
    static const char name[] = "checkpoint";
    if (call->type != CKPT_THAW || fstat(call->fd, &status) != 0 || (!S_ISFIFO(status.st_mode) && !S_ISSOCK(status.st_mode)))
        return;
    call->spool = (int)raw_call(SYS_memfd_create, (uint64_t)(uintptr_t)name, CLOSE_ON_EXEC, 0, 0);
}

static int by_helper(struct helper_call *call)
{
    int retval = 0;
    open_spool(call);
    int error = call->spool < -1 ? -call->spool : helper_run(call, &retval);
    if (error == 0 && call->type == CKPT_THAW)
        error = helper_become(call);
    if (call->spool >= 0)
        close(call->spool);
    return error < 0 ? retval : error == 0 ? 0 : failed(error);
}

EXPORT int sys_checkpoint(int type, int fd, pid_t pid, int retval)
{
    struct helper_call call = {.mode = "--call", .type = type, .fd = fd, .pid = pid, .retval = retval, .spool = -1};
    uint64_t mask;
    int result;
    if (getauxval(AT_SECURE) != 0)
        return failed(EPERM);
    if (by_number(type, fd, pid, retval, &result))
        return result;
    turn_take(&mask);
    result = by_helper(&call);
    int error = errno;
    turn_give(&mask);
    if (result == -1)
        errno = error;
    return result;
}

#include "checkpt/include/sys/resident.h"

#include <errno.h>
#include <sys/auxv.h>

#include "checkpt/arch/x86_64/raw_call.h"
#include "checkpt/lib/helper.h"
#include "checkpt/lib/turn.h"

#define EXPORT __attribute__((visibility("default")))
enum { CLOSE_ON_EXEC = 1 };

/* The helper's exit status is too small for an id: it writes it to memory that has no name. */
static int by_helper(int number, int64_t value)
{
    static const char name[] = "checkpt-result";
    int32_t result = 0;
    struct helper_call call = {.mode = "--resident", .type = number, .pid = -1, .retval = value, .spool = -1};
    call.fd = (int)raw_call(SYS_memfd_create, (uint64_t)(uintptr_t)name, CLOSE_ON_EXEC, 0, 0);
    if (call.fd < 0)
        return call.fd;
    int error = helper_run(&call, &(int){0});
    if (error == 0 && raw_call(SYS_pread64, (uint64_t)call.fd, (uint64_t)(uintptr_t)&result, sizeof(result), 0) != sizeof(result))
        error = EIO;
    raw_call(SYS_close, (uint64_t)call.fd, 0, 0, 0);
    return error == 0 ? result : -error;
}

static int ask(int number, int64_t value)
{
    uint64_t mask;
    int result = -EPERM;
    if (getauxval(AT_SECURE) == 0)
        result = (int)raw_call(number, (uint64_t)value, 0, 0, 0);
    if (result == -ENOSYS) {
        turn_take(&mask);
        result = by_helper(number, value);
        turn_give(&mask);
    }
    if (result >= 0)
        return result;
    errno = -result;
    return -1;
}

EXPORT int exec_sys_register(void *entry)
{
    return ask(SYS_exec_sys_register, (int64_t)(intptr_t)entry);
}

EXPORT int exec_sys_unregister(int id)
{
    return ask(SYS_exec_sys_unregister, id);
}

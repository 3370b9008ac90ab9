/* Nothing here may call the C library: it may be in a signal handler, and in a process that shares its memory with the caller. */
#include "checkpt/lib/helper.h"

#include <fcntl.h>
#include <linux/close_range.h>
#include <linux/futex.h>
#include <stdbool.h>
#include <time.h>

#include "checkpt/lib/quiet.h"

#ifndef SYS_close_range
#define SYS_close_range 436 /* Linux 5.9 */
#endif

enum { NUMBER_SIZE = 24, ARGUMENTS = 9, PATIENCE_S = 10 };
/* Where the helper finds its descriptors; -2: there should be one and is none. */
enum { HELPER_FD = 3, HELPER_SPOOL = 4, HELPER_BAD_FD = -2 };

extern char **environ;

/* On the caller's stack. */
struct request {
    /* Written by a thaw only: then this is the resumed program, and the second one is what the call returns. Keep them first. */
    volatile uint32_t resumed;
    volatile int32_t retval;
    volatile uint32_t go;      /* the helper may begin: it has been allowed to trace us */
    volatile int32_t error;    /* why it could not be started */
    const struct helper_call *call;
    char numbers[ARGUMENTS][NUMBER_SIZE];
    const char *arguments[ARGUMENTS + 3];
    struct quiet quiet;
};

#define pointer(x) ((uint64_t)(uintptr_t)(x))

static const char *decimal(char *room, int64_t number)
{
    char *end = room + NUMBER_SIZE - 1;
    uint64_t rest = number < 0 ? -(uint64_t)number : (uint64_t)number;
    *end = '\0';
    do
        *--end = (char)('0' + rest % 10);
    while ((rest /= 10) > 0);
    if (number < 0)
        *--end = '-';
    return end;
}

/* What `checkpt --call` and its like are told; see checkpt/cmd/call.c. */
static void write_arguments(struct request *request, int fd, const char *how)
{
    const struct helper_call *call = request->call;
    const int64_t numbers[ARGUMENTS] = {
        call->type, fd,  call->pid, call->retval, raw_call(SYS_getpid, 0, 0, 0, 0), raw_call(SYS_gettid, 0, 0, 0, 0), (int64_t)pointer(&request->resumed),
        call->spool >= 0 ? HELPER_SPOOL : -1, call->fd,
    };
    request->arguments[0] = "checkpt";
    request->arguments[1] = how;
    for (int i = 0; i < ARGUMENTS; i++)
        request->arguments[2 + i] = decimal(request->numbers[i], numbers[i]);
    request->arguments[2 + ARGUMENTS] = NULL;
}

static bool begins_with(const char *text, const char *start)
{
    while (*start != '\0' && *text == *start)
        text++, start++;
    return *start == '\0';
}

static const char *program(void)
{
    static const char name[] = "CHECKPT_PROGRAM=";
    for (char **entry = environ; entry != NULL && *entry != NULL; entry++)
        if (begins_with(*entry, name))
            return *entry + sizeof(name) - 1;
    return CHECKPT_PROGRAM;
}

static void put_descriptor(int fd, int place)
{
    if (fd == place)
        raw_call(SYS_fcntl, (uint64_t)fd, F_SETFD, 0, 0);
    else
        raw_call(SYS_dup3, (uint64_t)fd, (uint64_t)place, 0, 0);
}

/* Of the program's descriptors it gets the standard ones and those that it needs. */
static int arrange_descriptors(const struct helper_call *call)
{
    bool is_open = call->fd >= 0 && raw_call(SYS_fcntl, (uint64_t)call->fd, F_GETFD, 0, 0) >= 0;
    long high = is_open ? raw_call(SYS_fcntl, (uint64_t)call->fd, F_DUPFD, HELPER_SPOOL + 1, 0) : -1;
    if (call->spool >= 0)
        put_descriptor(call->spool, HELPER_SPOOL);
    if (high >= 0)
        put_descriptor((int)high, HELPER_FD);
    raw_call(SYS_close_range, call->spool >= 0 ? HELPER_SPOOL + 1 : high >= 0 ? HELPER_FD + 1 : HELPER_FD, ~0u, 0, 0);
    return high >= 0 ? HELPER_FD : call->fd == -1 ? -1 : HELPER_BAD_FD;
}

static void wait_for_leave(void *argument)
{
    struct request *request = argument;
    const struct timespec patience = {.tv_sec = PATIENCE_S};
    if (request->go == 0)
        raw_call(SYS_futex, pointer(&request->go), FUTEX_WAIT, 0, pointer(&patience));
    if (request->go == 0)
        raw_call(SYS_exit, QUIET_NO_START, 0, 0, 0);
}

static void become_helper(void *argument)
{
    struct request *request = argument;
    int fd = arrange_descriptors(request->call);
    request->arguments[3] = decimal(request->numbers[1], fd);
    request->error = (int32_t)-raw_call(SYS_execve, pointer(program()), pointer(request->arguments), pointer(environ), 0);
    raw_call(SYS_exit, QUIET_NO_START, 0, 0, 0);
}

static int outcome(const struct request *request, long waited, int status)
{
    if (request->error != 0)
        return request->error == ENOENT ? ENOSYS : request->error;
    return waited >= 0 && WIFEXITED(status) ? WEXITSTATUS(status) : EIO;
}

int helper_run(const struct helper_call *call, int *retval)
{
    struct request request;
    int status = 0;
    request.resumed = request.go = 0;
    request.retval = request.error = 0;
    request.call = call;
    write_arguments(&request, 0, call->mode);
    request.quiet.ready = wait_for_leave;
    request.quiet.execute = become_helper;
    request.quiet.argument = &request;
    long child = quiet_start(&request.quiet);
    if (child < 0)
        return (int)-child;
    raw_call(SYS_prctl, PR_SET_PTRACER, (uint64_t)child, 0, 0);
    request.go = 1;
    raw_call(SYS_futex, pointer(&request.go), FUTEX_WAKE, 1, 0);
    long waited;
    do
        waited = raw_call(SYS_wait4, (uint64_t)child, pointer(&status), __WALL, 0);
    while (waited == -EINTR && !request.resumed);
    if (request.resumed) {
        *retval = request.retval;
        return -1;
    }
    return outcome(&request, waited, status);
}

int helper_become(const struct helper_call *call)
{
    struct request request;
    int fd = call->spool >= 0 ? call->spool : call->fd;
    long flags = raw_call(SYS_fcntl, (uint64_t)fd, F_GETFD, 0, 0);
    request.call = call;
    write_arguments(&request, fd, "--become");
    raw_call(SYS_fcntl, (uint64_t)fd, F_SETFD, 0, 0);
    long error = raw_call(SYS_execve, pointer(program()), pointer(request.arguments), pointer(environ), 0);
    raw_call(SYS_fcntl, (uint64_t)fd, F_SETFD, (uint64_t)flags, 0);
    return (int)-error;
}

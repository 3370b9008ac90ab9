#include "checkpt/tracee/stop.h"

#include <errno.h>
#include <signal.h>
#include <sys/ptrace.h>
#include <sys/wait.h>

#ifndef PTRACE_EVENT_STOP
#define PTRACE_EVENT_STOP 128
#endif
enum { TRACED_CALL = SIGTRAP | 0x80 }; /* PTRACE_O_TRACESYSGOOD */

static struct stop decode(int status)
{
    if (!WIFSTOPPED(status))
        return (struct stop){.kind = STOP_EXITED};
    struct stop stop = {.signal = WSTOPSIG(status)};
    switch (status >> 16) {
    case 0: stop.kind = stop.signal == TRACED_CALL ? STOP_SYSCALL : STOP_SIGNAL; break;
    case PTRACE_EVENT_STOP: stop.kind = STOP_INTERRUPTED; break;
    case PTRACE_EVENT_CLONE: stop.kind = STOP_CLONE; break;
    case PTRACE_EVENT_EXEC: stop.kind = STOP_EXEC; break;
    default: stop.kind = STOP_OTHER; break;
    }
    return stop;
}

static struct stop wait_for(pid_t tid, int flags)
{
    int status;
    pid_t found;
    do
        found = waitpid(tid, &status, __WALL | flags);
    while (found < 0 && errno == EINTR);
    if (found == 0)
        return (struct stop){.kind = STOP_NOT_YET};
    return found < 0 ? (struct stop){.kind = STOP_EXITED} : decode(status);
}

struct stop stop_wait(pid_t tid)
{
    return wait_for(tid, 0);
}

struct stop stop_poll(pid_t tid)
{
    return wait_for(tid, WNOHANG);
}

/* No code of ours is needed: the instruction in front of the thread is the system call that it waits in. The strings lie in dead memory below its stack. Should we be killed in
 * between, the thread goes on with a call that it has not asked for, execve(2) at worst, which is what it wants. */
#include "checkpt/tracee/replace.h"

#include <errno.h>
#include <fcntl.h>
#include <signal.h>
#include <string.h>
#include <sys/ptrace.h>
#include <sys/syscall.h>
#include <sys/uio.h>
#include <sys/user.h>
#include <sys/wait.h>
#include <unistd.h>

#include "checkpt/arch/x86_64/restart.h"
#include "checkpt/tracee/request.h"

enum { TRACED_CALL = SIGTRAP | 0x80 /* PTRACE_O_TRACESYSGOOD */, EXECUTED = SIGTRAP | PTRACE_EVENT_EXEC << 8 };

struct replacement {
    pid_t tid;
    struct user_regs_struct registers;  /* to go on with, should it fail */
    uint64_t place;
    size_t length;
    unsigned char bytes[REPLACE_BYTES_MAX], before[REPLACE_BYTES_MAX];
    uint64_t path, arguments, environment; /* addresses in the program */
};

static bool transfer(const struct replacement *r, bool write, void *bytes)
{
    struct iovec local = {bytes, r->length}, remote = {(void *)(uintptr_t)r->place, r->length};
    ssize_t done = write ? process_vm_writev(r->tid, &local, 1, &remote, 1, 0) : process_vm_readv(r->tid, &local, 1, &remote, 1, 0);
    return done == (ssize_t)r->length;
}

static bool add(struct replacement *r, const void *bytes, size_t length, uint64_t *address)
{
    if (r->length + length > sizeof(r->bytes))
        return false;
    *address = r->place + r->length;
    memcpy(r->bytes + r->length, bytes, length);
    r->length += length;
    return true;
}

/* Pointers first, which want to be aligned; the last of them is an empty environment. */
static bool lay_out(struct replacement *r, const char *path, const char *const *arguments)
{
    uint64_t pointers[REPLACE_ARGUMENTS_MAX + 1] = {0};
    size_t count = 0;
    while (arguments[count] != NULL)
        count++;
    if (count > REPLACE_ARGUMENTS_MAX)
        return false;
    bool fits = add(r, pointers, sizeof(pointers), &r->arguments) && add(r, path, strlen(path) + 1, &r->path);
    for (size_t i = 0; i < count && fits; i++)
        fits = add(r, arguments[i], strlen(arguments[i]) + 1, &pointers[i]);
    memcpy(r->bytes, pointers, sizeof(pointers));
    r->environment = r->arguments + REPLACE_ARGUMENTS_MAX * sizeof(*pointers);
    return fits;
}

static bool stop(struct replacement *r, long number, struct failure *why)
{
    int status;
    if (request(PTRACE_SEIZE, r->tid, 0, PTRACE_O_TRACESYSGOOD | PTRACE_O_TRACEEXEC) != 0)
        return failure_errno(why, "thread %d: tracing it", r->tid);
    if (request(PTRACE_INTERRUPT, r->tid, 0, 0) != 0 || waitpid(r->tid, &status, __WALL) != r->tid || !WIFSTOPPED(status) ||
        request_pointer(PTRACE_GETREGS, r->tid, 0, &r->registers) != 0)
        return failure_set(why, "thread %d: has exited", r->tid);
    if (restart_is_in(&r->registers, number))
        return true;
    errno = EINTR;
    return failure_errno(why, "thread %d: its call", r->tid);
}

/* To the call's exit; an execve(2) that succeeds has an event instead, of the process's first thread. */
static bool run_call(struct replacement *r, int64_t *result)
{
    struct user_regs_struct registers;
    for (int stops = 0; stops < 2;) {
        int status = 0;
        pid_t stopped = request(PTRACE_SYSCALL, r->tid, 0, 0) == 0 ? waitpid(-1, &status, __WALL) : -1;
        if (stopped > 0 && WIFSTOPPED(status) && status >> 8 == EXECUTED) {
            r->tid = stopped;
            *result = 0;
            return true;
        }
        if (stopped != r->tid || !WIFSTOPPED(status))
            return false;
        stops += WSTOPSIG(status) == TRACED_CALL;
    }
    if (request_pointer(PTRACE_GETREGS, r->tid, 0, &registers) != 0)
        return false;
    *result = restart_result(&registers);
    return true;
}

static bool make_call(struct replacement *r, long number, uint64_t a, uint64_t b, uint64_t c, int64_t *result)
{
    struct user_regs_struct registers = r->registers;
    restart_as(&registers, number, (const uint64_t[]){a, b, c});
    return request_pointer(PTRACE_SETREGS, r->tid, 0, &registers) == 0 && run_call(r, result);
}

/* Back into the call that it was in. */
static void put_back(struct replacement *r, uint64_t mask)
{
    struct user_regs_struct registers = r->registers;
    restart_again(&registers);
    transfer(r, true, r->before);
    request_pointer(PTRACE_SETSIGMASK, r->tid, sizeof(mask), &mask);
    request_pointer(PTRACE_SETREGS, r->tid, 0, &registers);
}

static bool replace(struct replacement *r, int keep, struct failure *why)
{
    int64_t result = 0;
    uint64_t all = ~0ull, mask = 0;
    if (!transfer(r, false, r->before) || !transfer(r, true, r->bytes)) {
        errno = EFAULT;
        return failure_errno(why, "thread %d: its stack", r->tid);
    }
    if (request_pointer(PTRACE_GETSIGMASK, r->tid, sizeof(mask), &mask) != 0 || request_pointer(PTRACE_SETSIGMASK, r->tid, sizeof(all), &all) != 0)
        return failure_errno(why, "thread %d: its signal mask", r->tid);
    if (make_call(r, SYS_fcntl, (uint64_t)keep, F_SETFD, 0, &result) && make_call(r, SYS_execve, r->path, r->arguments, r->environment, &result) && result == 0)
        return true;
    put_back(r, mask);
    errno = result < 0 ? (int)-result : EIO;
    return failure_errno(why, "thread %d: execve", r->tid);
}

bool tracee_replace(pid_t tid, long number, const char *path, const char *const *arguments, int keep, struct failure *why)
{
    struct replacement r = {.tid = tid};
    bool done = stop(&r, number, why);
    if (done) {
        r.place = restart_dead_memory(&r.registers, REPLACE_BYTES_MAX);
        errno = E2BIG;
        done = lay_out(&r, path, arguments) ? replace(&r, keep, why) : failure_errno(why, "thread %d: execve", tid);
    }
    request(PTRACE_DETACH, r.tid, 0, 0);
    return done;
}

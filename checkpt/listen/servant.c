/* Started quietly: whoever looks after this process's children knows nothing of it. */
#include "checkpt/listen/servant.h"

#include <fcntl.h>
#include <inttypes.h>
#include <linux/close_range.h>
#include <stdbool.h>
#include <stdio.h>
#include <string.h>
#include <sys/mman.h>
#include <unistd.h>

#include "checkpt/arena.h"
#include "checkpt/include/sys/checkpoint.h"
#include "checkpt/lib/quiet.h"
#include "checkpt/listen/caller.h"
#include "checkpt/listen/turn.h"
#include "checkpt/proc/proc.h"
#include "checkpt/run/run.h"

enum { NUMBER_SIZE = 24, NUMBERS = 9, PLACE = 3, BAD_FD = -2 };

#define pointer(x) ((uint64_t)(uintptr_t)(x))

struct servant {
    int fd;                 /* the program's, here; -1: none */
    bool changes_user;
    struct proc_status status;
    char directory[32];
    char numbers[NUMBERS][NUMBER_SIZE];
    const char *arguments[NUMBERS + 3];
    char **environment;     /* this process's own, and one more where it is to speak */
    int messages;
    struct quiet quiet;
};

static void take_rights(const struct proc_status *status)
{
    if (raw_call(SYS_setgroups, status->group_count, pointer(status->groups), 0, 0) != 0 ||
        raw_call(SYS_setresgid, status->gid[1], status->gid[1], status->gid[1], 0) != 0 ||
        raw_call(SYS_setresuid, status->uid[1], status->uid[1], status->uid[1], 0) != 0)
        raw_call(SYS_exit, EPERM, 0, 0, 0);
}

static void begin(void *argument)
{
    const struct servant *servant = argument;
    if (servant->fd == PLACE)
        raw_call(SYS_fcntl, PLACE, F_SETFD, 0, 0);
    else if (servant->fd >= 0)
        raw_call(SYS_dup3, (uint64_t)servant->fd, PLACE, 0, 0);
    if (servant->messages > 0)
        raw_call(SYS_dup3, (uint64_t)servant->messages, STDERR_FILENO, 0, 0);
    raw_call(SYS_close_range, servant->fd >= 0 ? PLACE + 1 : PLACE, ~0u, CLOSE_RANGE_CLOEXEC, 0);
    if (raw_call(SYS_chdir, pointer(servant->directory), 0, 0, 0) != 0)
        raw_call(SYS_exit, EPERM, 0, 0, 0);
    if (servant->changes_user)
        take_rights(&servant->status);
    raw_call(SYS_execve, pointer("/proc/self/exe"), pointer(servant->arguments), pointer(servant->environment), 0);
    raw_call(SYS_exit, QUIET_NO_START, 0, 0, 0);
}

static bool look_at_caller(struct servant *servant, pid_t tid, struct arena *arena)
{
    struct failure ignored;
    int directory = caller_directory(tid);
    if (directory < 0)
        return false;
    bool fine = proc_status(directory, "status", arena, &servant->status, &ignored);
    close(directory);
    return fine;
}

/* The program's descriptor: the same open file, not another with its name. */
static int fetch(pid_t process, int fd)
{
    int pidfd = (int)syscall(SYS_pidfd_open, process, 0);
    int fetched = pidfd >= 0 ? (int)syscall(SYS_pidfd_getfd, pidfd, fd, 0) : -1;
    if (pidfd >= 0)
        close(pidfd);
    return fetched;
}

static void write_arguments(struct servant *servant, const struct servant_call *call)
{
    int fd = servant->fd >= 0 ? PLACE : call->fd == -1 ? -1 : BAD_FD;
    const int64_t numbers[NUMBERS] = {call->type, fd, call->pid, call->retval, servant->status.process, call->outside ? 0 : call->tid,
                                      0, -1, call->fd};
    servant->arguments[0] = "checkpt";
    servant->arguments[1] = call->mode != NULL ? call->mode : "--call";
    for (int i = 0; i < NUMBERS; i++) {
        snprintf(servant->numbers[i], NUMBER_SIZE, "%" PRId64, numbers[i]);
        servant->arguments[2 + i] = servant->numbers[i];
    }
    servant->arguments[2 + NUMBERS] = NULL;
    snprintf(servant->directory, sizeof(servant->directory), "/proc/%d/cwd", servant->status.process);
}

static int run(struct servant *servant)
{
    int status;
    servant->quiet.execute = begin;
    servant->quiet.argument = servant;
    long child = quiet_start(&servant->quiet), waited;
    if (child < 0)
        return (int)-child;
    do
        waited = waitpid((pid_t)child, &status, __WALL);
    while (waited < 0 && errno == EINTR);
    return waited > 0 && WIFEXITED(status) ? WEXITSTATUS(status) : EIO;
}

static char **environment_for(const struct servant_call *call, struct arena *arena)
{
    size_t count = 0;
    while (environ[count] != NULL)
        count++;
    char **copy = arena_alloc(arena, (count + 2) * sizeof(*copy));
    memcpy(copy, environ, count * sizeof(*copy));
    if (call->messages > 0)
        copy[count] = arena_printf(arena, "CHECKPT_MESSAGES=1");
    return copy;
}

/* In the process's turn: two of its threads may call. */
static int serve(struct servant *servant, const struct servant_call *call)
{
    struct turn turn;
    if (call->result > 0)
        servant->fd = call->result;
    else if (call->fd >= 0)
        servant->fd = fetch(servant->status.process, call->fd);
    write_arguments(servant, call);
    turn_take(&turn, servant->status.process);
    int error = run(servant);
    turn_give(&turn);
    if (servant->fd >= 0 && servant->fd != call->result)
        close(servant->fd);
    return error;
}

int servant_run(const struct servant_call *call)
{
    struct servant servant = {.fd = -1, .messages = call->messages};
    struct arena arena = {0};
    int error = ESRCH;
    if (look_at_caller(&servant, call->tid, &arena)) {
        servant.changes_user = geteuid() == 0 && servant.status.uid[1] != 0;
        servant.environment = environment_for(call, &arena);
        error = serve(&servant, call);
    }
    arena_deinit(&arena);
    return error;
}

/* The lines of what it says, without the program's name in front, which the voice puts there again. */
static void speak(FILE *from, const struct run_voice *voice)
{
    static const char name[] = "checkpt: ";
    char line[512];
    while (fgets(line, sizeof(line), from) != NULL) {
        line[strcspn(line, "\n")] = '\0';
        run_say(voice, "%s", strncmp(line, name, strlen(name)) == 0 ? line + strlen(name) : line);
    }
}

int servant_checkpoint(pid_t pid, pid_t tid, const struct run_voice *voice)
{
    int memory = memfd_create("checkpt-messages", MFD_CLOEXEC);
    FILE *messages = memory >= 0 ? fdopen(memory, "r") : NULL;
    const struct servant_call call = {.tid = tid != 0 ? tid : pid, .type = CKPT_FREEZE, .fd = -1, .pid = -1, .retval = -1,
                                      .messages = memory > 0 ? memory : 0, .outside = tid == 0};
    int error = servant_run(&call);
    if (messages == NULL)
        return error;
    rewind(messages);
    speak(messages, voice);
    fclose(messages);
    return error;
}

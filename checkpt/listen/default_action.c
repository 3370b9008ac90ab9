#include "checkpt/listen/default_action.h"

#include <dirent.h>
#include <errno.h>
#include <signal.h>
#include <stddef.h>
#include <stdlib.h>
#include <string.h>
#include <sys/mman.h>
#include <sys/prctl.h>
#include <sys/syscall.h>
#include <sys/wait.h>
#include <unistd.h>

#include "checkpt/include/sys/checkpoint.h"
#include "checkpt/listen/servant.h"
#include "checkpt/listen/turn.h"
#include "checkpt/proc/proc.h"
#include "checkpt/run/run.h"
#include "checkpt/tracee/tracee.h"

#ifndef PR_SET_VMA
#define PR_SET_VMA 0x53564d41 /* 5.17 */
#define PR_SET_VMA_ANON_NAME 0
#endif

_Static_assert(DEFAULT_ACTION_CALL == SYS_default_action, "the handlers know the call by its number");
_Static_assert(DEFAULT_ACTION_EXIT_SIGNAL == SIGCKPTEXIT, "the handlers know the signal by its number");

extern const unsigned char default_action[], default_action_restorer[], default_action_end[];

enum { PAGE = 4096, MASK_SIZE = 8, SA_RESTORER_FLAG = 0x04000000 };

/* The kernel's struct sigaction. */
struct kernel_action {
    uint64_t handler, flags, restorer, mask;
};

static bool look(pid_t pid, struct proc_stat *stat, struct proc_status *status, struct arena *arena)
{
    struct failure ignored;
    int directory;
    if (!proc_open(pid, &directory, &ignored))
        return false;
    bool fine = proc_stat(directory, "stat", stat, &ignored) && proc_status(directory, "status", arena, status, &ignored);
    close(directory);
    return fine;
}

static bool has(uint64_t set, int signal_number)
{
    return (set >> (signal_number - 1) & 1) != 0;
}

/* The page first, then its code (through the tracer: the program itself cannot write there), then the handlers. */
static bool install_in(struct tracee *tracee, const struct proc_status *status, struct failure *why)
{
    static const int signals[] = {SIGCKPT, SIGCKPTEXIT};
    enum { COUNT = sizeof(signals) / sizeof(signals[0]) };
    struct tracee_call map = {.number = SYS_mmap, .arguments = {0, PAGE, PROT_READ | PROT_EXEC, MAP_PRIVATE | MAP_ANONYMOUS, ~0ull, 0}};
    if (!tracee_calls(tracee, 0, &map, 1, why) || map.result < 0)
        return false;
    uint64_t page = (uint64_t)map.result, scratch = tracee_scratch(tracee);
    const struct kernel_action action = {
        .handler = page,
        .flags = SA_RESTORER_FLAG | SA_RESTART | SA_ONSTACK,
        .restorer = page + (uint64_t)(default_action_restorer - default_action),
        .mask = ~0ull,
    };
    static const char name[] = "checkpt: default action";
    if (!tracee_write(tracee, page, default_action, (size_t)(default_action_end - default_action), why) || !tracee_write(tracee, scratch, &action, sizeof(action), why) ||
        !tracee_write(tracee, scratch + sizeof(action), name, sizeof(name), why))
        return false;
    struct tracee_call calls[COUNT + 1];
    size_t count = 0;
    for (size_t i = 0; i < COUNT; i++)
        if (!has(status->sig_ignored, signals[i]))
            calls[count++] = (struct tracee_call){.number = SYS_rt_sigaction, .arguments = {(uint64_t)signals[i], scratch, 0, MASK_SIZE}};
    calls[count++] = (struct tracee_call){.number = SYS_prctl, .arguments = {PR_SET_VMA, PR_SET_VMA_ANON_NAME, page, PAGE, scratch + sizeof(action)}};
    return tracee_calls(tracee, 0, calls, count, why);
}

static void install(pid_t pid, const struct proc_status *status)
{
    struct failure ignored;
    struct tracee *tracee = tracee_create(pid);
    if (tracee_attach(tracee, &ignored) && tracee_calls_begin(tracee, &ignored)) {
        install_in(tracee, status, &ignored);
        tracee_calls_end(tracee, &ignored);
    }
    tracee_destroy(tracee);
}

/* The program may be a child of this process: what one of our threads traced another would meet when it waits for its children. So a process of its own traces, a child of this
 * thread alone. */
void default_action_install(pid_t tid)
{
    struct arena arena = {0};
    struct proc_stat stat;
    struct proc_status status;
    struct turn turn;
    turn_take(&turn, tid);
    bool wanted = look(tid, &stat, &status, &arena) && status.threads == 1 && !has(status.sig_caught, SIGCKPT) && !has(status.sig_caught, SIGCKPTEXIT) &&
                  !(has(status.sig_ignored, SIGCKPT) && has(status.sig_ignored, SIGCKPTEXIT));
    pid_t child = wanted ? fork() : -1;
    if (child == 0) {
        install(tid, &status);
        _exit(0);
    }
    while (child > 0 && waitpid(child, NULL, 0) < 0 && errno == EINTR)
        ;
    turn_give(&turn);
    arena_deinit(&arena);
}

static void typed_to(pid_t pid, pid_t group, const struct run_voice *voice)
{
    struct arena arena = {0};
    struct proc_stat stat;
    struct proc_status status;
    if (look(pid, &stat, &status, &arena) && stat.pgrp == group && !has(status.sig_ignored, SIGCKPT)) {
        if (has(status.sig_caught, SIGCKPT))
            kill(pid, SIGCKPT);
        else
            servant_checkpoint(pid, 0, voice);
    }
    arena_deinit(&arena);
}

void default_action_typed(pid_t group, const struct run_voice *voice)
{
    DIR *folder = opendir("/proc");
    for (struct dirent *found; folder != NULL && (found = readdir(folder)) != NULL;) {
        char *end;
        long pid = strtol(found->d_name, &end, 10);
        if (*end == '\0' && pid > 0)
            typed_to((pid_t)pid, group, voice);
    }
    if (folder != NULL)
        closedir(folder);
}

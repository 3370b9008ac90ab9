#include "checkpt/listen/default_action.h"

#include <dirent.h>
#include <signal.h>
#include <stdlib.h>
#include <unistd.h>

#include "checkpt/include/sys/checkpoint.h"
#include "checkpt/listen/servant.h"
#include "checkpt/proc/proc.h"

_Static_assert(DEFAULT_ACTION_CALL == SYS_default_action, "the handlers know the call by its number");
_Static_assert(DEFAULT_ACTION_SIGNAL == SIGCKPT && DEFAULT_ACTION_EXIT_SIGNAL == SIGCKPTEXIT && SIGCKPTEXIT == SIGCKPT + 1,
               "the handlers know the signals");

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

#include <stdio.h>
#include <string.h>
#include <sys/stat.h>
#include <time.h>
#include <unistd.h>

#include "checkpt/proc/numbers.h"
#include "checkpt/resource/process.h"

enum { ANCESTORS_MAX = 256, SECCOMP_FILTERS = 2 /* SECCOMP_MODE_FILTER */ };

/* Of who asked for the freeze: a helper and what it was started by are there for the time of the call only. */
static pid_t parent_of_asker(const struct freeze *freeze)
{
    struct proc_stat stat;
    struct failure ignored;
    int directory;
    if (freeze->asker == getpid())
        return getppid();
    if (!proc_open(freeze->asker, &directory, &ignored))
        return 0;
    bool known = proc_stat(directory, "stat", &stat, &ignored);
    close(directory);
    return known ? stat.ppid : 0;
}

bool process_is_askers(const struct freeze *freeze, pid_t pid)
{
    bool by_helper = freeze->caller.tid != 0 && freeze->caller.resumed_word != 0;
    return pid == freeze->asker || pid == getpid() || (by_helper && pid == parent_of_asker(freeze));
}

bool process_children(const struct freeze *freeze, struct arena *arena, pid_t **pids, size_t *count, struct failure *why)
{
    size_t kept = 0;
    if (!proc_children(freeze->directory, arena, pids, count, why))
        return false;
    for (size_t i = 0; i < *count; i++)
        if (!process_is_askers(freeze, (*pids)[i]))
            (*pids)[kept++] = (*pids)[i];
    *count = kept;
    return true;
}

/* Its end tells nobody: fork(3) makes no such child, a freeze does. */
static bool any_is_quiet(const struct freeze *freeze)
{
    struct arena arena = {0};
    struct proc_stat stat;
    struct failure ignored;
    pid_t *pids;
    size_t count;
    bool found = false;
    if (process_children(freeze, &arena, &pids, &count, &ignored))
        for (size_t i = 0; i < count && !found; i++) {
            char name[32];
            snprintf(name, sizeof(name), "../%d/stat", pids[i]);
            found = proc_stat(freeze->directory, name, &stat, &ignored) && stat.exit_signal == 0;
        }
    arena_deinit(&arena);
    return found;
}

void process_wait_for_leftovers(const struct freeze *freeze)
{
    enum { TRIES = 1000 };
    const struct timespec moment = {.tv_nsec = 1000000};
    for (int i = 0; i < TRIES && any_is_quiet(freeze); i++)
        nanosleep(&moment, NULL);
}

static bool is_checkpt(int directory)
{
    struct stat there, here;
    return fstatat(directory, "exe", &there, 0) == 0 && stat("/proc/self/exe", &here) == 0 && there.st_dev == here.st_dev && there.st_ino == here.st_ino;
}

/* Who waits for a resumed program is checkpt too, but holds no listener. */
static bool holds_listener(int directory, struct arena *arena)
{
    uint32_t *numbers;
    size_t count;
    struct failure ignored;
    if (!proc_numbers(directory, "fd", arena, &numbers, &count, &ignored))
        return false;
    for (size_t i = 0; i < count; i++) {
        char name[32], target[64] = "";
        snprintf(name, sizeof(name), "fd/%u", numbers[i]);
        if (readlinkat(directory, name, target, sizeof(target) - 1) > 0 && strcmp(target, "anon_inode:seccomp notify") == 0)
            return true;
    }
    return false;
}

static bool look_at(pid_t pid, bool *listens, uint32_t *filters, pid_t *parent)
{
    struct arena arena = {0};
    struct proc_stat stat;
    struct proc_status status;
    struct failure ignored;
    int directory;
    if (!proc_open(pid, &directory, &ignored))
        return false;
    bool fine = proc_stat(directory, "stat", &stat, &ignored) && proc_status(directory, "status", &arena, &status, &ignored);
    if (fine) {
        *parent = stat.ppid;
        *filters = status.seccomp_filters;
        *listens = is_checkpt(directory) && holds_listener(directory, &arena);
    }
    arena_deinit(&arena);
    close(directory);
    return fine;
}

/* The keeper of `checkpt run` is an ancestor, or has started this process at the call of one of the program's threads; the program has one filter more. */
bool process_is_listened_to(const struct freeze *freeze)
{
    bool listens, by_call = freeze->caller.tid != 0 && freeze->caller.resumed_word == 0;
    uint32_t filters;
    pid_t pid = by_call ? freeze->asker : freeze->stat.ppid;
    if (freeze->status.seccomp != SECCOMP_FILTERS || freeze->status.seccomp_filters == 0)
        return false;
    for (int i = 0; i < ANCESTORS_MAX && pid > 0; i++) {
        if (!look_at(pid, &listens, &filters, &pid))
            return false;
        if (listens && filters + 1 == freeze->status.seccomp_filters)
            return true;
    }
    return false;
}

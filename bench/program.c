#include <errno.h>
#include <fcntl.h>
#include <signal.h>
#include <spawn.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/resource.h>
#include <sys/wait.h>
#include <time.h>
#include <unistd.h>

#include "bench/bench.h"

extern char **environ;

double milliseconds(void)
{
    struct timespec now;
    clock_gettime(CLOCK_MONOTONIC, &now);
    return (double)now.tv_sec * 1e3 + (double)now.tv_nsec / 1e6;
}

pid_t program_start(char *const *arguments, int out)
{
    pid_t pid;
    posix_spawn_file_actions_t actions;
    posix_spawn_file_actions_init(&actions);
    posix_spawn_file_actions_addopen(&actions, 0, "/dev/null", O_RDONLY, 0);
    posix_spawn_file_actions_adddup2(&actions, out, 1);
    int error = posix_spawn(&pid, arguments[0], &actions, NULL, arguments, environ);
    posix_spawn_file_actions_destroy(&actions);
    if (error != 0) {
        fprintf(stderr, "bench: %s: starting: %s\n", arguments[0], strerror(error));
        exit(2);
    }
    return pid;
}

struct run program_run(char *const *arguments)
{
    struct rusage usage;
    struct run run;
    int null = open("/dev/null", O_WRONLY | O_CLOEXEC);
    double before = milliseconds();
    pid_t pid = program_start(arguments, null);
    wait4(pid, &run.status, 0, &usage);
    run.milliseconds = milliseconds() - before;
    run.rss_mib = (double)usage.ru_maxrss / 1024;
    close(null);
    return run;
}

void program_end(pid_t pid)
{
    kill(pid, SIGKILL);
    waitpid(pid, NULL, 0);
}

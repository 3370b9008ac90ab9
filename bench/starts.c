/* starts COUNT COMMAND… :: COMMAND…: starts both by turns, and prints the median time of each, in microseconds, from the start to its first output, or to its end. */
#include <errno.h>
#include <spawn.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/wait.h>
#include <time.h>
#include <unistd.h>

extern char **environ;

enum { COUNT_MAX = 10000 };

static double now(void)
{
    struct timespec time;
    clock_gettime(CLOCK_MONOTONIC, &time);
    return (double)time.tv_sec * 1e6 + (double)time.tv_nsec / 1e3;
}

static double start(char **command)
{
    int ends[2], status;
    char byte;
    pid_t pid;
    posix_spawn_file_actions_t actions;
    if (pipe(ends) != 0)
        exit(1);
    posix_spawn_file_actions_init(&actions);
    posix_spawn_file_actions_adddup2(&actions, ends[1], STDOUT_FILENO);
    posix_spawn_file_actions_addclose(&actions, ends[0]);
    posix_spawn_file_actions_addclose(&actions, ends[1]);
    double before = now();
    if (posix_spawn(&pid, command[0], &actions, NULL, command, environ) != 0) {
        fprintf(stderr, "starts: %s: cannot be started\n", command[0]);
        exit(1);
    }
    close(ends[1]);
    while (read(ends[0], &byte, 1) < 0 && errno == EINTR)
        ;
    double after = now();
    waitpid(pid, &status, 0);
    close(ends[0]);
    posix_spawn_file_actions_destroy(&actions);
    if (status != 0) {
        fprintf(stderr, "starts: %s: failed\n", command[0]);
        exit(1);
    }
    return after - before;
}

static int compare(const void *a, const void *b)
{
    double x = *(const double *)a, y = *(const double *)b;
    return (x > y) - (x < y);
}

int main(int argc, char **argv)
{
    static double times[2][COUNT_MAX];
    int count = argc > 1 ? atoi(argv[1]) : 0, second = 2;
    while (second < argc && strcmp(argv[second], "::") != 0)
        second++;
    if (count < 1 || count > COUNT_MAX || second + 1 >= argc)
        return 2;
    argv[second] = NULL;
    for (int i = 0; i < count; i++) {
        int first = i % 2; /* neither always comes after the other */
        times[first][i] = start(argv + (first == 0 ? 2 : second + 1));
        times[1 - first][i] = start(argv + (first == 0 ? second + 1 : 2));
    }
    for (int i = 0; i < 2; i++)
        qsort(times[i], (size_t)count, sizeof(double), compare);
    printf("%.0f %.0f\n", times[0][count / 2], times[1][count / 2]);
    return 0;
}

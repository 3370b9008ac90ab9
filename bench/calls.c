/* What a call costs: calls KIND COUNT prints nanoseconds per call, the median and the least of some runs. */
#include <fcntl.h>
#include <signal.h>
#include <spawn.h>
#include <stdbool.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/checkpoint.h>
#include <sys/syscall.h>
#include <sys/wait.h>
#include <time.h>
#include <unistd.h>

enum { RUNS = 11, SYS_tally = 0x2080 };

static bool getppid_call(void)
{
    return syscall(SYS_getppid) > 0;
}

static bool registered_call(void)
{
    long count;
    return syscall(SYS_tally, "bench", &count) > 0;
}

static bool checkpoint_call(void)
{
    int fd = open("bench.ckpt", O_RDWR | O_CREAT | O_TRUNC | O_CLOEXEC, 0600);
    bool done = sys_checkpoint(CKPT_FREEZE, fd, -1, -1) == 0;
    close(fd);
    return done;
}

static void note(int signal_number)
{
    (void)signal_number;
}

static bool signal_call(void)
{
    return signal(SIGUSR1, note) != SIG_ERR && kill(getpid(), SIGUSR1) == 0;
}

/* The only call of the kernel's beside arch_prctl(2) whose arguments the filter looks at. */
static bool brk_call(void)
{
    static long end;
    if (end == 0)
        end = syscall(SYS_brk, 0);
    return syscall(SYS_brk, end) == end;
}

static bool exec_call(void)
{
    pid_t child;
    int status;
    return posix_spawn(&child, "/bin/true", NULL, NULL, (char *[]){"true", NULL}, environ) == 0 && waitpid(child, &status, 0) == child && status == 0;
}

static const struct {
    const char *name;
    bool (*make)(void);
} kinds[] = {
    {"getppid", getppid_call}, {"brk", brk_call}, {"signal", signal_call}, {"exec", exec_call},
    {"registered", registered_call}, {"checkpoint", checkpoint_call},
};

static double now(void)
{
    struct timespec time;
    clock_gettime(CLOCK_MONOTONIC, &time);
    return (double)time.tv_sec * 1e9 + (double)time.tv_nsec;
}

static int compare(const void *a, const void *b)
{
    double x = *(const double *)a, y = *(const double *)b;
    return (x > y) - (x < y);
}

int main(int argc, char **argv)
{
    double runs[RUNS];
    for (size_t k = 0; k < sizeof(kinds) / sizeof(kinds[0]) && argc == 3; k++) {
        if (strcmp(kinds[k].name, argv[1]) != 0)
            continue;
        int count = atoi(argv[2]);
        for (int r = 0; r < RUNS; r++) {
            double start = now();
            for (int i = 0; i < count; i++)
                if (!kinds[k].make()) {
                    perror(argv[1]);
                    return 1;
                }
            runs[r] = (now() - start) / count;
        }
        qsort(runs, RUNS, sizeof(runs[0]), compare);
        printf("%.0f %.0f\n", runs[RUNS / 2], runs[0]);
        return 0;
    }
    return 2;
}

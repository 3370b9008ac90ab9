/* What a call costs: calls getppid|registered|checkpoint COUNT prints nanoseconds per call, the median of five runs. */
#include <fcntl.h>
#include <stdbool.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/checkpoint.h>
#include <sys/syscall.h>
#include <time.h>
#include <unistd.h>

enum { RUNS = 5, SYS_tally = 0x2080 };

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

static const struct {
    const char *name;
    bool (*make)(void);
} kinds[] = {{"getppid", getppid_call}, {"registered", registered_call}, {"checkpoint", checkpoint_call}};

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
        printf("%.0f\n", runs[RUNS / 2]);
        return 0;
    }
    return 2;
}

/* turns COUNT COMMAND… [:: COMMAND…]: runs the commands by turns and prints a line for each: milliseconds (least, median) and peak memory in MiB (most). The first run of each, which warms
 * caches, does not count. */
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/wait.h>

#include "bench/bench.h"

enum { COUNT_MAX = 1000, COMMANDS_MAX = 2 };

struct command {
    char **arguments;
    double times[COUNT_MAX], rss_mib;
};

static int compare(const void *a, const void *b)
{
    double x = *(const double *)a, y = *(const double *)b;
    return (x > y) - (x < y);
}

static void measure(struct command *command, int i)
{
    struct run run = program_run(command->arguments);
    if (run.status != 0) {
        fprintf(stderr, "turns: %s: it failed\n", command->arguments[0]);
        exit(1);
    }
    if (i >= 0)
        command->times[i] = run.milliseconds;
    command->rss_mib = run.rss_mib > command->rss_mib ? run.rss_mib : command->rss_mib;
}

int main(int argc, char **argv)
{
    static struct command commands[COMMANDS_MAX];
    int count = argc > 2 ? atoi(argv[1]) : 0, used = 1;
    if (count < 1 || count > COUNT_MAX)
        return 2;
    commands[0].arguments = argv + 2;
    for (int i = 2; i < argc; i++)
        if (strcmp(argv[i], "::") == 0) {
            argv[i] = NULL;
            commands[1].arguments = argv + i + 1;
            used = 2;
        }
    for (int i = -1; i < count; i++)
        for (int k = 0; k < used; k++)
            measure(&commands[(i + 1 + k) % used], i); /* neither always comes after the other */
    for (int k = 0; k < used; k++) {
        qsort(commands[k].times, (size_t)count, sizeof(double), compare);
        printf("%.2f %.2f %.1f\n", commands[k].times[0], commands[k].times[count / 2], commands[k].rss_mib);
    }
    return 0;
}

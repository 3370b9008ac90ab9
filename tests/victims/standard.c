/* Descriptors 0 to 2 that are files: it copies its input to its output, a line a round, and appends the number of the round to a file on descriptor 2. With own=1 it opens
 * these files itself, as `sort -o` does. In the end all of them are looked at. */
#include <errno.h>
#include <fcntl.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include "tests/victims/victim.h"

enum { LINE = 32, LINES = 100000 };

static void make_line(char line[LINE + 1], unsigned long number)
{
    snprintf(line, LINE + 1, "line %26lu", number);
    line[LINE - 1] = '\n';
}

static void make_input(void)
{
    char line[LINE + 1];
    FILE *file = fopen("input", "w");
    demand(file != NULL, "input: making it: %s", strerror(errno));
    for (unsigned long i = 0; i < LINES; i++) {
        make_line(line, i);
        fputs(line, file);
    }
    fclose(file);
}

static void put_at(int number, const char *path, int flags)
{
    int fd = open(path, flags, 0644);
    demand(fd >= 0 && dup2(fd, number) == number, "%s: opening: %s", path, strerror(errno));
    if (fd != number)
        close(fd);
}

static void copy(unsigned long number)
{
    char line[LINE + 1], expected[LINE + 1];
    ssize_t count = read(STDIN_FILENO, line, LINE);
    make_line(expected, number);
    demand(count == LINE && memcmp(line, expected, LINE) == 0, "input: line %lu: %zd bytes that are not it", number, count);
    demand(write(STDOUT_FILENO, line, LINE) == LINE && dprintf(STDERR_FILENO, "%lu\n", number) > 0, "output: writing: %s", strerror(errno));
}

static void check_output(unsigned long count)
{
    char line[LINE + 1], expected[LINE + 1];
    unsigned long number, i = 0;
    FILE *output = fopen("output", "r"), *log = fopen("errors", "r");
    demand(output != NULL && log != NULL, "output: opening: %s", strerror(errno));
    for (; fread(line, 1, LINE, output) == LINE; i++) {
        make_line(expected, i);
        demand(memcmp(line, expected, LINE) == 0, "output: line %lu is another", i);
        demand(fscanf(log, "%lu", &number) == 1 && number == i, "errors: line %lu is another", i);
    }
    demand(i == count && fscanf(log, "%lu", &number) == EOF, "output: %lu lines instead of %lu", i, count);
    fclose(output);
    fclose(log);
}

int main(int argc, char **argv)
{
    struct victim victim;
    victim_begin(&victim, argc, argv);
    if (victim_option(argv, "own", 0) != 0) {
        make_input();
        put_at(STDIN_FILENO, "input", O_RDONLY);
        put_at(STDOUT_FILENO, "output", O_WRONLY | O_CREAT | O_TRUNC);
        put_at(STDERR_FILENO, "errors", O_WRONLY | O_CREAT | O_TRUNC | O_APPEND);
    }
    victim_ready(&victim);
    unsigned long count = 0;
    while (!victim_stopping() && count < LINES) {
        copy(count++);
        victim_progress(&victim);
        victim_nap(1);
    }
    check_output(count);
    return victim_end();
}

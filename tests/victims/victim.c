#include "tests/victims/victim.h"

#include <errno.h>
#include <fcntl.h>
#include <stdarg.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <time.h>
#include <unistd.h>

static void write_file(const char *name, const char *text)
{
    int fd = open(name, O_WRONLY | O_CREAT | O_CLOEXEC, 0644);
    if (fd < 0 || write(fd, text, strlen(text)) < 0)
        dprintf(2, "%s: writing: %s\n", name, strerror(errno));
    if (fd >= 0)
        close(fd);
}

void victim_begin(struct victim *victim, int argc, char **argv)
{
    if (argc < 2) {
        dprintf(2, "usage: %s DIRECTORY [NAME=NUMBER...]\n", argv[0]);
        exit(2);
    }
    *victim = (struct victim){.directory = argv[1]};
    if (chdir(argv[1]) != 0) {
        dprintf(2, "%s: going there: %s\n", argv[1], strerror(errno));
        exit(2);
    }
}

/* Renamed, so that whoever sees the name sees all of the text. */
void victim_ready(const struct victim *victim)
{
    char text[32];
    (void)victim;
    snprintf(text, sizeof(text), "%d\n", (int)getpid());
    write_file("ready.new", text);
    if (rename("ready.new", "ready") != 0)
        victim_broken("ready: renaming: %s", strerror(errno));
}

void victim_progress(struct victim *victim)
{
    char text[32];
    snprintf(text, sizeof(text), "%012lu\n", ++victim->rounds);
    write_file("progress", text);
}

bool victim_stopping(void)
{
    return access("stop", F_OK) == 0;
}

int victim_end(void)
{
    write_file("whole", "everything held\n");
    return 0;
}

_Noreturn void victim_broken(const char *format, ...)
{
    char sentence[512];
    va_list arguments;
    va_start(arguments, format);
    vsnprintf(sentence, sizeof(sentence) - 1, format, arguments);
    va_end(arguments);
    strcat(sentence, "\n");
    write_file("broken", sentence);
    dprintf(2, "broken: %s", sentence);
    _exit(1);
}

unsigned long victim_option(char **argv, const char *name, unsigned long otherwise)
{
    size_t length = strlen(name);
    for (; *argv != NULL; argv++)
        if (strncmp(*argv, name, length) == 0 && (*argv)[length] == '=')
            return strtoul(*argv + length + 1, NULL, 10);
    return otherwise;
}

int64_t victim_now(void)
{
    struct timespec now;
    clock_gettime(CLOCK_MONOTONIC, &now);
    return (int64_t)now.tv_sec * 1000000000 + now.tv_nsec;
}

void victim_nap(long milliseconds)
{
    const struct timespec time = {.tv_sec = milliseconds / 1000, .tv_nsec = milliseconds % 1000 * 1000000};
    nanosleep(&time, NULL);
}

static uint64_t word(uint64_t index, uint64_t seed)
{
    return (index + 1) * 0x9e3779b97f4a7c15u ^ seed * 0xc2b2ae3d27d4eb4fu;
}

void pattern_fill(void *memory, size_t bytes, uint64_t seed)
{
    uint64_t *words = memory;
    for (size_t i = 0; i < bytes / sizeof(*words); i++)
        words[i] = word(i, seed);
}

void pattern_check(const void *memory, size_t bytes, uint64_t seed, const char *what)
{
    const uint64_t *words = memory;
    for (size_t i = 0; i < bytes / sizeof(*words); i++)
        demand(words[i] == word(i, seed), "%s: %#llx at offset %zu instead of %#llx", what, (unsigned long long)words[i],
               i * sizeof(*words), (unsigned long long)word(i, seed));
}

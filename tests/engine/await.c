/* Waits for an event, with a generous limit: `await exists FILE`, `await gone PID`, `await rounds FILE COUNT PID` (as many more in the number that the file holds;
 * ends early when the process is gone), `await size FILE BYTES PID` (at least so many; likewise), `await asleep PID`, `await stopped PID`, `await childless PID`. Exits 1 with a sentence when the limit is over. */
#include <errno.h>
#include <signal.h>
#include <stdbool.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <time.h>
#include <unistd.h>

enum { LIMIT_MS = 120000 };

struct event {
    char **arguments;
    unsigned long start;
    bool begun;
};

static char state(const char *pid)
{
    char path[64], text[256] = "";
    snprintf(path, sizeof(path), "/proc/%s/stat", pid);
    FILE *file = fopen(path, "re");
    if (file == NULL)
        return 0;
    size_t n = fread(text, 1, sizeof(text) - 1, file);
    fclose(file);
    text[n] = '\0';
    const char *end = strrchr(text, ')');
    return (char)(end == NULL || end[1] == '\0' ? 0 : end[2]);
}

static bool over(const char *pid)
{
    char s = state(pid);
    return s == 0 || s == 'Z';
}

static bool exists(struct event *event)
{
    return access(event->arguments[0], F_OK) == 0;
}

static bool gone(struct event *event)
{
    return over(event->arguments[0]);
}

static bool asleep(struct event *event)
{
    return state(event->arguments[0]) == 'S';
}

static bool stopped(struct event *event)
{
    char s = state(event->arguments[0]);
    return s == 'T' || s == 't';
}

static bool childless(struct event *event)
{
    char path[64];
    snprintf(path, sizeof(path), "/proc/%s/task/%s/children", event->arguments[0], event->arguments[0]);
    FILE *file = fopen(path, "re");
    bool none = file == NULL || fgetc(file) == EOF;
    if (file != NULL)
        fclose(file);
    return none;
}

static bool rounds(struct event *event)
{
    char text[32] = "";
    FILE *file = fopen(event->arguments[0], "re");
    size_t n = file == NULL ? 0 : fread(text, 1, sizeof(text) - 1, file);
    if (file != NULL)
        fclose(file);
    if (n == 0 && file != NULL)
        return over(event->arguments[2]);
    unsigned long now = strtoul(text, NULL, 10);
    if (!event->begun) {
        event->begun = true;
        event->start = now;
    }
    return now >= event->start + strtoul(event->arguments[1], NULL, 10) || over(event->arguments[2]);
}

static bool size(struct event *event)
{
    struct stat status;
    bool large = stat(event->arguments[0], &status) == 0 && status.st_size >= (off_t)strtoul(event->arguments[1], NULL, 10);
    return large || over(event->arguments[2]);
}

static const struct {
    const char *name;
    int arguments;
    bool (*came)(struct event *event);
} events[] = {{"exists", 1, exists}, {"gone", 1, gone}, {"asleep", 1, asleep}, {"stopped", 1, stopped}, {"childless", 1, childless},
            {"rounds", 3, rounds}, {"size", 3, size}};

static int wait_for(bool (*came)(struct event *), struct event *event)
{
    const struct timespec moment = {.tv_nsec = 1000000};
    for (int i = 0; i < LIMIT_MS; i++) {
        if (came(event))
            return 0;
        nanosleep(&moment, NULL);
    }
    fprintf(stderr, "await: %s: it did not come to that\n", event->arguments[0]);
    return 1;
}

int main(int argc, char **argv)
{
    for (size_t i = 0; i < sizeof(events) / sizeof(events[0]); i++) {
        struct event event = {.arguments = argv + 2};
        if (argc >= 2 && strcmp(argv[1], events[i].name) == 0 && argc == 2 + events[i].arguments)
            return wait_for(events[i].came, &event);
    }
    fprintf(stderr, "usage: await exists FILE | gone PID | asleep PID | stopped PID | childless PID | rounds FILE COUNT PID | size FILE BYTES PID\n");
    return 2;
}

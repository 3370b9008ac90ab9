#include <signal.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "checkpt/proc/array.h"
#include "checkpt/proc/lines.h"
#include "checkpt/proc/proc.h"

static const struct {
    char word[8];
    uint32_t notify;
} notifications[] = {{"signal", SIGEV_SIGNAL}, {"none", SIGEV_NONE}, {"thread", SIGEV_THREAD}};

/* "signal/pid.1234"; tid for SIGEV_THREAD_ID */
static void read_notify(const char *text, struct proc_timer *timer)
{
    for (size_t i = 0; i < sizeof(notifications) / sizeof(*notifications); i++) {
        size_t length = strlen(notifications[i].word);
        if (strncmp(text, notifications[i].word, length) == 0 && text[length] == '/')
            timer->notify = notifications[i].notify | (strncmp(text + length + 1, "tid", 3) == 0 ? (uint32_t)SIGEV_THREAD_ID : 0);
    }
    const char *dot = strchr(text, '.');
    if (dot != NULL)
        timer->target = (int32_t)strtol(dot + 1, NULL, 10);
}

static void read_detail(const char *line, struct proc_timer *timer)
{
    unsigned signal;
    unsigned long long value;
    if (sscanf(line, "signal: %u/%llx", &signal, &value) == 2) {
        timer->signal = signal;
        timer->value = value;
    } else if (strncmp(line, "notify: ", 8) == 0) {
        read_notify(line + 8, timer);
    } else if (strncmp(line, "ClockID: ", 9) == 0) {
        timer->clock = (int32_t)strtol(line + 9, NULL, 10);
    }
}

bool proc_timers(int directory, struct arena *arena, struct proc_timer **timers, size_t *count, struct failure *why)
{
    struct proc_lines lines;
    if (!proc_lines_open(&lines, directory, "timers", why))
        return false;
    struct proc_array array = {.element = sizeof(struct proc_timer)};
    struct proc_timer *timer = NULL;
    for (const char *line; (line = proc_lines_next(&lines)) != NULL;) {
        if (strncmp(line, "ID: ", 4) == 0) {
            timer = proc_array_add(&array);
            timer->id = (uint32_t)strtoul(line + 4, NULL, 10);
        } else if (timer != NULL) {
            read_detail(line, timer);
        }
    }
    proc_lines_close(&lines);
    *timers = proc_array_keep(&array, arena, count);
    return true;
}

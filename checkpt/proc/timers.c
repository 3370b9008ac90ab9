#include <signal.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "checkpt/proc/proc.h"
#include "checkpt/proc/text.h"

/* "notify: signal/tid.123", "none/pid.5", "thread/…": the kernel's names of SIGEV_*. */
static void parse_notify(struct proc_timer *timer, const char *value)
{
    static const struct {
        const char *name;
        uint32_t notify;
    } kinds[] = {{"none", SIGEV_NONE}, {"signal", SIGEV_SIGNAL}, {"thread", SIGEV_THREAD}};
    for (size_t i = 0; i < sizeof(kinds) / sizeof(kinds[0]); i++)
        if (strncmp(value, kinds[i].name, strlen(kinds[i].name)) == 0)
            timer->notify = kinds[i].notify;
    if (strstr(value, "/tid.") != NULL)
        timer->notify |= SIGEV_THREAD_ID;
    const char *dot = strrchr(value, '.');
    timer->target = dot != NULL ? (int32_t)strtol(dot + 1, NULL, 10) : 0;
}

/* The value is printed with %px: hexadecimal without 0x. */
static void parse_signal(struct proc_timer *timer, const char *value)
{
    unsigned long long pointer = 0;
    sscanf(value, "%u/%llx", &timer->signal, &pointer);
    timer->value = pointer;
}

bool proc_timers(int directory, struct arena *arena, struct proc_timer **timers, size_t *count, struct failure *why)
{
    size_t length, used = 0;
    char *text = proc_text(directory, "timers", &length, why), *rest = text;
    if (text == NULL)
        return false;
    struct proc_timer *list = NULL;
    for (char *line; (line = proc_line(&rest)) != NULL;) {
        const char *value;
        if ((value = proc_value(line, "ID:")) != NULL) {
            list = arena_grow(arena, list, used, used + 1, sizeof(*list));
            list[used++] = (struct proc_timer){.id = (uint32_t)strtoul(value, NULL, 10)};
        } else if (used == 0) {
            continue;
        } else if ((value = proc_value(line, "signal:")) != NULL) {
            parse_signal(&list[used - 1], value);
        } else if ((value = proc_value(line, "notify:")) != NULL) {
            parse_notify(&list[used - 1], value);
        } else if ((value = proc_value(line, "ClockID:")) != NULL) {
            list[used - 1].clock = (int32_t)strtol(value, NULL, 10);
        }
    }
    free(text);
    *timers = list;
    *count = used;
    return true;
}

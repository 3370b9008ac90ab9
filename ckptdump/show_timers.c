#include <inttypes.h>
#include <signal.h>
#include <stdio.h>

#include "ckptdump/dump.h"
#include "cli/names.h"
#include "cli/table.h"
#include "schemas/timers.pb-c.h"

static void add_times(struct cli_table *table, uint64_t left, uint64_t interval)
{
    char text[CLI_SIZE_TEXT];
    cli_table_cell(table, "%s", left > 0 ? cli_duration(text, left) : "disarmed");
    cli_table_cell(table, "%s", interval > 0 ? cli_duration(text, interval) : "-");
}

static void add_interval_timer(struct cli_table *table, const Ckpt__IntervalTimer *timer)
{
    static const char *const signals[] = {"SIGALRM", "SIGVTALRM", "SIGPROF"};
    struct cli_text name = {0};
    cli_add_name(&name, cli_interval_timers, timer->which);
    cli_table_cell(table, "%s", cli_text_get(&name));
    cli_table_cell(table, "-");
    add_times(table, timer->value > UINT64_MAX / 1000 ? UINT64_MAX : timer->value * 1000,
              timer->interval > UINT64_MAX / 1000 ? UINT64_MAX : timer->interval * 1000);
    cli_table_cell(table, "%s", timer->which < 3 ? signals[timer->which] : "-");
    cli_text_deinit(&name);
}

static void add_posix_timer(struct cli_table *table, const Ckpt__PosixTimer *timer)
{
    struct cli_text clock = {0}, event = {0};
    cli_add_name(&clock, cli_clocks, (uint64_t)timer->clock);
    cli_add_name(&event, cli_notifications, timer->notify);
    if (timer->notify != SIGEV_NONE) {
        cli_text_add(&event, " ");
        cli_add_signal(&event, timer->signal);
        cli_text_add(&event, " value 0x%" PRIx64, timer->value);
    }
    if (timer->tid != 0)
        cli_text_add(&event, " thread %d", timer->tid);
    if (timer->overrun != 0)
        cli_text_add(&event, " overrun %u", timer->overrun);
    cli_table_cell(table, "timer %u", timer->id);
    cli_table_cell(table, "%s", cli_text_get(&clock));
    add_times(table, timer->remaining, timer->interval);
    cli_table_cell(table, "%s", cli_text_get(&event));
    cli_text_deinit(&clock);
    cli_text_deinit(&event);
}

void show_timers(struct dump *dump)
{
    static const struct cli_column columns[] = {{"timer", 0}, {"clock", 0}, {"left", 1}, {"interval", 1}, {"event", 0}, {0}};
    const struct image_list *lists = image_records(&dump->image, CKPT__KIND__KIND_TIMERS);
    size_t total = 0;
    struct cli_table table;
    cli_table_init(&table, stdout, columns);
    for (size_t i = 0; i < lists->count; i++) {
        const Ckpt__Timers *timers = (const void *)lists->messages[i];
        for (size_t n = 0; n < timers->n_interval_timers; n++)
            add_interval_timer(&table, timers->interval_timers[n]);
        for (size_t n = 0; n < timers->n_posix_timers; n++)
            add_posix_timer(&table, timers->posix_timers[n]);
        total += timers->n_interval_timers + timers->n_posix_timers;
    }
    cli_table_deinit(&table);
    if (total == 0)
        show_none("timers");
}

void json_timers(struct dump *dump)
{
    json_records(dump, "timers", CKPT__KIND__KIND_TIMERS);
}

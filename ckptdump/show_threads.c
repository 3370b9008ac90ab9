#include <inttypes.h>
#include <stdio.h>

#include "ckptdump/dump.h"
#include "ckptdump/registers.h"
#include "cli/names.h"
#include "cli/table.h"
#include "schemas/threads.pb-c.h"

static void add_thread(struct cli_table *table, const Ckpt__Thread *thread, const struct registers *registers)
{
    struct cli_text mask = {0}, policy = {0};
    cli_add_signal_set(&mask, thread->signal_mask);
    const Ckpt__Scheduling *scheduling = thread->scheduling;
    if (scheduling != NULL) {
        cli_add_name(&policy, cli_policies, scheduling->policy);
        if (scheduling->priority != 0)
            cli_text_add(&policy, " priority %u", scheduling->priority);
        if (scheduling->nice != 0)
            cli_text_add(&policy, " nice %d", scheduling->nice);
    }
    cli_table_cell(table, "%d", thread->tid);
    cli_table_bytes(table, thread->name.data, thread->name.len);
    if (registers != NULL) {
        cli_table_cell(table, "%" PRIx64, registers->values[REG_RIP]);
        cli_table_cell(table, "%" PRIx64, registers->values[REG_RSP]);
    } else {
        cli_table_cell(table, "-");
        cli_table_cell(table, "-");
    }
    cli_table_cell(table, "%s", policy.length > 0 ? cli_text_get(&policy) : "-");
    cli_table_cell(table, "%s", cli_text_get(&mask));
    cli_text_deinit(&mask);
    cli_text_deinit(&policy);
}

void show_threads(struct dump *dump)
{
    static const struct cli_column columns[] = {{"pid", 1}, {"tid", 1}, {"name", 0}, {"rip", 1}, {"rsp", 1}, {"scheduling", 0}, {"blocked", 0}, {0}};
    const struct image_list *threads = image_records(&dump->image, CKPT__KIND__KIND_THREAD);
    if (threads->count == 0)
        show_none("threads");
    struct cli_table table;
    struct registers registers;
    struct registers_walk walk = {0};
    bool several = image_records(&dump->image, CKPT__KIND__KIND_PROCESS)->count > 1;
    cli_table_init(&table, stdout, several ? columns : columns + 1);
    for (size_t i = 0; i < threads->count; i++) {
        const Ckpt__Thread *thread = (const void *)threads->messages[i];
        bool found = registers_of_thread(&dump->image, &walk, thread->process, &registers);
        if (several)
            cli_table_cell(&table, "%d", image_pid(&dump->image, thread->process));
        add_thread(&table, thread, found ? &registers : NULL);
    }
    cli_table_deinit(&table);
}

void json_threads(struct dump *dump)
{
    json_records(dump, "threads", CKPT__KIND__KIND_THREAD);
}

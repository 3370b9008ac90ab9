#include <inttypes.h>
#include <signal.h>
#include <stdio.h>
#include <string.h>

#include "ckptdump/dump.h"
#include "cli/names.h"
#include "cli/table.h"
#include "schemas/signals.pb-c.h"
#include "schemas/threads.pb-c.h"

static void add_action(struct cli_table *table, const Ckpt__SignalAction *action)
{
    static const char *const dispositions[] = {"SIG_DFL", "SIG_IGN"};
    struct cli_text name = {0}, flags = {0}, mask = {0};
    cli_add_signal(&name, action->signal);
    cli_add_bits(&flags, cli_signal_flags, action->flags, "-");
    cli_add_signal_set(&mask, action->mask);
    cli_table_cell(table, "%s", cli_text_get(&name));
    if (action->handler < 2)
        cli_table_cell(table, "%s", dispositions[action->handler]);
    else
        cli_table_cell(table, "0x%" PRIx64, action->handler);
    cli_table_cell(table, "%s", cli_text_get(&mask));
    cli_table_cell(table, "%s", cli_text_get(&flags));
    cli_text_deinit(&name);
    cli_text_deinit(&flags);
    cli_text_deinit(&mask);
}

static void show_actions(struct dump *dump)
{
    static const struct cli_column columns[] = {{"signal", 0}, {"handler", 0}, {"mask", 0}, {"flags", 0}, {0}};
    const struct image_list *lists = image_records(&dump->image, CKPT__KIND__KIND_SIGNAL_ACTIONS);
    size_t total = 0;
    for (size_t i = 0; i < lists->count; i++) {
        const Ckpt__SignalActions *all = (const void *)lists->messages[i];
        struct cli_table table;
        cli_table_init(&table, stdout, columns);
        for (size_t n = 0; n < all->n_actions; n++)
            add_action(&table, all->actions[n]);
        cli_table_deinit(&table);
        total += all->n_actions;
    }
    if (total == 0)
        printf("every signal has its default action\n");
}

/* The words of a siginfo_t that say where a signal comes from. */
struct origin {
    int32_t signal, error, code, padding, pid;
    uint32_t uid;
};

/* As strace has it. */
static void show_siginfo(const ProtobufCBinaryData *siginfo, int32_t tid)
{
    struct origin origin = {0};
    struct cli_text text = {0};
    if (siginfo->len >= sizeof(origin))
        memcpy(&origin, siginfo->data, sizeof(origin));
    cli_add_signal(&text, (uint32_t)origin.signal);
    cli_text_add(&text, ", si_code=");
    cli_add_name(&text, cli_signal_codes, (uint32_t)origin.code);
    if (origin.code == SI_USER || origin.code == SI_QUEUE || origin.code == SI_TKILL || origin.code == SI_MESGQ)
        cli_text_add(&text, ", si_pid=%d, si_uid=%u", origin.pid, origin.uid);
    if (origin.error != 0)
        cli_text_add(&text, ", si_errno=%d", origin.error);
    if (tid != 0)
        printf("pending for thread %d: %s\n", tid, cli_text_get(&text));
    else
        printf("pending for the process: %s\n", cli_text_get(&text));
    cli_text_deinit(&text);
}

static void show_pending(struct dump *dump)
{
    const struct image_list *lists = image_records(&dump->image, CKPT__KIND__KIND_PENDING_SIGNALS);
    for (size_t i = 0; i < lists->count; i++) {
        const Ckpt__PendingSignals *pending = (const void *)lists->messages[i];
        for (size_t n = 0; n < pending->n_siginfo; n++)
            show_siginfo(&pending->siginfo[n], pending->tid);
    }
}

static void show_masks(struct dump *dump)
{
    const struct image_list *threads = image_records(&dump->image, CKPT__KIND__KIND_THREAD);
    for (size_t i = 0; i < threads->count; i++) {
        const Ckpt__Thread *thread = (const void *)threads->messages[i];
        if (thread->signal_mask == 0)
            continue;
        struct cli_text mask = {0};
        cli_add_signal_set(&mask, thread->signal_mask);
        printf("thread %d blocks %s\n", thread->tid, cli_text_get(&mask));
        cli_text_deinit(&mask);
    }
}

void show_signals(struct dump *dump)
{
    show_actions(dump);
    show_masks(dump);
    show_pending(dump);
}

void json_signals(struct dump *dump)
{
    json_records(dump, "signalActions", CKPT__KIND__KIND_SIGNAL_ACTIONS);
    json_records(dump, "pendingSignals", CKPT__KIND__KIND_PENDING_SIGNALS);
}

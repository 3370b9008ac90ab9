/* Signals and mappings. */
#include <inttypes.h>
#include <string.h>
#include <sys/mman.h>

#include "ckptdump/facts.h"
#include "ckptdump/file_text.h"
#include "cli/names.h"
#include "schemas/signals.pb-c.h"

static void add_action(struct image *image, struct facts *facts, uint32_t process, const Ckpt__SignalAction *action)
{
    static const char *const dispositions[] = {"SIG_DFL", "SIG_IGN"};
    struct cli_text key = {0}, value = {0};
    facts_begin_key(image, process, &key);
    cli_add_signal(&key, action->signal);
    if (action->handler < 2)
        cli_text_add(&value, "%s", dispositions[action->handler]);
    else
        cli_text_add(&value, "0x%" PRIx64, action->handler);
    cli_text_add(&value, " ");
    cli_add_signal_set(&value, action->mask);
    cli_text_add(&value, " ");
    cli_add_bits(&value, cli_signal_flags, action->flags, "-");
    facts_add(facts, action->signal, &key, &value);
}

static void add_pending(struct image *image, struct facts *facts, const Ckpt__PendingSignals *pending)
{
    for (size_t i = 0; i < pending->n_siginfo; i++) {
        struct cli_text key = {0}, value = {0};
        uint32_t signal = 0;
        if (pending->siginfo[i].len >= sizeof(signal))
            memcpy(&signal, pending->siginfo[i].data, sizeof(signal));
        facts_begin_key(image, pending->process, &key);
        if (pending->tid != 0)
            cli_text_add(&key, "thread %d ", pending->tid);
        cli_text_add(&key, "pending");
        cli_add_signal(&value, signal);
        facts_add(facts, 1000 + i, &key, &value);
    }
}

void collect_signals(struct image *image, struct facts *facts)
{
    const struct image_list *actions = image_records(image, CKPT__KIND__KIND_SIGNAL_ACTIONS);
    const struct image_list *pending = image_records(image, CKPT__KIND__KIND_PENDING_SIGNALS);
    for (size_t i = 0; i < actions->count; i++) {
        const Ckpt__SignalActions *all = (const void *)actions->messages[i];
        for (size_t n = 0; n < all->n_actions; n++)
            add_action(image, facts, all->process, all->actions[n]);
    }
    for (size_t i = 0; i < pending->count; i++)
        add_pending(image, facts, (const void *)pending->messages[i]);
}

void collect_mappings(struct image *image, struct facts *facts)
{
    const struct image_list *list = image_records(image, CKPT__KIND__KIND_MEMORY);
    for (size_t i = 0; i < list->count; i++) {
        const Ckpt__Memory *memory = (const void *)list->messages[i];
        for (size_t n = 0; n < memory->n_mappings; n++) {
            const Ckpt__Mapping *m = memory->mappings[n];
            struct cli_text key = {0}, value = {0}, name = {0};
            facts_begin_key(image, memory->process, &key);
            cli_text_add(&key, "%08" PRIx64 "-%08" PRIx64, m->start, m->end);
            cli_text_add(&value, "%c%c%c%c %08" PRIx64 " ", m->protection & PROT_READ ? 'r' : '-', m->protection & PROT_WRITE ? 'w' : '-',
                         m->protection & PROT_EXEC ? 'x' : '-', m->flags & MAP_SHARED ? 's' : 'p', m->offset);
            add_mapping_name(&name, memory, m, image_file(image, m->file));
            cli_text_add_bytes(&value, cli_text_get(&name), name.length);
            cli_text_deinit(&name);
            facts_add(facts, m->start, &key, &value);
        }
    }
}

#include <inttypes.h>
#include <signal.h>
#include <string.h>

#include "ckptedit/edit.h"
#include "cli/names.h"
#include "cli/text.h"
#include "schemas/signals.pb-c.h"
#include "schemas/threads.pb-c.h"

static const char *signal_name(struct cli_text *text, uint64_t signal)
{
    cli_text_clear(text);
    cli_add_signal(text, signal);
    return cli_text_get(text);
}

/* Default actions without a mask or flags are not recorded. */
static void set_action(Ckpt__SignalActions *actions, uint32_t signal, bool ignore)
{
    size_t at = 0;
    while (at < actions->n_actions && actions->actions[at]->signal < signal)
        at++;
    while (at < actions->n_actions && actions->actions[at]->signal == signal)
        message_remove(&actions->actions, &actions->n_actions, at);
    if (!ignore)
        return;
    Ckpt__SignalAction *action = message_create(&ckpt__signal_action__descriptor);
    action->signal = signal;
    action->handler = (uint64_t)(uintptr_t)SIG_IGN;
    message_insert(&actions->actions, &actions->n_actions, at, action);
}

int edit_signal(struct edit *edit, const struct request *request)
{
    int result;
    struct record *record = edit_record(edit, CKPT__KIND__KIND_SIGNAL_ACTIONS, &result);
    if (result != CLI_FINE)
        return result;
    struct cli_text text = {0};
    edit_say(edit, "%s %s", request->on ? "ignore" : "give the default action to", signal_name(&text, request->number));
    cli_text_deinit(&text);
    if (record != NULL) {
        set_action((Ckpt__SignalActions *)record->message, (uint32_t)request->number, request->on);
        record->changed = true;
        return CLI_FINE;
    }
    Ckpt__SignalActions *actions = message_create(&ckpt__signal_actions__descriptor);
    actions->process = edit->process;
    set_action(actions, (uint32_t)request->number, request->on);
    records_add(&edit->records, CKPT__KIND__KIND_SIGNAL_ACTIONS, true, actions);
    return CLI_FINE;
}

static int complain_no_thread(struct edit *edit, const struct request *request)
{
    struct cli_text list = {0};
    enum ckpt_status status = CKPT_OK;
    const struct record *record;
    for (size_t i = 0; (record = records_next(&edit->records, CKPT__KIND__KIND_THREAD, &i, &status)) != NULL;) {
        const Ckpt__Thread *thread = (const Ckpt__Thread *)record->message;
        if (thread->process == edit->process)
            cli_text_add(&list, "%s%d", list.length > 0 ? ", " : "", thread->tid);
    }
    edit_refuse(edit, request, "there is no such thread; there are: %s", cli_text_get(&list));
    cli_text_deinit(&list);
    return CLI_FAILED;
}

int edit_block(struct edit *edit, const struct request *request)
{
    struct cli_text text = {0};
    enum ckpt_status status = CKPT_OK;
    struct record *record;
    size_t seen = 0;
    uint64_t bit = 1ull << (request->number - 1);
    const char *name = signal_name(&text, request->number);
    for (size_t i = 0; (record = records_next(&edit->records, CKPT__KIND__KIND_THREAD, &i, &status)) != NULL;) {
        Ckpt__Thread *thread = (Ckpt__Thread *)record->message;
        if (thread->process != edit->process || (request->count != 0 && thread->tid != request->count))
            continue;
        seen++;
        if (((thread->signal_mask & bit) != 0) == request->on)
            continue;
        edit_say(edit, "%s %s in thread %d", request->on ? "block" : "unblock", name, thread->tid);
        thread->signal_mask ^= bit;
        record->changed = true;
    }
    cli_text_deinit(&text);
    if (status != CKPT_OK)
        return edit_malformed(edit);
    return seen > 0 ? CLI_FINE : complain_no_thread(edit, request);
}

/* The first word of a siginfo_t. 0 where it has none. */
static uint64_t signal_of(const ProtobufCBinaryData *info)
{
    int32_t number = 0;
    if (info->len >= sizeof(number))
        memcpy(&number, info->data, sizeof(number));
    return number > 0 && number <= 64 ? (uint64_t)number : 0;
}

static size_t drop_from(Ckpt__PendingSignals *pending, uint64_t signal, uint64_t *others)
{
    size_t kept = 0, dropped = 0;
    for (size_t i = 0; i < pending->n_siginfo; i++) {
        uint64_t number = signal_of(&pending->siginfo[i]);
        if (signal == 0 || number == signal) {
            message_set_bytes(&pending->siginfo[i], NULL, 0);
            dropped++;
            continue;
        }
        *others |= number > 0 ? 1ull << (number - 1) : 0;
        ProtobufCBinaryData info = pending->siginfo[i];
        pending->siginfo[kept++] = info;
    }
    pending->n_siginfo = kept;
    return dropped;
}

static void say_dropped(const struct edit *edit, const Ckpt__PendingSignals *pending, size_t count)
{
    if (pending->tid == 0)
        edit_say(edit, "drop %zu pending signal%s of the process", count, count == 1 ? "" : "s");
    else
        edit_say(edit, "drop %zu pending signal%s of thread %d", count, count == 1 ? "" : "s", pending->tid);
}

int edit_drop_pending(struct edit *edit, const struct request *request)
{
    enum ckpt_status status = CKPT_OK;
    struct record *record;
    uint64_t others = 0;
    size_t total = 0;
    for (size_t i = 0; (record = records_next(&edit->records, CKPT__KIND__KIND_PENDING_SIGNALS, &i, &status)) != NULL;) {
        Ckpt__PendingSignals *pending = (Ckpt__PendingSignals *)record->message;
        size_t dropped = pending->process == edit->process ? drop_from(pending, request->number, &others) : 0;
        if (dropped == 0)
            continue;
        say_dropped(edit, pending, dropped);
        total += dropped;
        record->changed = true;
        record->dropped = pending->n_siginfo == 0;
    }
    if (status != CKPT_OK)
        return edit_malformed(edit);
    if (total > 0)
        return CLI_FINE;
    if (request->number == 0) {
        edit_say(edit, "drop no pending signal, since none is pending");
        return CLI_FINE;
    }
    struct cli_text list = {0};
    cli_add_signal_set(&list, others);
    edit_refuse(edit, request, "it is not pending; %s%s", others != 0 ? "pending are " : "no signal is", others != 0 ? cli_text_get(&list) : "");
    cli_text_deinit(&list);
    return CLI_FAILED;
}

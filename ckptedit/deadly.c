/* Whether a signal would end the program in its first step: pending, not blocked, with a default action that ends or stops. */
#include <signal.h>
#include <string.h>

#include "ckptedit/edit.h"
#include "schemas/signals.pb-c.h"
#include "schemas/threads.pb-c.h"

static uint64_t bit(int signal)
{
    return 1ull << (signal - 1);
}

/* Those with an action of their own, or that the default action ignores. */
static enum ckpt_status harmless(struct edit *edit, uint32_t process, uint64_t *signals)
{
    enum ckpt_status status = CKPT_OK;
    const struct record *record = records_of(&edit->records, CKPT__KIND__KIND_SIGNAL_ACTIONS, process, &status);
    const Ckpt__SignalActions *actions = record != NULL ? (const Ckpt__SignalActions *)record->message : NULL;
    *signals = bit(SIGCHLD) | bit(SIGURG) | bit(SIGWINCH) | bit(SIGCONT);
    for (size_t i = 0; actions != NULL && i < actions->n_actions; i++) {
        const Ckpt__SignalAction *action = actions->actions[i];
        if (action->handler != (uint64_t)(uintptr_t)SIG_DFL && action->signal > 0 && action->signal <= 64)
            *signals |= bit((int)action->signal);
    }
    return status;
}

/* Blocked in the thread, or for the process as a whole (tid 0) in every thread. */
static enum ckpt_status blocked(struct edit *edit, uint32_t process, int32_t tid, uint64_t *signals)
{
    enum ckpt_status status = CKPT_OK;
    const struct record *record;
    *signals = UINT64_MAX;
    for (size_t i = 0; (record = records_next(&edit->records, CKPT__KIND__KIND_THREAD, &i, &status)) != NULL;) {
        const Ckpt__Thread *thread = (const Ckpt__Thread *)record->message;
        if (thread->process == process && (tid == 0 || thread->tid == tid))
            *signals &= thread->signal_mask;
    }
    return status;
}

static uint64_t signals_of(const Ckpt__PendingSignals *pending)
{
    uint64_t signals = 0;
    for (size_t i = 0; i < pending->n_siginfo; i++) {
        int32_t number = 0;
        if (pending->siginfo[i].len >= sizeof(number))
            memcpy(&number, pending->siginfo[i].data, sizeof(number));
        signals |= number > 0 && number <= 64 ? bit(number) : 0;
    }
    return signals;
}

bool edit_deadly_signals(struct edit *edit, uint64_t *signals)
{
    enum ckpt_status status = CKPT_OK;
    const struct record *record;
    *signals = 0;
    for (size_t i = 0; status == CKPT_OK && (record = records_next(&edit->records, CKPT__KIND__KIND_PENDING_SIGNALS, &i, &status)) != NULL;) {
        const Ckpt__PendingSignals *pending = (const Ckpt__PendingSignals *)record->message;
        uint64_t caught = 0, held = 0;
        status = harmless(edit, pending->process, &caught);
        if (status == CKPT_OK)
            status = blocked(edit, pending->process, pending->tid, &held);
        *signals |= signals_of(pending) & ~caught & ~held;
    }
    if (status == CKPT_OK)
        return true;
    edit_malformed(edit);
    return false;
}

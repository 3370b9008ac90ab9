#include <signal.h>
#include <stdlib.h>
#include <string.h>
#include <sys/syscall.h>

#include "checkpt/resource/all.h"
#include "checkpt/thaw/plan.h"
#include "checkpt/tracee/tracee.h"

enum { HIGHEST = 64, SIGINFO_SIZE = 128, MASK_SIZE = 8 };

/* struct kernel_sigaction: arch/x86/include/uapi/asm/signal.h */
struct kernel_action {
    uint64_t handler, flags, restorer, mask;
};

static uint64_t bit(int signal)
{
    return 1ull << (signal - 1);
}

/* Those that are caught or ignored, and SIGCHLD, whose flags count with SIG_DFL too. */
static bool collect_actions(struct freeze *freeze, struct failure *why)
{
    struct arena *arena = &freeze->model->arena;
    struct proc_status status;
    struct tracee_call calls[HIGHEST];
    uint32_t signals[HIGHEST];
    size_t count = 0;
    if (!proc_status(freeze->directory, "status", arena, &status, why))
        return false;
    uint64_t scratch = tracee_scratch(freeze->tracee);
    for (int n = 1; n <= HIGHEST; n++) {
        if (((status.sig_caught | status.sig_ignored | bit(SIGCHLD)) & bit(n)) == 0 || n == SIGKILL || n == SIGSTOP)
            continue;
        signals[count] = (uint32_t)n;
        calls[count] = (struct tracee_call){SYS_rt_sigaction, {(uint64_t)n, 0, scratch + count * sizeof(struct kernel_action), MASK_SIZE}, 0};
        count++;
    }
    struct kernel_action actions[HIGHEST];
    if (!tracee_calls(freeze->tracee, 0, calls, count, why) || !tracee_read(freeze->tracee, scratch, actions, count * sizeof(actions[0]), why))
        return failure_prepend(why, "signal actions");
    Ckpt__SignalActions *record = &freeze->model->signal_actions;
    record->actions = arena_alloc(arena, count * sizeof(*record->actions));
    for (size_t i = 0; i < count; i++) {
        if (calls[i].result < 0 || (actions[i].handler == 0 && actions[i].flags == 0))
            continue;
        Ckpt__SignalAction *action = arena_alloc(arena, sizeof(*action));
        ckpt__signal_action__init(action);
        action->signal = signals[i];
        action->handler = actions[i].handler;
        action->flags = actions[i].flags;
        action->restorer = actions[i].restorer;
        action->mask = actions[i].mask;
        record->actions[record->n_actions++] = action;
    }
    return true;
}

static bool collect_queue(struct freeze *freeze, size_t thread, bool shared, struct failure *why)
{
    struct model *model = freeze->model;
    void *queue = NULL;
    size_t count = 0;
    if (!tracee_pending_signals(freeze->tracee, thread, shared, &queue, &count, why))
        return failure_prepend(why, "pending signals");
    if (count > 0) {
        Ckpt__PendingSignals *pending = arena_alloc(&model->arena, sizeof(*pending));
        ckpt__pending_signals__init(pending);
        pending->process = MODEL_PROCESS;
        pending->tid = shared ? 0 : tracee_tid(freeze->tracee, thread);
        pending->siginfo = arena_alloc(&model->arena, count * sizeof(*pending->siginfo));
        for (; pending->n_siginfo < count; pending->n_siginfo++) {
            ProtobufCBinaryData *info = &pending->siginfo[pending->n_siginfo];
            info->len = SIGINFO_SIZE;
            info->data = arena_copy(&model->arena, (char *)queue + pending->n_siginfo * SIGINFO_SIZE, SIGINFO_SIZE);
        }
        model->pending = arena_grow(&model->arena, model->pending, model->pending_count, model->pending_count + 1, sizeof(*model->pending));
        model->pending[model->pending_count++] = pending;
    }
    free(queue);
    return true;
}

static bool collect(struct freeze *freeze, struct failure *why)
{
    if (!collect_actions(freeze, why) || !collect_queue(freeze, 0, true, why))
        return false;
    for (size_t i = 0; i < tracee_thread_count(freeze->tracee); i++)
        if (!collect_queue(freeze, i, false, why))
            return false;
    return true;
}

static void explain(struct freeze *freeze, struct findings *findings)
{
    const struct proc_status *status = &freeze->status;
    findings_add(findings, VERDICT_SAVED, "signals", NULL, "%d caught, %d ignored, masks and what is pending", __builtin_popcountll(status->sig_caught),
                 __builtin_popcountll(status->sig_ignored));
    if (freeze->stat.state == 'T')
        findings_add(findings, VERDICT_CHANGED, "signals", "stop it again after the thaw", "it is stopped (SIGSTOP or ^Z); resumed, it runs");
}

static const Ckpt__SignalAction *recorded(const struct model *model, int signal)
{
    for (size_t i = 0; i < model->signal_actions.n_actions; i++)
        if (model->signal_actions.actions[i]->signal == (uint32_t)signal)
            return model->signal_actions.actions[i];
    return NULL;
}

/* After exec nothing is caught, so only what is recorded and what our caller made us ignore needs a call; checkpt catches nothing that it does not give back. */
static bool is_default_here(int signal)
{
    struct sigaction now;
    return sigaction(signal, NULL, &now) == 0 && now.sa_handler == SIG_DFL;
}

static void plan_actions(struct thaw *thaw)
{
    for (int n = 1; n <= HIGHEST; n++) {
        const Ckpt__SignalAction *action = recorded(thaw->model, n);
        bool libc_internal = n == 32 || n == 33; /* glibc does not let one ask: they cannot be ignored by our caller's doing either */
        if (n == SIGKILL || n == SIGSTOP || (action == NULL && (libc_internal || is_default_here(n))))
            continue;
        struct kernel_action wanted = {0};
        if (action != NULL)
            wanted = (struct kernel_action){action->handler, action->flags, action->restorer, action->mask};
        uint32_t data = plan_data(thaw->plan, &wanted, sizeof(wanted), 8);
        PLAN_CALL(thaw->plan, "signal actions", SYS_rt_sigaction, PLAN_NUMBER(n), PLAN_DATA(data), PLAN_NUMBER(0), PLAN_NUMBER(MASK_SIZE));
    }
}

static size_t thread_of(const struct model *model, int32_t tid)
{
    for (size_t i = 0; i < model->thread_count; i++)
        if (model->threads[i].record.tid == tid)
            return i;
    return 0;
}

/* The kernel lets nobody but the receiver queue a signal with a siginfo of the kernel's: each thread queues its own. All are blocked until it leaves. */
static void plan_queue(struct thaw *thaw, const Ckpt__PendingSignals *pending)
{
    struct plan *plan = thaw->plan;
    size_t thread = pending->tid == 0 ? 0 : thread_of(thaw->model, pending->tid);
    plan_thread(plan, thread);
    uint32_t pid = PLAN_CALL(plan, "pending signals", SYS_getpid, PLAN_NUMBER(0));
    uint32_t tid = PLAN_CALL(plan, "pending signals", SYS_gettid, PLAN_NUMBER(0));
    for (size_t i = 0; i < pending->n_siginfo; i++) {
        siginfo_t info;
        memcpy(&info, pending->siginfo[i].data, sizeof(info));
        uint32_t data = plan_data(plan, &info, sizeof(info), 8);
        if (pending->tid == 0)
            PLAN_CALL(plan, "pending signals", SYS_rt_sigqueueinfo, PLAN_RESULT(pid), PLAN_NUMBER(info.si_signo), PLAN_DATA(data));
        else
            PLAN_CALL(plan, "pending signals", SYS_rt_tgsigqueueinfo, PLAN_RESULT(pid), PLAN_RESULT(tid), PLAN_NUMBER(info.si_signo), PLAN_DATA(data));
    }
    plan_thread(plan, 0);
}

static bool plan_signals(struct thaw *thaw, struct failure *why)
{
    (void)why;
    plan_actions(thaw);
    for (size_t i = 0; i < thaw->model->pending_count; i++)
        plan_queue(thaw, thaw->model->pending[i]);
    return true;
}

const struct resource_ops signals_resource = {.name = "signals", .beside_memory = true, .explain = explain, .collect = collect, .plan = plan_signals};

/* Threads again: started by the leader, then each gives itself what it had. All of them wait at a barrier until the program is complete. */
#include <errno.h>
#include <sched.h>
#include <signal.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/prctl.h>
#include <sys/resource.h>
#include <sys/syscall.h>
#include <unistd.h>

#include "checkpt/arch/x86_64/restart.h"
#include "checkpt/resource/filters.h"
#include "checkpt/resource/threads.h"
#include "checkpt/thaw/plan.h"

enum { NAME_MOST = THREADS_NAME_SIZE - 1 };

static int retval_of(const struct thaw *thaw)
{
    return thaw->options.retval != NULL ? *thaw->options.retval : thaw->model->image.retval;
}

/* The thread that asked for the image with libcheckpt looks at these words when it goes on. */
static void plan_call_words(struct thaw *thaw, const Ckpt__CheckpointCall *call)
{
    if (call == NULL || call->resumed_word == 0 || call->resumed_word % sizeof(uint32_t) != 0 || !threads_is_writable(thaw->model, call->resumed_word) ||
        !threads_is_writable(thaw->model, call->resumed_word + sizeof(uint32_t)))
        return;
    plan_store(thaw->plan, call->resumed_word, PLAN_NUMBER(1), 0);
    plan_store(thaw->plan, call->resumed_word + sizeof(uint32_t), PLAN_NUMBER((uint32_t)retval_of(thaw)), 0);
}

/* What it was interrupted in is not made again: by number that is the call itself, else the library's waiting for the helper. */
static void finish_call(const struct thaw *thaw, const Ckpt__CheckpointCall *call, struct user_regs_struct *registers)
{
    if (call == NULL || !restart_is_pending(registers))
        return;
    registers->rax = (unsigned long long)(long long)(call->resumed_word == 0 ? retval_of(thaw) : -EINTR);
    registers->orig_rax = ~0ull;
}

static void plan_registrations(struct plan *plan, const Ckpt__Thread *record)
{
    PLAN_CALL(plan, "thread: its id's address", SYS_set_tid_address, PLAN_NUMBER(record->clear_child_tid));
    if (record->robust_list != 0)
        PLAN_CALL(plan, "thread: its robust list", SYS_set_robust_list, PLAN_NUMBER(record->robust_list), PLAN_NUMBER(record->robust_list_length));
    if (record->rseq != NULL && record->rseq->size != 0)
        PLAN_CALL(plan, "thread: its restartable sequences", SYS_rseq, PLAN_NUMBER(record->rseq->address), PLAN_NUMBER(record->rseq->size),
                  PLAN_NUMBER(record->rseq->flags), PLAN_NUMBER(record->rseq->signature));
    if (record->alternate_stack == NULL || (record->alternate_stack->flags & SS_DISABLE) != 0)
        return;
    stack_t stack = {.ss_sp = (void *)(uintptr_t)record->alternate_stack->address,
                     .ss_flags = (int)record->alternate_stack->flags,
                     .ss_size = record->alternate_stack->size};
    uint32_t data = plan_data(plan, &stack, sizeof(stack), sizeof(uint64_t));
    PLAN_CALL(plan, "thread: its alternate signal stack", SYS_sigaltstack, PLAN_DATA(data), PLAN_NUMBER(0));
}

static bool has_default_scheduling(const Ckpt__Scheduling *wanted)
{
    return wanted->policy == (uint32_t)sched_getscheduler(0) && wanted->policy == SCHED_OTHER && wanted->flags == 0 &&
           wanted->nice == getpriority(PRIO_PROCESS, 0);
}

/* Priorities may take rights that the caller lacks: then the program runs with the caller's. */
static void plan_scheduling(struct plan *plan, const Ckpt__Thread *record)
{
    const Ckpt__Scheduling *wanted = record->scheduling;
    if (wanted != NULL && !has_default_scheduling(wanted)) {
        struct scheduling_attributes attributes = {
            .size = sizeof(attributes),     .policy = wanted->policy,     .flags = wanted->flags,       .nice = wanted->nice,
            .priority = wanted->priority,   .runtime = wanted->runtime,   .deadline = wanted->deadline, .period = wanted->period,
        };
        uint32_t data = plan_data(plan, &attributes, sizeof(attributes), sizeof(uint64_t));
        PLAN_TRY(plan, "thread: scheduling", SYS_sched_setattr, PLAN_NUMBER(0), PLAN_DATA(data), PLAN_NUMBER(0));
    }
    if (record->affinity.len > 0) {
        uint32_t mask = plan_data(plan, record->affinity.data, record->affinity.len, sizeof(uint64_t));
        PLAN_TRY(plan, "thread: affinity", SYS_sched_setaffinity, PLAN_NUMBER(0), PLAN_NUMBER(record->affinity.len), PLAN_DATA(mask));
    }
    if (record->io_priority != (uint32_t)syscall(SYS_ioprio_get, THREADS_IOPRIO_WHO_PROCESS, 0))
        PLAN_TRY(plan, "thread: I/O priority", SYS_ioprio_set, PLAN_NUMBER(THREADS_IOPRIO_WHO_PROCESS), PLAN_NUMBER(0), PLAN_NUMBER(record->io_priority));
}

static void plan_attributes(struct plan *plan, const Ckpt__Thread *record)
{
    char name[THREADS_NAME_SIZE] = {0};
    memcpy(name, record->name.data, record->name.len < NAME_MOST ? record->name.len : NAME_MOST);
    uint32_t data = plan_data(plan, name, sizeof(name), 1);
    PLAN_CALL(plan, "thread: name", SYS_prctl, PLAN_NUMBER(PR_SET_NAME), PLAN_DATA(data));
    if (record->timer_slack != 0 && record->timer_slack != (uint64_t)prctl(PR_GET_TIMERSLACK))
        PLAN_TRY(plan, "thread: timer slack", SYS_prctl, PLAN_NUMBER(PR_SET_TIMERSLACK), PLAN_NUMBER(record->timer_slack));
    if (record->parent_death_signal != 0)
        PLAN_TRY(plan, "thread: parent's death signal", SYS_prctl, PLAN_NUMBER(PR_SET_PDEATHSIG), PLAN_NUMBER(record->parent_death_signal));
    plan_scheduling(plan, record);
    threads_plan_switches(plan, record);
}

static void start(struct thaw *thaw, size_t n)
{
    int32_t tid = thaw->model->threads[n].record.tid;
    char what[64];
    snprintf(what, sizeof(what), "thread %d: starting it", tid);
    thaw->thread_slots[n] = n == 0 ? PLAN_CALL(thaw->plan, "thread ids", SYS_gettid, PLAN_NUMBER(0))
                                   : plan_start_thread(thaw->plan, n, thaw->options.keep_pid ? tid : 0, what);
}

bool threads_plan(struct thaw *thaw, struct failure *why)
{
    (void)why;
    const struct model *model = thaw->model;
    plan_thread(thaw->plan, 0);
    for (size_t i = 0; i < model->thread_count; i++)
        start(thaw, i);
    if (!thaw->options.keep_pid)
        threads_plan_ids(thaw);
    for (size_t i = 0; i < model->thread_count; i++)
        plan_call_words(thaw, model->threads[i].record.checkpoint_call);
    for (size_t i = 0; i < model->thread_count; i++) {
        plan_thread(thaw->plan, i);
        plan_registrations(thaw->plan, &model->threads[i].record);
        plan_attributes(thaw->plan, &model->threads[i].record);
    }
    plan_thread(thaw->plan, 0);
    return true;
}

/* Signals of a queue that a thread with this mask would handle at once. */
static uint64_t due(const Ckpt__PendingSignals *pending, uint64_t mask)
{
    uint64_t set = 0;
    for (size_t i = 0; i < pending->n_siginfo; i++) {
        siginfo_t info;
        memcpy(&info, pending->siginfo[i].data, sizeof(info));
        if (info.si_signo > 0 && info.si_signo <= 64)
            set |= 1ull << (info.si_signo - 1);
    }
    return set & ~mask;
}

/* What is pending for the process goes to the first thread that does not block it. */
static uint64_t due_signals(const struct model *model, size_t n)
{
    uint64_t set = 0;
    for (size_t i = 0; i < model->pending_count; i++) {
        const Ckpt__PendingSignals *pending = model->pending[i];
        if (pending->tid != 0 && pending->tid != model->threads[n].record.tid)
            continue;
        uint64_t here = due(pending, model->threads[n].record.signal_mask);
        for (size_t k = 0; k < n && pending->tid == 0; k++)
            here &= model->threads[k].record.signal_mask;
        set |= here;
    }
    return set;
}

/* A handler that is about to run interrupts the call, as it would have without the freeze; SA_RESTART is only looked at by some calls. */
static enum restart_way way_of(const struct model *model, size_t n)
{
    enum restart_way way = RESTART_AGAIN;
    uint64_t set = due_signals(model, n);
    for (size_t i = 0; i < model->signal_actions.n_actions; i++) {
        const Ckpt__SignalAction *action = model->signal_actions.actions[i];
        if ((set >> (action->signal - 1) & 1) == 0 || action->handler == (uint64_t)(uintptr_t)SIG_IGN || action->handler == (uint64_t)(uintptr_t)SIG_DFL)
            continue;
        if ((action->flags & SA_RESTART) == 0)
            return RESTART_INTERRUPTED;
        way = RESTART_BY_ACTION;
    }
    return way;
}

bool threads_leave(struct thaw *thaw, struct failure *why)
{
    (void)why;
    const struct model *model = thaw->model;
    struct plan_filter *filters = filters_of(&model->process);
    for (size_t i = 0; i < model->thread_count; i++) {
        const struct model_thread *thread = &model->threads[i];
        const Ckpt__AlternateStack *stack = thread->record.alternate_stack;
        struct user_regs_struct registers = thread->registers;
        finish_call(thaw, thread->record.checkpoint_call, &registers);
        restart_adjust(&registers, way_of(model, i));
        struct plan_context context = {.registers = &registers,
                                       .xsave = thread->xsave,
                                       .xsave_size = thread->xsave_size,
                                       .signal_mask = thread->record.signal_mask,
                                       .stack_flags = SS_DISABLE};
        if (stack != NULL && (stack->flags & SS_DISABLE) == 0) {
            context.stack_address = stack->address;
            context.stack_size = stack->size;
            context.stack_flags = stack->flags;
        }
        if (i == 0) {
            context.filters = filters;
            context.filter_count = model->process.n_seccomp_filters;
        }
        plan_leave(thaw->plan, i, &context);
    }
    free(filters);
    return true;
}

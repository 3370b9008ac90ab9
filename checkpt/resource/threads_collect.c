#include <errno.h>
#include <sched.h>
#include <stdlib.h>
#include <string.h>
#include <sys/prctl.h>
#include <sys/syscall.h>
#include <unistd.h>

#include "checkpt/arch/x86_64/restart.h"
#include "checkpt/arch/x86_64/xsave.h"
#include "checkpt/include/sys/checkpoint.h"
#include "checkpt/resource/threads.h"
#include "checkpt/tracee/tracee.h"

/* What a thread can only tell of itself, where the scratch area receives it. */
struct answers {
    stack_t stack;
    uint64_t clear_child_tid;
    int32_t parent_death_signal;
    uint32_t pad;
    char name[THREADS_NAME_SIZE];
    uint8_t switches[THREADS_SWITCHES_ROOM];
};
enum { ASK_STACK, ASK_TID_ADDRESS, ASK_DEATH_SIGNAL, ASK_NAME, ASK_SLACK, ASK_SWITCHES, ASK_COUNT = ASK_SWITCHES + THREADS_SWITCHES };

static bool ask(struct freeze *freeze, size_t n, struct answers *answers, struct tracee_call calls[ASK_COUNT], struct failure *why)
{
    uint64_t scratch = tracee_scratch(freeze->tracee);
    calls[ASK_STACK] = (struct tracee_call){.number = SYS_sigaltstack, .arguments = {0, scratch + offsetof(struct answers, stack)}};
    calls[ASK_TID_ADDRESS] =
        (struct tracee_call){.number = SYS_prctl, .arguments = {PR_GET_TID_ADDRESS, scratch + offsetof(struct answers, clear_child_tid)}};
    calls[ASK_DEATH_SIGNAL] =
        (struct tracee_call){.number = SYS_prctl, .arguments = {PR_GET_PDEATHSIG, scratch + offsetof(struct answers, parent_death_signal)}};
    calls[ASK_NAME] = (struct tracee_call){.number = SYS_prctl, .arguments = {PR_GET_NAME, scratch + offsetof(struct answers, name)}};
    calls[ASK_SLACK] = (struct tracee_call){.number = SYS_prctl, .arguments = {PR_GET_TIMERSLACK}};
    threads_ask_switches(scratch + offsetof(struct answers, switches), calls + ASK_SWITCHES);
    memset(answers, 0, sizeof(*answers));
    if (!tracee_write(freeze->tracee, scratch, answers, sizeof(*answers), why) || !tracee_calls(freeze->tracee, n, calls, ASK_COUNT, why) ||
        !tracee_read(freeze->tracee, scratch, answers, sizeof(*answers), why))
        return false;
    if (calls[ASK_STACK].result < 0) {
        errno = (int)-calls[ASK_STACK].result;
        return failure_errno(why, "sigaltstack");
    }
    return true;
}

static void fill_answers(struct arena *arena, Ckpt__Thread *record, const struct answers *answers, const struct tracee_call *calls)
{
    Ckpt__AlternateStack *stack = arena_alloc(arena, sizeof(*stack));
    ckpt__alternate_stack__init(stack);
    stack->address = (uint64_t)(uintptr_t)answers->stack.ss_sp;
    stack->size = answers->stack.ss_size;
    stack->flags = (uint32_t)answers->stack.ss_flags & ~(uint32_t)SS_ONSTACK;
    record->alternate_stack = stack;
    if (calls[ASK_TID_ADDRESS].result == 0)
        record->clear_child_tid = answers->clear_child_tid;
    if (calls[ASK_DEATH_SIGNAL].result == 0)
        record->parent_death_signal = (uint32_t)answers->parent_death_signal;
    if (calls[ASK_NAME].result == 0) {
        size_t length = strnlen(answers->name, THREADS_NAME_SIZE);
        record->name = (ProtobufCBinaryData){length, arena_copy(arena, answers->name, length)};
    }
    threads_fill_switches(arena, record, calls + ASK_SWITCHES, answers->switches);
    if (calls[ASK_SLACK].result > 0)
        record->timer_slack = (uint64_t)calls[ASK_SLACK].result;
}

static bool collect_registers(struct freeze *freeze, size_t n, struct model_thread *thread, struct failure *why)
{
    struct tracee *tracee = freeze->tracee;
    Ckpt__Thread *record = &thread->record;
    struct tracee_rseq rseq = {0};
    void *xsave;
    if (!tracee_registers(tracee, n, &thread->registers, why) || !tracee_signal_mask(tracee, n, &record->signal_mask, why) ||
        !tracee_robust_list(tracee, n, &record->robust_list, &record->robust_list_length, why) || !tracee_rseq(tracee, n, &rseq, why) ||
        !tracee_xsave(tracee, n, &xsave, &thread->xsave_size, why))
        return false;
    thread->xsave_size = xsave_trim(xsave, thread->xsave_size);
    thread->xsave = arena_copy(&freeze->model->arena, xsave, thread->xsave_size);
    free(xsave);
    if (rseq.size > 0) {
        record->rseq = arena_alloc(&freeze->model->arena, sizeof(*record->rseq));
        ckpt__rseq__init(record->rseq);
        record->rseq->address = rseq.address;
        record->rseq->size = rseq.size;
        record->rseq->signature = rseq.signature;
        record->rseq->flags = rseq.flags;
    }
    return true;
}

static void collect_scheduling(struct arena *arena, Ckpt__Thread *record)
{
    struct scheduling_attributes attributes = {.size = sizeof(attributes)};
    if (syscall(SYS_sched_getattr, record->tid, &attributes, sizeof(attributes), 0) == 0) {
        Ckpt__Scheduling *scheduling = arena_alloc(arena, sizeof(*scheduling));
        ckpt__scheduling__init(scheduling);
        scheduling->policy = attributes.policy;
        scheduling->flags = attributes.flags;
        scheduling->nice = attributes.nice;
        scheduling->priority = attributes.priority;
        scheduling->runtime = attributes.policy == SCHED_DEADLINE ? attributes.runtime : 0;
        scheduling->deadline = attributes.policy == SCHED_DEADLINE ? attributes.deadline : 0;
        scheduling->period = attributes.policy == SCHED_DEADLINE ? attributes.period : 0;
        record->scheduling = scheduling;
    }
    long priority = syscall(SYS_ioprio_get, THREADS_IOPRIO_WHO_PROCESS, record->tid);
    record->io_priority = priority > 0 ? (uint32_t)priority : 0;
}

/* A mask is recorded only where somebody has set one: all CPUs of this host mean nothing on another. */
static void collect_affinity(struct arena *arena, Ckpt__Thread *record)
{
    enum { MASK_SIZE = 1024 };
    unsigned char mask[MASK_SIZE];
    long size = syscall(SYS_sched_getaffinity, record->tid, sizeof(mask), mask), set = 0;
    for (long i = 0; i < size; i++)
        set += __builtin_popcount(mask[i]);
    if (size <= 0 || set >= sysconf(_SC_NPROCESSORS_ONLN))
        return;
    while (size > 0 && mask[size - 1] == 0)
        size--;
    record->affinity = (ProtobufCBinaryData){(size_t)size, arena_copy(arena, mask, (size_t)size)};
}

/* Of a call by number the thread must be in it still: a handler's EINTR may have come in between. */
static void collect_call(struct freeze *freeze, struct model_thread *thread)
{
    const struct freeze_caller *caller = &freeze->caller;
    bool is_in_it = restart_is_in(&thread->registers, SYS_sys_checkpoint) || restart_is_in(&thread->registers, SYS_default_action);
    if (caller->tid != thread->record.tid || (caller->resumed_word == 0 && !is_in_it))
        return;
    thread->record.checkpoint_call = arena_alloc(&freeze->model->arena, sizeof(*thread->record.checkpoint_call));
    ckpt__checkpoint_call__init(thread->record.checkpoint_call);
    thread->record.checkpoint_call->resumed_word = caller->resumed_word;
}

static bool collect_thread(struct freeze *freeze, size_t n, struct failure *why)
{
    struct arena *arena = &freeze->model->arena;
    struct model_thread *thread = &freeze->model->threads[n];
    struct answers answers;
    struct tracee_call calls[ASK_COUNT];
    ckpt__thread__init(&thread->record);
    thread->record.process = MODEL_PROCESS;
    thread->record.tid = tracee_tid(freeze->tracee, n);
    if (!collect_registers(freeze, n, thread, why) || !ask(freeze, n, &answers, calls, why))
        return failure_prepend(why, "thread %d", thread->record.tid);
    fill_answers(arena, &thread->record, &answers, calls);
    collect_call(freeze, thread);
    collect_scheduling(arena, &thread->record);
    collect_affinity(arena, &thread->record);
    return true;
}

bool threads_collect(struct freeze *freeze, struct failure *why)
{
    struct model *model = freeze->model;
    model->thread_count = tracee_thread_count(freeze->tracee);
    model->threads = arena_alloc(&model->arena, model->thread_count * sizeof(*model->threads));
    for (size_t i = 0; i < model->thread_count; i++)
        if (!collect_thread(freeze, i, why))
            return false;
    return true;
}

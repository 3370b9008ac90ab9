#include <errno.h>
#include <signal.h>
#include <stdio.h>
#include <string.h>
#include <sys/syscall.h>
#include <sys/time.h>
#include <time.h>

#include "checkpt/resource/all.h"
#include "checkpt/thaw/plan.h"
#include "checkpt/tracee/tracee.h"
#include "checkpt/uapi.h"

enum { INTERVAL_TIMERS = 3, MOST_PER_BATCH = 256, HIGHEST_ID_WITHOUT_HELP = 4096 };

/* Where a POSIX timer's answers go in the scratch area. */
struct slot {
    struct itimerspec value;
};

static uint64_t microseconds(struct timeval t)
{
    return (uint64_t)t.tv_sec * 1000000 + (uint64_t)t.tv_usec;
}

static uint64_t nanoseconds(struct timespec t)
{
    return (uint64_t)t.tv_sec * 1000000000 + (uint64_t)t.tv_nsec;
}

static struct timespec timespec_of(uint64_t ns)
{
    return (struct timespec){(time_t)(ns / 1000000000), (long)(ns % 1000000000)};
}

static struct timeval timeval_of(uint64_t us)
{
    return (struct timeval){(time_t)(us / 1000000), (suseconds_t)(us % 1000000)};
}

static bool collect_interval(struct freeze *freeze, struct failure *why)
{
    struct arena *arena = &freeze->model->arena;
    uint64_t scratch = tracee_scratch(freeze->tracee);
    struct tracee_call calls[INTERVAL_TIMERS];
    struct itimerval values[INTERVAL_TIMERS];
    for (uint64_t i = 0; i < INTERVAL_TIMERS; i++)
        calls[i] = (struct tracee_call){SYS_getitimer, {i, scratch + i * sizeof(values[0])}, 0};
    if (!tracee_calls(freeze->tracee, 0, calls, INTERVAL_TIMERS, why) || !tracee_read(freeze->tracee, scratch, values, sizeof(values), why))
        return failure_prepend(why, "interval timers");
    Ckpt__Timers *timers = &freeze->model->timers;
    timers->interval_timers = arena_alloc(arena, INTERVAL_TIMERS * sizeof(*timers->interval_timers));
    for (uint32_t i = 0; i < INTERVAL_TIMERS; i++) {
        if (calls[i].result < 0 || (microseconds(values[i].it_value) == 0 && microseconds(values[i].it_interval) == 0))
            continue;
        Ckpt__IntervalTimer *timer = arena_alloc(arena, sizeof(*timer));
        ckpt__interval_timer__init(timer);
        timer->which = i;
        timer->value = microseconds(values[i].it_value);
        timer->interval = microseconds(values[i].it_interval);
        timers->interval_timers[timers->n_interval_timers++] = timer;
    }
    return true;
}

static bool collect_batch(struct freeze *freeze, const struct proc_timer *list, size_t count, struct failure *why)
{
    struct arena *arena = &freeze->model->arena;
    Ckpt__Timers *timers = &freeze->model->timers;
    uint64_t scratch = tracee_scratch(freeze->tracee);
    struct tracee_call calls[2 * MOST_PER_BATCH];
    struct slot slots[MOST_PER_BATCH];
    for (size_t i = 0; i < count; i++) {
        calls[2 * i] = (struct tracee_call){SYS_timer_gettime, {list[i].id, scratch + i * sizeof(slots[0])}, 0};
        calls[2 * i + 1] = (struct tracee_call){SYS_timer_getoverrun, {list[i].id}, 0};
    }
    if (!tracee_calls(freeze->tracee, 0, calls, 2 * count, why) || !tracee_read(freeze->tracee, scratch, slots, count * sizeof(slots[0]), why))
        return failure_prepend(why, "POSIX timers");
    for (size_t i = 0; i < count; i++) {
        if (calls[2 * i].result < 0)
            return failure_set(why, "POSIX timer %u: reading it: %s", list[i].id, strerror((int)-calls[2 * i].result));
        Ckpt__PosixTimer *timer = arena_alloc(arena, sizeof(*timer));
        ckpt__posix_timer__init(timer);
        timer->id = list[i].id;
        timer->clock = list[i].clock;
        timer->notify = list[i].notify;
        timer->signal = list[i].signal;
        timer->value = list[i].value;
        timer->tid = (list[i].notify & SIGEV_THREAD_ID) != 0 ? list[i].target : 0;
        timer->remaining = nanoseconds(slots[i].value.it_value);
        timer->interval = nanoseconds(slots[i].value.it_interval);
        timer->overrun = calls[2 * i + 1].result > 0 ? (uint32_t)calls[2 * i + 1].result : 0;
        timers->posix_timers[timers->n_posix_timers++] = timer;
    }
    return true;
}

/* A kernel without CONFIG_CHECKPOINT_RESTORE has no /proc/PID/timers: then a program may have timers that nobody can see. */
static bool collect(struct freeze *freeze, struct failure *why)
{
    struct proc_timer *list;
    size_t count;
    if (!collect_interval(freeze, why) || !proc_timers(freeze->directory, &freeze->model->arena, &list, &count, why))
        return false;
    freeze->model->timers.posix_timers = arena_alloc(&freeze->model->arena, count * sizeof(Ckpt__PosixTimer *));
    for (size_t done = 0; done < count; done += MOST_PER_BATCH)
        if (!collect_batch(freeze, list + done, count - done < MOST_PER_BATCH ? count - done : MOST_PER_BATCH, why))
            return false;
    return true;
}

/* Clocks of another process or thread are negative numbers with a pid in them; 2 and 3 are the caller's own. */
static bool is_foreign_clock(int32_t clock)
{
    return clock < 0 && (clock & ~7) != ~7;
}

static void explain(struct freeze *freeze, struct findings *findings)
{
    struct proc_timer *list;
    size_t count;
    struct failure why;
    if (!proc_timers(freeze->directory, findings->arena, &list, &count, &why)) {
        findings_add(findings, VERDICT_REFUSED, "timers", "a kernel with CONFIG_CHECKPOINT_RESTORE", "its POSIX timers cannot be listed: %s", why.sentence);
        return;
    }
    findings_add(findings, VERDICT_SAVED, "timers", NULL, "interval timers and %zu POSIX timers, with the time left", count);
    for (size_t i = 0; i < count; i++) {
        char subject[40];
        snprintf(subject, sizeof(subject), "POSIX timer %u", list[i].id);
        if (is_foreign_clock(list[i].clock))
            findings_add(findings, VERDICT_REFUSED, subject, NULL, "it runs on another process's or thread's CPU clock (clock %d)", list[i].clock);
    }
}

static bool kernel_gives_ids(void)
{
    enum { GET = 2 };
    return prctl(PR_TIMER_CREATE_RESTORE_IDS, GET, 0, 0, 0) >= 0;
}

static uint32_t highest_id(const struct model *model)
{
    uint32_t highest = 0;
    for (size_t i = 0; i < model->timers.n_posix_timers; i++)
        if (model->timers.posix_timers[i]->id > highest)
            highest = model->timers.posix_timers[i]->id;
    return highest;
}

static void check(struct thaw *thaw, struct findings *findings)
{
    if (highest_id(thaw->model) > HIGHEST_ID_WITHOUT_HELP && !kernel_gives_ids())
        findings_add(findings, VERDICT_REFUSED, "timers", "a kernel of 6.15 or later", "POSIX timer %u: this kernel cannot give a timer its old id",
                     highest_id(thaw->model));
    for (size_t i = 1; i < thaw->model->timers.n_posix_timers; i++)
        if (thaw->model->timers.posix_timers[i]->id <= thaw->model->timers.posix_timers[i - 1]->id && !kernel_gives_ids())
            findings_add(findings, VERDICT_REFUSED, "timers", "a kernel of 6.15 or later", "POSIX timers are not in the order of their ids");
}

/* ITIMER_REAL stands still while its signal is pending, and goes on when that is taken. */
static void plan_interval(struct thaw *thaw)
{
    const Ckpt__Timers *timers = &thaw->model->timers;
    for (size_t i = 0; i < timers->n_interval_timers; i++) {
        const Ckpt__IntervalTimer *timer = timers->interval_timers[i];
        struct itimerval value = {timeval_of(timer->interval), timeval_of(timer->value != 0 ? timer->value : timer->interval)};
        uint32_t data = plan_data(thaw->plan, &value, sizeof(value), 8);
        PLAN_CALL(thaw->plan, "interval timers", SYS_setitimer, PLAN_NUMBER(timer->which), PLAN_DATA(data), PLAN_NUMBER(0));
    }
}

/* The kernel's struct sigevent: value, signal, notify, tid. */
struct kernel_event {
    uint64_t value;
    int32_t signal, notify, tid;
    int32_t pad[11];
};

static void plan_event_thread(struct thaw *thaw, uint32_t event, int32_t tid)
{
    const struct model *model = thaw->model;
    for (size_t i = 0; i < model->thread_count; i++)
        if (model->threads[i].record.tid == tid)
            plan_store_data(thaw->plan, plan_data_part(thaw->plan, event, offsetof(struct kernel_event, tid), sizeof(int32_t)),
                            PLAN_RESULT(thaw->thread_slots[i]), 0);
}

/* Without the kernel's help ids are given in ascending order from 0: timers that nobody wants are made and deleted until it is the right one's turn. */
static void skip_ids(struct thaw *thaw, uint32_t *next, uint32_t wanted)
{
    struct kernel_event none = {.notify = SIGEV_NONE};
    uint32_t event = plan_data(thaw->plan, &none, sizeof(none), 8), id = plan_data(thaw->plan, NULL, sizeof(int32_t), 4);
    for (; *next < wanted; (*next)++) {
        PLAN_CALL(thaw->plan, "POSIX timers: giving ids", SYS_timer_create, PLAN_NUMBER(CLOCK_MONOTONIC), PLAN_DATA(event), PLAN_DATA(id));
        PLAN_CALL(thaw->plan, "POSIX timers: giving ids", SYS_timer_delete, PLAN_NUMBER(*next));
    }
}

static void plan_posix(struct thaw *thaw, const Ckpt__PosixTimer *timer, bool given, uint32_t *next)
{
    struct plan *plan = thaw->plan;
    char what[48];
    snprintf(what, sizeof(what), "POSIX timer %u", timer->id);
    if (!given)
        skip_ids(thaw, next, timer->id);
    struct kernel_event event = {.value = timer->value, .signal = (int32_t)timer->signal, .notify = (int32_t)timer->notify, .tid = timer->tid};
    uint32_t event_data = plan_data(plan, &event, sizeof(event), 8), id = plan_data(plan, &timer->id, sizeof(timer->id), 4);
    if ((timer->notify & SIGEV_THREAD_ID) != 0)
        plan_event_thread(thaw, event_data, timer->tid);
    PLAN_CALL(plan, what, SYS_timer_create, PLAN_NUMBER(timer->clock), PLAN_DATA(event_data), PLAN_DATA(id));
    *next = timer->id + 1;
    if (timer->remaining == 0 && timer->interval == 0)
        return;
    struct itimerspec value = {timespec_of(timer->interval), timespec_of(timer->remaining)};
    uint32_t data = plan_data(plan, &value, sizeof(value), 8);
    PLAN_CALL(plan, what, SYS_timer_settime, PLAN_NUMBER(timer->id), PLAN_NUMBER(0), PLAN_DATA(data), PLAN_NUMBER(0));
}

static bool plan_timers(struct thaw *thaw, struct failure *why)
{
    (void)why;
    const Ckpt__Timers *timers = &thaw->model->timers;
    bool given = kernel_gives_ids();
    uint32_t next = 0;
    plan_interval(thaw);
    if (timers->n_posix_timers == 0)
        return true;
    if (given)
        PLAN_CALL(thaw->plan, "POSIX timers", SYS_prctl, PLAN_NUMBER(PR_TIMER_CREATE_RESTORE_IDS), PLAN_NUMBER(PR_TIMER_CREATE_RESTORE_IDS_ON),
                  PLAN_NUMBER(0), PLAN_NUMBER(0), PLAN_NUMBER(0));
    for (size_t i = 0; i < timers->n_posix_timers; i++)
        plan_posix(thaw, timers->posix_timers[i], given, &next);
    if (given)
        PLAN_CALL(thaw->plan, "POSIX timers", SYS_prctl, PLAN_NUMBER(PR_TIMER_CREATE_RESTORE_IDS), PLAN_NUMBER(PR_TIMER_CREATE_RESTORE_IDS_OFF),
                  PLAN_NUMBER(0), PLAN_NUMBER(0), PLAN_NUMBER(0));
    return true;
}

const struct resource_ops timers_resource = {.name = "timers", .beside_memory = true, .explain = explain, .collect = collect, .check = check, .plan = plan_timers};

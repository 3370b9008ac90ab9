/* A timer comes back with the time left, as all timers do; one that was set to a moment of the day keeps the moment. */
#include <errno.h>
#include <fcntl.h>
#include <linux/ioctl.h>
#include <linux/types.h>
#include <stdio.h>
#include <string.h>
#include <sys/ioctl.h>
#include <sys/syscall.h>
#include <sys/timerfd.h>
#include <time.h>
#include <unistd.h>

#include "checkpt/resource/all.h"
#include "checkpt/resource/events.h"
#include "checkpt/tracee/tracee.h"
#include "schemas/timerfd.pb-c.h"

#ifndef TFD_IOC_SET_TICKS
#define TFD_IOC_SET_TICKS _IOW('T', 0, __u64)
#endif

enum { NANOSECONDS = 1000000000 };
static const char name[] = "anon_inode:[timerfd]";

static bool is_one(const struct proc_fd *fd)
{
    return events_is(fd, name);
}

static bool is_its(const Ckpt__File *file)
{
    return events_is_file(file, name);
}

static struct files_fate fate(const struct freeze *freeze, const struct proc_fd *fd, struct arena *arena)
{
    (void)freeze;
    (void)fd;
    (void)arena;
    return object_saved(&timerfd_object, "timerfd");
}

static uint64_t time_of_day(void)
{
    struct timespec now;
    clock_gettime(CLOCK_REALTIME, &now);
    return (uint64_t)now.tv_sec * NANOSECONDS + (uint64_t)now.tv_nsec;
}

static uint64_t sum(uint64_t a, uint64_t b)
{
    return a > INT64_MAX - b ? INT64_MAX : a + b;
}

static bool is_moment(int32_t clock, uint32_t flags)
{
    return (clock == CLOCK_REALTIME || clock == CLOCK_REALTIME_ALARM) && (flags & TFD_TIMER_ABSTIME) != 0;
}

/* A periodic timer that has expired stands still in the kernel until somebody reads it or asks for its time: only then is known how often it
 * would have fired by now. The kernel counts the same then as a later read(2) would have. */
static bool bring_up_to_date(struct freeze *freeze, uint32_t number, struct proc_timerfd *timerfd, struct failure *why)
{
    struct tracee_call call = {.number = SYS_timerfd_gettime, .arguments = {number, tracee_scratch(freeze->tracee)}};
    if (timerfd->interval == 0 || timerfd->remaining != 0 || timerfd->ticks == 0)
        return true;
    return tracee_calls(freeze->tracee, 0, &call, 1, why) && proc_timerfd(freeze->directory, number, timerfd, why);
}

static bool collect_one(struct freeze *freeze, uint32_t number, uint32_t file, struct failure *why)
{
    struct proc_timerfd timerfd;
    if (!proc_timerfd(freeze->directory, number, &timerfd, why) || !bring_up_to_date(freeze, number, &timerfd, why))
        return false;
    Ckpt__Timerfd *record = arena_alloc(&freeze->model->arena, sizeof(*record));
    ckpt__timerfd__init(record);
    record->file = file;
    record->clock = timerfd.clock;
    record->flags = timerfd.flags & (TFD_TIMER_ABSTIME | TFD_TIMER_CANCEL_ON_SET);
    record->ticks = timerfd.ticks;
    record->remaining = timerfd.remaining;
    record->interval = timerfd.interval;
    if (is_moment(timerfd.clock, timerfd.flags) && timerfd.remaining != 0)
        record->moment = sum(timerfd.remaining, time_of_day());
    model_add_object(freeze->model, CKPT__KIND__KIND_TIMERFD, record);
    return true;
}

static bool collect(struct freeze *freeze, struct failure *why)
{
    return events_collect(freeze, name, collect_one, why);
}

static void check_one(const Ckpt__Timerfd *record, struct findings *findings)
{
    uint64_t ticks = 1;
    int fd = timerfd_create(record->clock, TFD_CLOEXEC);
    if (fd < 0 && errno == EPERM)
        findings_add(findings, VERDICT_REFUSED, "timerfd", "a caller with CAP_WAKE_ALARM", "clock %d, which wakes the machine: %s", record->clock, strerror(errno));
    else if (fd < 0)
        findings_add(findings, VERDICT_REFUSED, "timerfd", NULL, "clock %d: %s", record->clock, strerror(errno));
    else if (record->ticks > 0 && ioctl(fd, TFD_IOC_SET_TICKS, &ticks) != 0)
        findings_add(findings, VERDICT_REFUSED, "timerfd", "a kernel with CONFIG_CHECKPOINT_RESTORE", "expirations that were not read cannot be given back here: %s",
                     strerror(errno));
    if (fd >= 0)
        close(fd);
}

static void check(struct thaw *thaw, struct findings *findings)
{
    const struct model_objects *records = model_objects(thaw->model, CKPT__KIND__KIND_TIMERFD);
    for (size_t i = 0; i < records->count && findings->refused == 0; i++)
        check_one((const Ckpt__Timerfd *)records->list[i], findings);
}

static bool make(struct making *m, const Ckpt__File *file, struct failure *why)
{
    const Ckpt__Timerfd *record = events_record(m->thaw->model, CKPT__KIND__KIND_TIMERFD, file, why);
    if (record == NULL)
        return false;
    uint32_t given = making_lowest(m, 0);
    PLAN_EXPECT(m->thaw->plan, given, "timerfd: making it", SYS_timerfd_create, PLAN_NUMBER(record->clock), PLAN_NUMBER(TFD_CLOEXEC));
    events_place(m, file, given, 0);
    return true;
}

static struct timespec timespec_of(uint64_t ns)
{
    return (struct timespec){(time_t)(ns / NANOSECONDS), (long)(ns % NANOSECONDS)};
}

/* Moments that have passed meanwhile are ticks; the next is still to come, so that the kernel does not count while the ticks are set. */
static void pass_moments(uint64_t *moment, uint64_t interval, uint64_t *ticks)
{
    uint64_t now = time_of_day();
    if (interval == 0 || *moment > now)
        return;
    uint64_t passed = 1 + (now - *moment) / interval;
    *ticks += passed;
    *moment += passed * interval;
}

/* Where no moment is to come TFD_TIMER_CANCEL_ON_SET still has reads fail when the clock is set. */
static void plan_setting(struct plan *plan, const Ckpt__Timerfd *record, int64_t number, const char *what)
{
    uint64_t first = record->remaining != 0 ? record->remaining : record->interval, ticks = record->ticks;
    uint32_t flags = is_moment(record->clock, record->flags) && (record->moment != 0 || first == 0) ? record->flags : 0;
    if (record->moment != 0 && flags != 0) {
        first = record->moment;
        pass_moments(&first, record->interval, &ticks);
    }
    if (first != 0 || flags != 0) {
        struct itimerspec value = {timespec_of(record->interval), timespec_of(first)};
        uint32_t data = plan_data(plan, &value, sizeof(value), sizeof(uint64_t));
        PLAN_CALL(plan, what, SYS_timerfd_settime, PLAN_NUMBER(number), PLAN_NUMBER(flags), PLAN_DATA(data), PLAN_NUMBER(0));
    }
    if (ticks > 0) {
        uint32_t data = plan_data(plan, &ticks, sizeof(ticks), sizeof(ticks));
        PLAN_CALL(plan, what, SYS_ioctl, PLAN_NUMBER(number), PLAN_NUMBER(TFD_IOC_SET_TICKS), PLAN_DATA(data));
    }
}

static bool plan_timerfds(struct thaw *thaw, struct failure *why)
{
    (void)why;
    const struct model_objects *records = model_objects(thaw->model, CKPT__KIND__KIND_TIMERFD);
    struct arena arena = {0};
    const int64_t *numbers = events_numbers(thaw->model, &arena);
    for (size_t i = 0; i < records->count; i++) {
        const Ckpt__Timerfd *record = (const Ckpt__Timerfd *)records->list[i];
        char what[48];
        if (record->file == 0 || numbers[record->file - 1] < 0)
            continue;
        snprintf(what, sizeof(what), "fd %d: timerfd: setting it", (int)numbers[record->file - 1]);
        plan_setting(thaw->plan, record, numbers[record->file - 1], what);
    }
    arena_deinit(&arena);
    return true;
}

const struct object timerfd_object = {
    .name = "timerfd", .saved = "with the time left and what is unread",
    .is_single = true,
    .is_one = is_one, .is_own = events_is_own, .fate = fate, .is_its = is_its, .make = make,
};
const struct resource_ops timerfd_resource = {.name = "timerfd", .beside_memory = true, .collect = collect, .check = check, .plan = plan_timerfds};

#include <fcntl.h>
#include <sys/syscall.h>

#include "checkpt/resource/all.h"
#include "checkpt/resource/events.h"
#include "schemas/eventfd.pb-c.h"

enum { SEMAPHORE = 1 /* EFD_SEMAPHORE */ };
static const char name[] = "anon_inode:[eventfd]";
static const uint64_t most = UINT64_MAX - 1; /* that write(2) makes */

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
    return object_saved(&eventfd_object, "eventfd");
}

static void explain(struct freeze *freeze, struct findings *findings)
{
    struct proc_eventfd eventfd;
    struct failure ignored;
    for (size_t i = 0; i < freeze->fd_count; i++) {
        if (!is_one(&freeze->fds[i]) || !proc_eventfd(freeze->directory, freeze->fds[i].number, &eventfd, &ignored) || eventfd.tells_semaphore)
            continue;
        findings_add(findings, VERDICT_LOST, "eventfd", "a kernel of 6.5 or later", "this kernel does not tell which are semaphores (EFD_SEMAPHORE): none will be");
        return;
    }
}

static bool collect_one(struct freeze *freeze, uint32_t number, uint32_t file, struct failure *why)
{
    struct proc_eventfd eventfd;
    if (!proc_eventfd(freeze->directory, number, &eventfd, why))
        return false;
    Ckpt__Eventfd *record = arena_alloc(&freeze->model->arena, sizeof(*record));
    ckpt__eventfd__init(record);
    record->file = file;
    record->count = eventfd.count;
    record->semaphore = eventfd.semaphore;
    record->semaphore_unknown = !eventfd.tells_semaphore;
    model_add_object(freeze->model, CKPT__KIND__KIND_EVENTFD, record);
    return true;
}

static bool collect(struct freeze *freeze, struct failure *why)
{
    return events_collect(freeze, name, collect_one, why);
}

static bool make(struct making *m, const Ckpt__File *file, struct failure *why)
{
    struct plan *plan = m->thaw->plan;
    const Ckpt__Eventfd *record = events_record(m->thaw->model, CKPT__KIND__KIND_EVENTFD, file, why);
    if (record == NULL)
        return false;
    uint32_t given = making_lowest(m, 0);
    bool is_large = record->count > UINT32_MAX; /* for the call's argument */
    PLAN_EXPECT(plan, given, "eventfd: making it", SYS_eventfd2, PLAN_NUMBER(is_large ? 0 : record->count),
                PLAN_NUMBER(O_CLOEXEC | (record->semaphore ? SEMAPHORE : 0)));
    if (is_large) {
        uint64_t count = record->count < most ? record->count : most;
        uint32_t data = plan_data(plan, &count, sizeof(count), sizeof(count));
        PLAN_EXPECT(plan, sizeof(count), "eventfd: its count", SYS_write, PLAN_NUMBER(given), PLAN_DATA(data), PLAN_NUMBER(sizeof(count)));
    }
    events_place(m, file, given, 0);
    return true;
}

const struct object eventfd_object = {
    .name = "eventfd", .saved = "with their counts",
    .is_single = true,
    .is_one = is_one, .is_own = events_is_own, .fate = fate, .is_its = is_its, .make = make,
};
const struct resource_ops eventfd_resource = {.name = "eventfd", .beside_memory = true, .explain = explain, .collect = collect};

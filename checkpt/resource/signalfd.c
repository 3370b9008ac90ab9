#include <fcntl.h>
#include <sys/syscall.h>

#include "checkpt/resource/all.h"
#include "checkpt/resource/events.h"
#include "schemas/signalfd.pb-c.h"

static const char name[] = "anon_inode:[signalfd]";

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
    return object_saved(&signalfd_object, "signalfd");
}

static bool collect_one(struct freeze *freeze, uint32_t number, uint32_t file, struct failure *why)
{
    Ckpt__Signalfd *record = arena_alloc(&freeze->model->arena, sizeof(*record));
    ckpt__signalfd__init(record);
    record->file = file;
    if (!proc_signalfd(freeze->directory, number, &record->mask, why))
        return false;
    model_add_object(freeze->model, CKPT__KIND__KIND_SIGNALFD, record);
    return true;
}

static bool collect(struct freeze *freeze, struct failure *why)
{
    return events_collect(freeze, name, collect_one, why);
}

/* What it reads are the signals of whoever reads: those that were pending come with their threads. */
static bool make(struct making *m, const Ckpt__File *file, struct failure *why)
{
    const Ckpt__Signalfd *record = events_record(m->thaw->model, CKPT__KIND__KIND_SIGNALFD, file, why);
    if (record == NULL)
        return false;
    uint32_t given = making_lowest(m, 0), mask = plan_data(m->thaw->plan, &record->mask, sizeof(record->mask), sizeof(record->mask));
    PLAN_EXPECT(m->thaw->plan, given, "signalfd: making it", SYS_signalfd4, PLAN_NUMBER(-1), PLAN_DATA(mask), PLAN_NUMBER(sizeof(record->mask)),
                PLAN_NUMBER(O_CLOEXEC));
    events_place(m, file, given, 0);
    return true;
}

const struct object signalfd_object = {
    .name = "signalfd", .saved = "with their masks",
    .is_single = true,
    .is_one = is_one, .is_own = events_is_own, .fate = fate, .is_its = is_its, .make = make,
};
const struct resource_ops signalfd_resource = {.name = "signalfd", .beside_memory = true, .collect = collect};

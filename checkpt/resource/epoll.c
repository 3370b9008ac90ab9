#include "checkpt/resource/epoll.h"

#include <sys/epoll.h>
#include <sys/syscall.h>

#include "checkpt/resource/all.h"

static const char name[] = "anon_inode:[eventpoll]";

static bool is_one(const struct proc_fd *fd)
{
    return events_is(fd, name);
}

static bool is_its(const Ckpt__File *file)
{
    return events_is_file(file, name);
}

/* While the program stands still that is found out once, by collect. */
static struct files_fate fate(const struct freeze *freeze, const struct proc_fd *fd, struct arena *arena)
{
    struct epoll_targets found;
    struct failure why;
    if (freeze->tracee != NULL || epoll_targets(freeze, fd->number, arena, &found, &why))
        return object_saved(&epoll_object, "epoll");
    return (struct files_fate){.kind = FILES_REFUSED, .noun = "epoll", .reason = arena_printf(arena, "%s", why.sentence)};
}

static Ckpt__EpollRegistration *registration_of(struct model *model, const struct proc_registration *from, size_t target)
{
    Ckpt__EpollRegistration *registration = arena_alloc(&model->arena, sizeof(*registration));
    ckpt__epoll_registration__init(registration);
    registration->number = from->number;
    registration->open_file = model->descriptors.descriptors[target]->open_file;
    registration->events = from->events;
    registration->data = from->data;
    return registration;
}

static bool collect_one(struct freeze *freeze, uint32_t number, uint32_t file, struct failure *why)
{
    struct model *model = freeze->model;
    struct epoll_targets found;
    if (!epoll_targets(freeze, number, &model->arena, &found, why))
        return false;
    Ckpt__Epoll *record = arena_alloc(&model->arena, sizeof(*record));
    ckpt__epoll__init(record);
    record->file = file;
    record->registrations = arena_alloc(&model->arena, (found.count + 1) * sizeof(*record->registrations));
    for (size_t i = 0; i < found.count; i++)
        record->registrations[record->n_registrations++] = registration_of(model, &found.registrations[i], found.targets[i]);
    model_add_object(model, CKPT__KIND__KIND_EPOLL, record);
    return true;
}

static bool collect(struct freeze *freeze, struct failure *why)
{
    return events_collect(freeze, name, collect_one, why);
}

/* What it watches is registered when all descriptors are there. */
static bool make(struct making *m, const Ckpt__File *file, struct failure *why)
{
    if (events_record(m->thaw->model, CKPT__KIND__KIND_EPOLL, file, why) == NULL)
        return false;
    uint32_t given = making_lowest(m, 0);
    PLAN_EXPECT(m->thaw->plan, given, "epoll: making it", SYS_epoll_create1, PLAN_NUMBER(EPOLL_CLOEXEC));
    events_place(m, file, given, 0);
    return true;
}

const struct object epoll_object = {
    .name = "epoll", .saved = "with what they watch",
    .is_single = true,
    .is_one = is_one, .is_own = events_is_own, .fate = fate, .is_its = is_its, .make = make,
};
const struct resource_ops epoll_resource = {.name = "epoll", .beside_memory = true, .collect = collect, .check = epoll_check, .plan = epoll_plan};

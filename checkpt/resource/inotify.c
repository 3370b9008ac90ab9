#include "checkpt/resource/inotify.h"

#include <errno.h>
#include <stdlib.h>
#include <sys/inotify.h>
#include <sys/ioctl.h>
#include <sys/sysmacros.h>
#include <sys/syscall.h>
#include <unistd.h>

#include "checkpt/resource/all.h"
#include "checkpt/resource/file_record.h"

static const char name[] = "anon_inode:inotify";

static bool is_one(const struct proc_fd *fd)
{
    return events_is(fd, name);
}

static bool is_its(const Ckpt__File *file)
{
    return events_is_file(file, name);
}

static int compare_watches(const void *a, const void *b)
{
    uint32_t x = ((const struct proc_watch *)a)->descriptor, y = ((const struct proc_watch *)b)->descriptor;
    return (x > y) - (x < y);
}

struct found {
    struct proc_watch *watches;
    const struct watched_file **files;
    size_t count;
};

/* A thaw gets the watches' numbers by making and removing others until it is the right one's turn. */
static bool find(const struct freeze *freeze, uint32_t number, struct arena *arena, struct found *found, struct failure *why)
{
    if (!proc_inotify(freeze->directory, number, arena, &found->watches, &found->count, why))
        return false;
    if (found->count > 0)
        qsort(found->watches, found->count, sizeof(*found->watches), compare_watches);
    found->files = arena_alloc(arena, (found->count + 1) * sizeof(*found->files));
    watched_find(freeze, found->watches, found->count, found->files);
    for (size_t i = 0; i < found->count; i++)
        if (found->files[i]->path == NULL)
            return failure_set(why, "watch %u: no path was found that leads to inode %llu of device %u:%u", found->watches[i].descriptor,
                               (unsigned long long)found->watches[i].inode, major(found->watches[i].device), minor(found->watches[i].device));
    if (found->count > 0 && found->watches[found->count - 1].descriptor - found->count > INOTIFY_SKIPPED_MOST)
        return failure_set(why, "watch %u: the program has had too many others before it to make it again", found->watches[found->count - 1].descriptor);
    return true;
}

static struct files_fate fate(const struct freeze *freeze, const struct proc_fd *fd, struct arena *arena)
{
    struct found found;
    struct failure why;
    if (freeze->tracee != NULL || find(freeze, fd->number, arena, &found, &why))
        return object_saved(&inotify_object, "inotify");
    return (struct files_fate){.kind = FILES_REFUSED, .noun = "inotify", .reason = arena_printf(arena, "%s", why.sentence),
                               .way_out = "have the program close it first"};
}

/* Nobody can look at events without taking them. */
static bool has_no_events(const struct freeze *freeze, uint32_t number, struct failure *why)
{
    int bytes = 0, fd = object_duplicate(freeze, number, why);
    if (fd < 0)
        return false;
    int error = ioctl(fd, FIONREAD, &bytes) != 0 ? errno : 0;
    close(fd);
    errno = error;
    if (error != 0)
        return failure_errno(why, "asking for events that were not read");
    return bytes == 0 || failure_set(why, "there are events (%d bytes) that the program has not read yet; try again when it has", bytes);
}

/* A program reads its events soon. */
static bool is_moment(const struct freeze *freeze)
{
    struct failure ignored;
    for (size_t i = 0; i < freeze->fd_count; i++)
        if (is_one(&freeze->fds[i]) && !has_no_events(freeze, freeze->fds[i].number, &ignored))
            return false;
    return true;
}

static Ckpt__InotifyWatch *watch_of(struct model *model, const struct proc_watch *from, const struct watched_file *file)
{
    Ckpt__InotifyWatch *watch = arena_alloc(&model->arena, sizeof(*watch));
    ckpt__inotify_watch__init(watch);
    watch->descriptor = from->descriptor;
    watch->file = file_record(model, file->path, &file->status, false)->id;
    watch->mask = from->mask;
    return watch;
}

static bool collect_one(struct freeze *freeze, uint32_t number, uint32_t file, struct failure *why)
{
    struct model *model = freeze->model;
    struct found found;
    if (!has_no_events(freeze, number, why) || !find(freeze, number, &model->arena, &found, why))
        return false;
    Ckpt__Inotify *record = arena_alloc(&model->arena, sizeof(*record));
    ckpt__inotify__init(record);
    record->file = file;
    record->watches = arena_alloc(&model->arena, (found.count + 1) * sizeof(*record->watches));
    for (size_t i = 0; i < found.count; i++)
        record->watches[record->n_watches++] = watch_of(model, &found.watches[i], found.files[i]);
    model_add_object(model, CKPT__KIND__KIND_INOTIFY, record);
    return true;
}

static bool collect(struct freeze *freeze, struct failure *why)
{
    return events_collect(freeze, name, collect_one, why);
}

static bool make(struct making *m, const Ckpt__File *file, struct failure *why)
{
    if (events_record(m->thaw->model, CKPT__KIND__KIND_INOTIFY, file, why) == NULL)
        return false;
    uint32_t given = making_lowest(m, 0);
    PLAN_EXPECT(m->thaw->plan, given, "inotify: making it", SYS_inotify_init1, PLAN_NUMBER(IN_CLOEXEC));
    events_place(m, file, given, 0);
    return true;
}

const struct object inotify_object = {
    .name = "inotify", .saved = "with their watches",
    .is_single = true,
    .is_one = is_one, .is_own = events_is_own, .fate = fate, .is_its = is_its, .make = make,
};
const struct resource_ops inotify_resource = {
    .name = "inotify", .beside_memory = true,
    .is_moment = is_moment,
    .collect = collect,
    .check = inotify_check,
    .plan = inotify_plan,
};

/* Watches again, with their numbers. The kernel gives those in ascending order from 1, so others are made and removed until it is the right one's
 * turn; each that is removed leaves an event (IN_IGNORED), which is read. Meanwhile the watches wait for next to nothing, so that no event of theirs
 * comes in between; then they get their masks. */
#include <errno.h>
#include <stdio.h>
#include <string.h>
#include <sys/inotify.h>
#include <sys/stat.h>
#include <sys/syscall.h>
#include <unistd.h>

#include "checkpt/resource/file_record.h"
#include "checkpt/resource/inotify.h"

enum { READ_AT_ONCE = 64, KNOWN_MASK = IN_ALL_EVENTS | IN_EXCL_UNLINK | (int)IN_ONESHOT, NEXT_TO_NOTHING = IN_DELETE_SELF };

static bool is_its_file(const Ckpt__File *file, const struct stat *status)
{
    return file->inode == status->st_ino && file->device == status->st_dev;
}

/* Something that the program does not watch. */
static const char *path_beside(const struct model *model, const Ckpt__Inotify *inotify)
{
    static const char *const paths[] = {"/", "/proc", "/dev", "/sys", "/dev/null"};
    struct stat status;
    for (size_t i = 0; i < sizeof(paths) / sizeof(paths[0]); i++) {
        bool is_free = stat(paths[i], &status) == 0 && access(paths[i], R_OK) == 0;
        for (size_t k = 0; k < inotify->n_watches && is_free; k++) {
            char path[PATH_MAX];
            struct stat watched;
            const Ckpt__File *file = model_file(model, inotify->watches[k]->file);
            is_free = file == NULL || stat(file_path(file, path), &watched) != 0 || watched.st_ino != status.st_ino || watched.st_dev != status.st_dev;
        }
        if (is_free)
            return paths[i];
    }
    return NULL;
}

static uint32_t follow(const Ckpt__File *file)
{
    return S_ISLNK(file->mode) ? IN_DONT_FOLLOW : 0;
}

static uint32_t mask_of(const Ckpt__InotifyWatch *watch)
{
    return watch->mask & (uint32_t)KNOWN_MASK;
}

static void check_watch(const struct thaw *thaw, int rehearsal, const Ckpt__InotifyWatch *watch, const char *subject, struct findings *findings)
{
    char path[PATH_MAX];
    struct stat status;
    const Ckpt__File *file = model_file(thaw->model, watch->file);
    bool ignore = thaw->options.changed == CHANGED_IGNORE;
    if (file == NULL || mask_of(watch) == 0)
        findings_add(findings, VERDICT_REFUSED, subject, NULL, "inotify: watch %u: it has no file, or waits for no event", watch->descriptor);
    else if (lstat(file_path(file, path), &status) != 0 || inotify_add_watch(rehearsal, path, NEXT_TO_NOTHING | follow(file)) < 0)
        findings_add(findings, VERDICT_REFUSED, subject, errno == ENOSPC ? "raise fs.inotify.max_user_watches" : "put it back to where it was",
                     "inotify: watch %u: %s: %s", watch->descriptor, path, strerror(errno));
    else if (file->inode != 0 && !is_its_file(file, &status))
        findings_add(findings, ignore ? VERDICT_CHANGED : VERDICT_REFUSED, subject, ignore ? NULL : "put that of then back, or --changed=ignore",
                     "inotify: watch %u: %s has been replaced by another since the freeze", watch->descriptor, path);
}

static void check_numbers(const Ckpt__Inotify *inotify, const char *subject, struct findings *findings)
{
    for (size_t i = 0; i < inotify->n_watches; i++)
        if (inotify->watches[i]->descriptor <= (i == 0 ? 0 : inotify->watches[i - 1]->descriptor) ||
            inotify->watches[i]->descriptor - i > INOTIFY_SKIPPED_MOST)
            findings_add(findings, VERDICT_REFUSED, subject, NULL, "inotify: watch %u: its number is not in order, or too high", inotify->watches[i]->descriptor);
}

/* All is tried beforehand. */
static void check_one(const struct thaw *thaw, const Ckpt__Inotify *inotify, int64_t number, struct findings *findings)
{
    char subject[32];
    snprintf(subject, sizeof(subject), "fd %d", (int)number);
    int rehearsal = inotify_init1(IN_CLOEXEC | IN_NONBLOCK);
    if (rehearsal < 0) {
        findings_add(findings, VERDICT_REFUSED, subject, errno == EMFILE ? "raise fs.inotify.max_user_instances" : NULL, "inotify: %s", strerror(errno));
        return;
    }
    check_numbers(inotify, subject, findings);
    for (size_t i = 0; i < inotify->n_watches; i++)
        check_watch(thaw, rehearsal, inotify->watches[i], subject, findings);
    if (path_beside(thaw->model, inotify) == NULL)
        findings_add(findings, VERDICT_REFUSED, subject, NULL, "inotify: there is nothing left to watch that it does not watch");
    close(rehearsal);
}

void inotify_check(struct thaw *thaw, struct findings *findings)
{
    const struct model_objects *records = model_objects(thaw->model, CKPT__KIND__KIND_INOTIFY);
    const int64_t *numbers = events_numbers(thaw->model, findings->arena);
    for (size_t i = 0; i < records->count; i++) {
        const Ckpt__Inotify *inotify = (const Ckpt__Inotify *)records->list[i];
        if (inotify->file != 0 && numbers[inotify->file - 1] >= 0)
            check_one(thaw, inotify, numbers[inotify->file - 1], findings);
    }
}

static void plan_watch(struct plan *plan, const char *what, int64_t fd, uint32_t path, uint32_t mask, uint32_t expected)
{
    PLAN_EXPECT(plan, expected, what, SYS_inotify_add_watch, PLAN_NUMBER(fd), PLAN_DATA(path), PLAN_NUMBER(mask));
}

static void skip(struct plan *plan, int64_t fd, const char *beside, uint32_t from, uint32_t to)
{
    uint32_t path = plan_data(plan, beside, strlen(beside) + 1, 1), room = plan_data(plan, NULL, READ_AT_ONCE * sizeof(struct inotify_event), sizeof(uint32_t));
    for (uint32_t next = from, unread = 0; next < to; next++) {
        plan_watch(plan, "inotify: giving numbers", fd, path, NEXT_TO_NOTHING, next);
        PLAN_CALL(plan, "inotify: giving numbers", SYS_inotify_rm_watch, PLAN_NUMBER(fd), PLAN_NUMBER(next));
        if (++unread < READ_AT_ONCE && next + 1 < to)
            continue;
        PLAN_EXPECT(plan, unread * sizeof(struct inotify_event), "inotify: giving numbers", SYS_read, PLAN_NUMBER(fd), PLAN_DATA(room),
                    PLAN_NUMBER(unread * sizeof(struct inotify_event)));
        unread = 0;
    }
}

static bool plan_one(struct thaw *thaw, const Ckpt__Inotify *inotify, int64_t fd, struct failure *why)
{
    struct plan *plan = thaw->plan;
    struct arena arena = {0};
    const char *beside = path_beside(thaw->model, inotify);
    uint32_t *paths = arena_alloc(&arena, (inotify->n_watches + 1) * sizeof(*paths)), next = 1;
    for (size_t pass = 0; pass < 2 && beside != NULL; pass++)
        for (size_t i = 0; i < inotify->n_watches; i++) {
            const Ckpt__InotifyWatch *watch = inotify->watches[i];
            const Ckpt__File *file = model_file(thaw->model, watch->file);
            char path[PATH_MAX], what[PATH_MAX + 64];
            snprintf(what, sizeof(what), "fd %d: inotify: watching %s", (int)fd, file_path(file, path));
            if (pass == 0) {
                if (next < watch->descriptor)
                    skip(plan, fd, beside, next, watch->descriptor);
                paths[i] = plan_data(plan, path, strlen(path) + 1, 1);
                next = watch->descriptor + 1;
            }
            plan_watch(plan, what, fd, paths[i], (pass == 0 ? (uint32_t)NEXT_TO_NOTHING : mask_of(watch)) | follow(file), watch->descriptor);
        }
    arena_deinit(&arena);
    return beside != NULL || failure_set(why, "fd %d: inotify: there is nothing left to watch that it does not watch", (int)fd);
}

bool inotify_plan(struct thaw *thaw, struct failure *why)
{
    const struct model_objects *records = model_objects(thaw->model, CKPT__KIND__KIND_INOTIFY);
    struct arena arena = {0};
    const int64_t *numbers = events_numbers(thaw->model, &arena);
    bool done = true;
    for (size_t i = 0; i < records->count && done; i++) {
        const Ckpt__Inotify *inotify = (const Ckpt__Inotify *)records->list[i];
        if (inotify->file != 0 && numbers[inotify->file - 1] >= 0)
            done = plan_one(thaw, inotify, numbers[inotify->file - 1], why);
    }
    arena_deinit(&arena);
    return done;
}

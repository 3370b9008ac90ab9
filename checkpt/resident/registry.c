#include "checkpt/resident/registry.h"

#include <errno.h>
#include <fcntl.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/resource.h>
#include <sys/xattr.h>
#include <unistd.h>

#include "checkpt/freeze/freeze.h"
#include "checkpt/resident/handler.h"
#include "checkpt/resident/record.h"
#include "checkpt/resident/stand_in.h"
#include "checkpt/resident/starter.h"
#include "checkpt/resident/store.h"

bool registry_open(struct registry *registry, struct registry_result *result, struct failure *why)
{
    *registry = (struct registry){.lock = -1};
    result->error = 0;
    if (geteuid() != 0) {
        result->error = EPERM;
        return failure_set(why, "only root can make programs resident");
    }
    if (!store_open(&registry->lock, why))
        return false;
    registry->has_handlers = handler_is_possible();
    return true;
}

void registry_close(struct registry *registry)
{
    if (registry->lock >= 0)
        close(registry->lock);
    registry->lock = -1;
}

bool registry_list(struct registry_entry **list, size_t *count, struct failure *why)
{
    if (!store_list(list, count, why))
        return false;
    for (size_t i = 0; i < *count; i++)
        (*list)[i].has_handler = handler_exists((*list)[i].id);
    return true;
}

void registry_free_list(struct registry_entry *list, size_t count)
{
    for (size_t i = 0; i < count; i++)
        free(list[i].path);
    free(list);
}

static uint32_t free_id(const struct registry_entry *list, size_t count)
{
    uint32_t id = handler_highest() + 1;
    for (size_t i = 0; i < count; i++)
        if (list[i].id >= id)
            id = list[i].id + 1;
    return id;
}

/* One that is being registered, and those that are. */
struct making {
    const struct registry *registry;
    const struct registry_add *add;
    const char *path;              /* of its binary */
    struct stat binary;
    char base[STORE_NAME];
    struct registry_entry *list;
    size_t count;
    uint32_t id;
};

static bool is_unchanged(const struct start_identity *then, const char *path)
{
    struct start_identity now;
    struct failure why;
    if (!record_identify(path, &now, &why))
        return false;
    bool touched = then->changed_seconds != now.changed_seconds || then->changed_nanoseconds != now.changed_nanoseconds;
    return then->device == now.device && then->inode == now.inode && then->size == now.size && then->modified_seconds == now.modified_seconds &&
           then->modified_nanoseconds == now.modified_nanoseconds && (!touched || then->contents == now.contents);
}

/* A registration of a file that has changed since, or of a name or number that another file has now, is in nobody's way; nor is one that was not finished. */
static bool is_superseded(const struct making *making, const struct registry_entry *entry)
{
    return strcmp(entry->base, making->base) == 0 || strcmp(entry->path, making->path) == 0;
}

static bool make_room(const struct making *making, struct registry_result *result, struct failure *why)
{
    for (size_t i = 0; i < making->count; i++) {
        const struct registry_entry *entry = &making->list[i];
        if (!is_superseded(making, entry))
            continue;
        if (is_unchanged(&entry->binary, making->path) && (entry->has_handler || !making->registry->has_handlers)) {
            result->error = EEXIST;
            return failure_set(why, "it is resident already, with id %u", entry->id);
        }
        handler_remove(entry->id);
        store_remove(entry->base);
    }
    return true;
}

/* Whoever may read the program may read the image. */
static bool freeze_into_store(const struct registry_add *add, const char *image, const struct stat *binary, struct failure *why)
{
    char written[FREEZE_NAME_MAX];
    const struct freeze_request request = {.pid = add->pid, .output = image, .caller = add->caller, .options = {.memory_only = true}};
    if (!freeze_program(&request, written, why))
        return false;
    mode_t mode = 0400 | (binary->st_mode & 0444);
    return chmod(image, mode) == 0 || failure_errno(why, "%s", image);
}

/* What several programs share cannot have the name of one of them. */
static bool add_handler(const struct making *making, int fd, struct failure *why)
{
    char starter[PATH_MAX], stand_in[32];
    int stand_in_fd = -1;
    bool shared = false;
    if (!starter_path(starter, why))
        return false;
    for (size_t i = 0; i < making->count; i++)
        shared = shared || (!is_superseded(making, &making->list[i]) && handler_is_shared(fd, making->list[i].path));
    if (!shared && !stand_in_make(starter, making->add->binary, &stand_in_fd, why))
        return false;
    snprintf(stand_in, sizeof(stand_in), "/proc/self/fd/%d", stand_in_fd);
    bool done = handler_add(making->id, fd, shared ? starter : stand_in, why);
    if (stand_in_fd >= 0)
        close(stand_in_fd);
    return done;
}

static bool make_entry(const struct making *making, struct failure *why)
{
    char image[PATH_MAX];
    void *bytes = NULL;
    size_t size;
    store_path(image, making->base, START_IMAGE_SUFFIX);
    const struct registry_add *add = making->add;
    struct rlimit stack = {.rlim_cur = RLIM_INFINITY};
    prlimit(add->pid, RLIMIT_STACK, NULL, &stack);
    const struct record_request request = {
        .image = image, .binary = add->binary, .id = making->id, .kind = add->kind, .entry = add->entry, .stack_limit = stack.rlim_cur,
    };
    int fd = open(add->binary, O_RDONLY | O_CLOEXEC);
    bool done = fd >= 0 || failure_errno(why, "%s", add->binary);
    done = done && freeze_into_store(add, image, &making->binary, why) && record_make(&request, &bytes, &size, why) && store_add(making->base, bytes, size, why);
    if (done && making->registry->has_handlers)
        done = add_handler(making, fd, why);
    free(bytes);
    if (fd >= 0)
        close(fd);
    if (!done)
        store_remove(making->base);
    return done;
}

static bool look(struct making *making, const struct registry *registry, const char *path, struct registry_result *result, struct failure *why)
{
    *making = (struct making){.registry = registry, .path = path};
    result->error = 0;
    if (stat(path, &making->binary) != 0) {
        result->error = ENOENT;
        return failure_errno(why, "%s", path);
    }
    if ((making->binary.st_mode & (S_ISUID | S_ISGID)) != 0) {
        result->error = EPERM;
        return failure_set(why, "%s: a set-id program cannot be resident", path);
    }
    if (getxattr(path, "security.capability", NULL, 0) > 0) {
        result->error = EPERM;
        return failure_set(why, "%s: a program with capabilities of its own cannot be resident", path);
    }
    store_name(making->base, &making->binary);
    return registry_list(&making->list, &making->count, why);
}

bool registry_make_room(const struct registry *registry, const char *path, struct registry_result *result, struct failure *why)
{
    struct making making;
    bool done = look(&making, registry, path, result, why) && (make_room(&making, result, why) || failure_prepend(why, "%s", path));
    registry_free_list(making.list, making.count);
    return done;
}

bool registry_register(struct registry *registry, const struct registry_add *add, uint32_t *id, struct registry_result *result, struct failure *why)
{
    struct making making;
    if (!look(&making, registry, add->binary, result, why))
        return false;
    making.add = add;
    making.id = free_id(making.list, making.count);
    bool done = (make_room(&making, result, why) && make_entry(&making, why)) || failure_prepend(why, "%s", add->binary);
    if (done)
        *id = making.id;
    registry_free_list(making.list, making.count);
    return done;
}

static bool is_meant(const struct registry_entry *entry, uint32_t id, const char *binary, const struct stat *status, bool has_status)
{
    if (id != 0)
        return entry->id == id;
    if (binary == NULL)
        return true;
    return strcmp(entry->path, binary) == 0 || (has_status && entry->binary.device == status->st_dev && entry->binary.inode == status->st_ino);
}

bool registry_remove(struct registry *registry, uint32_t id, const char *binary, size_t *count, struct registry_result *result, struct failure *why)
{
    struct registry_entry *list;
    size_t listed;
    struct stat status;
    bool has_status = binary != NULL && stat(binary, &status) == 0;
    (void)registry;
    *count = 0;
    result->error = 0;
    if (!registry_list(&list, &listed, why))
        return false;
    for (size_t i = 0; i < listed; i++) {
        if (!is_meant(&list[i], id, binary, &status, has_status))
            continue;
        handler_remove(list[i].id);
        store_remove(list[i].base);
        (*count)++;
    }
    if (id == 0 && binary == NULL)
        handler_remove_all();
    registry_free_list(list, listed);
    if (*count > 0 || (id == 0 && binary == NULL))
        return true;
    result->error = ENOENT;
    return id != 0 ? failure_set(why, "no resident program has id %u", id) : failure_set(why, "%s: is not resident", binary);
}

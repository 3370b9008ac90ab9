#include "checkpt/resident/registry.h"

#include <dirent.h>
#include <errno.h>
#include <fcntl.h>
#include <limits.h>
#include <linux/magic.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/file.h>
#include <sys/mount.h>
#include <sys/stat.h>
#include <sys/vfs.h>
#include <unistd.h>

#include "checkpt/freeze/freeze.h"
#include "checkpt/resident/handler.h"
#include "checkpt/resident/record.h"
#include "checkpt/resident/starter.h"

enum { BASE_SIZE = sizeof(((struct registry_entry *)NULL)->base), COUNT_SIZE = 4096 };

static void base_of(char base[BASE_SIZE], const struct stat *binary)
{
    snprintf(base, BASE_SIZE, START_NAME_FORMAT, (unsigned long long)binary->st_dev, (unsigned long long)binary->st_ino);
}

static void store_path(char path[PATH_MAX], const char *base, const char *suffix)
{
    snprintf(path, PATH_MAX, START_STORE "/%s%s", base, suffix);
}

static bool make_folder(const char *path, struct failure *why)
{
    struct stat status;
    if (mkdir(path, 0755) != 0 && errno != EEXIST)
        return failure_errno(why, "%s", path);
    if (lstat(path, &status) != 0 || !S_ISDIR(status.st_mode) || status.st_uid != 0 || (status.st_mode & 022) != 0)
        return failure_set(why, "%s: must be a folder that belongs to root and that nobody else can write to", path);
    return true;
}

/* In memory: every start maps it, and no reboot may find it again. */
static bool keep_in_memory(struct failure *why)
{
    struct statfs system;
    if (statfs(START_STORE, &system) == 0 && (system.f_type == TMPFS_MAGIC || system.f_type == RAMFS_MAGIC))
        return true;
    return mount("tmpfs", START_STORE, "tmpfs", MS_NOSUID | MS_NODEV, "mode=755") == 0 || failure_errno(why, START_STORE ": mounting a file system in memory there");
}

bool registry_open(struct registry *registry, struct registry_result *result, struct failure *why)
{
    *registry = (struct registry){.lock = -1};
    result->error = 0;
    if (geteuid() != 0) {
        result->error = EPERM;
        return failure_set(why, "only root can make programs resident");
    }
    if (!make_folder("/run/checkpt", why) || !make_folder(START_STORE, why) || !keep_in_memory(why))
        return false;
    registry->lock = open(START_STORE, O_RDONLY | O_DIRECTORY | O_CLOEXEC);
    if (registry->lock < 0 || flock(registry->lock, LOCK_EX) != 0)
        return failure_errno(why, START_STORE);
    registry->has_handlers = handler_is_possible();
    return true;
}

void registry_close(struct registry *registry)
{
    if (registry->lock >= 0)
        close(registry->lock);
    registry->lock = -1;
}

/* Reads a whole file of the store; NULL where it is none of ours. malloc()ed. */
static struct start_header *read_start_file(const char *path)
{
    struct stat status;
    struct start_header *header = NULL;
    int fd = open(path, O_RDONLY | O_CLOEXEC | O_NOFOLLOW);
    if (fd >= 0 && fstat(fd, &status) == 0 && status.st_uid == 0 && (size_t)status.st_size > sizeof(*header))
        header = malloc((size_t)status.st_size);
    if (header != NULL && (read(fd, header, (size_t)status.st_size) != status.st_size || memcmp(header->magic, START_MAGIC, sizeof(header->magic)) != 0 ||
                           header->version != START_VERSION || header->size != (uint64_t)status.st_size || header->path >= header->size ||
                           ((const char *)header)[header->size - 1] != '\0')) {
        free(header);
        header = NULL;
    }
    if (fd >= 0)
        close(fd);
    return header;
}

static uint64_t uses_of(const char *base)
{
    char path[PATH_MAX];
    uint64_t uses = 0;
    store_path(path, base, START_COUNT_SUFFIX);
    int fd = open(path, O_RDONLY | O_CLOEXEC | O_NOFOLLOW);
    if (fd >= 0 && pread(fd, &uses, sizeof(uses), 0) != (ssize_t)sizeof(uses))
        uses = 0;
    if (fd >= 0)
        close(fd);
    return uses;
}

static bool fill_entry(struct registry_entry *entry, const char *name)
{
    char path[PATH_MAX];
    struct stat status;
    size_t length = strlen(name) - strlen(START_SUFFIX);
    if (length >= sizeof(entry->base))
        return false;
    memcpy(entry->base, name, length);
    entry->base[length] = '\0';
    store_path(path, entry->base, START_SUFFIX);
    struct start_header *header = read_start_file(path);
    if (header == NULL)
        return false;
    entry->id = header->id;
    entry->kind = (enum start_kind)header->kind;
    entry->entry = header->entry;
    entry->binary = header->binary;
    entry->uses = uses_of(entry->base);
    entry->path = strdup((const char *)header + header->path);
    store_path(path, entry->base, START_IMAGE_SUFFIX);
    entry->size = stat(path, &status) == 0 ? (uint64_t)status.st_blocks * 512 : 0;
    free(header);
    return entry->path != NULL;
}

static int compare(const void *a, const void *b)
{
    const struct registry_entry *x = a, *y = b;
    return (x->id > y->id) - (x->id < y->id);
}

static bool is_start_file(const char *name)
{
    size_t length = strlen(name), suffix = strlen(START_SUFFIX);
    return length > suffix && name[0] != '.' && strcmp(name + length - suffix, START_SUFFIX) == 0;
}

bool registry_list(struct registry_entry **list, size_t *count, struct failure *why)
{
    size_t room = 0;
    *list = NULL;
    *count = 0;
    DIR *folder = opendir(START_STORE);
    if (folder == NULL)
        return errno == ENOENT || failure_errno(why, START_STORE);
    for (struct dirent *found; (found = readdir(folder)) != NULL;) {
        if (!is_start_file(found->d_name))
            continue;
        if (*count == room) {
            room = room == 0 ? 16 : room * 2;
            *list = reallocarray(*list, room, sizeof(**list));
        }
        if (fill_entry(&(*list)[*count], found->d_name))
            (*count)++;
    }
    closedir(folder);
    if (*count > 0)
        qsort(*list, *count, sizeof(**list), compare);
    return true;
}

void registry_free_list(struct registry_entry *list, size_t count)
{
    for (size_t i = 0; i < count; i++)
        free(list[i].path);
    free(list);
}

static void remove_files(const char *base)
{
    static const char *const suffixes[] = {START_SUFFIX, START_IMAGE_SUFFIX, START_COUNT_SUFFIX};
    char path[PATH_MAX];
    for (size_t i = 0; i < sizeof(suffixes) / sizeof(suffixes[0]); i++) {
        store_path(path, base, suffixes[i]);
        unlink(path);
    }
}

/* The start file comes last, and goes first: what it says is there, is there. */
static bool write_start_file(const char *base, const void *bytes, size_t size, struct failure *why)
{
    char path[PATH_MAX], beside[PATH_MAX];
    store_path(path, base, START_SUFFIX);
    store_path(beside, base, START_SUFFIX ".new");
    int fd = open(beside, O_WRONLY | O_CREAT | O_TRUNC | O_CLOEXEC | O_NOFOLLOW, 0644);
    bool done = fd >= 0 && write(fd, bytes, size) == (ssize_t)size && fchmod(fd, 0644) == 0 && rename(beside, path) == 0;
    if (!done)
        failure_errno(why, "%s", path);
    if (fd >= 0)
        close(fd);
    return done;
}

static bool write_count(const char *base, struct failure *why)
{
    char path[PATH_MAX];
    store_path(path, base, START_COUNT_SUFFIX);
    int fd = open(path, O_RDWR | O_CREAT | O_TRUNC | O_CLOEXEC | O_NOFOLLOW, 0666);
    bool done = fd >= 0 && ftruncate(fd, COUNT_SIZE) == 0 && fchmod(fd, 0666) == 0;
    if (!done)
        failure_errno(why, "%s", path);
    if (fd >= 0)
        close(fd);
    return done;
}

static uint32_t free_id(const struct registry_entry *list, size_t count)
{
    uint32_t id = 1;
    for (size_t i = 0; i < count; i++)
        if (list[i].id >= id)
            id = list[i].id + 1;
    return id;
}

static bool is_unchanged(const struct start_identity *then, const struct stat *now)
{
    return then->device == now->st_dev && then->inode == now->st_ino && then->size == (uint64_t)now->st_size && then->modified_seconds == now->st_mtim.tv_sec &&
           then->modified_nanoseconds == now->st_mtim.tv_nsec;
}

/* A registration of a file that has changed since, or of a number that another file has now, is in nobody's way. */
static bool make_room(const struct registry_entry *list, size_t count, const char *base, const struct stat *binary, struct registry_result *result, struct failure *why)
{
    for (size_t i = 0; i < count; i++) {
        if (strcmp(list[i].base, base) != 0)
            continue;
        if (is_unchanged(&list[i].binary, binary)) {
            result->error = EEXIST;
            return failure_set(why, "it is resident already, with id %u", list[i].id);
        }
        handler_remove(list[i].id);
        remove_files(base);
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

static bool make_entry(struct registry *registry, const struct registry_add *add, const char *base, const struct stat *binary, uint32_t id, struct failure *why)
{
    char image[PATH_MAX], starter[PATH_MAX];
    void *bytes = NULL;
    size_t size;
    store_path(image, base, START_IMAGE_SUFFIX);
    const struct record_request request = {.image = image, .binary = add->binary, .id = id, .kind = add->kind, .entry = add->entry};
    int fd = open(add->binary, O_RDONLY | O_CLOEXEC);
    bool done = fd >= 0 || failure_errno(why, "%s", add->binary);
    done = done && freeze_into_store(add, image, binary, why) && record_make(&request, &bytes, &size, why) && write_count(base, why) &&
           write_start_file(base, bytes, size, why);
    if (done && registry->has_handlers)
        done = starter_path(starter, why) && handler_add(id, fd, starter, why);
    free(bytes);
    if (fd >= 0)
        close(fd);
    if (!done)
        remove_files(base);
    return done;
}

static bool look_at_binary(const char *path, struct stat *binary, char base[BASE_SIZE], struct registry_result *result, struct failure *why)
{
    result->error = 0;
    if (stat(path, binary) != 0) {
        result->error = ENOENT;
        return failure_errno(why, "%s", path);
    }
    if ((binary->st_mode & (S_ISUID | S_ISGID)) != 0) {
        result->error = EPERM;
        return failure_set(why, "%s: a set-id program cannot be resident", path);
    }
    base_of(base, binary);
    return true;
}

bool registry_make_room(const char *path, struct registry_result *result, struct failure *why)
{
    struct stat binary;
    struct registry_entry *list;
    size_t count;
    char base[BASE_SIZE];
    if (!look_at_binary(path, &binary, base, result, why) || !registry_list(&list, &count, why))
        return false;
    bool done = make_room(list, count, base, &binary, result, why);
    registry_free_list(list, count);
    return done || failure_prepend(why, "%s", path);
}

bool registry_register(struct registry *registry, const struct registry_add *add, uint32_t *id, struct registry_result *result, struct failure *why)
{
    struct stat binary;
    struct registry_entry *list;
    size_t count;
    char base[BASE_SIZE];
    if (!look_at_binary(add->binary, &binary, base, result, why) || !registry_list(&list, &count, why))
        return false;
    uint32_t free_one = free_id(list, count);
    bool done = make_room(list, count, base, &binary, result, why) && make_entry(registry, add, base, &binary, free_one, why);
    if (done)
        *id = free_one;
    registry_free_list(list, count);
    return done || failure_prepend(why, "%s", add->binary);
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
        remove_files(list[i].base);
        (*count)++;
    }
    registry_free_list(list, listed);
    if (*count > 0 || (id == 0 && binary == NULL))
        return true;
    result->error = ENOENT;
    return id != 0 ? failure_set(why, "no resident program has id %u", id) : failure_set(why, "%s: is not resident", binary);
}

#include "checkpt/resident/store.h"

#include <dirent.h>
#include <errno.h>
#include <fcntl.h>
#include <linux/magic.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/file.h>
#include <sys/mount.h>
#include <sys/vfs.h>
#include <unistd.h>

enum { COUNT_SIZE = 4096 };

void store_name(char base[STORE_NAME], const struct stat *binary)
{
    snprintf(base, STORE_NAME, START_NAME_FORMAT, (unsigned long long)binary->st_dev, (unsigned long long)binary->st_ino);
}

void store_path(char path[PATH_MAX], const char *base, const char *suffix)
{
    snprintf(path, PATH_MAX, START_STORE "/%s%s", base, suffix);
}

static void uses_path(char path[PATH_MAX], const char *base)
{
    snprintf(path, PATH_MAX, START_USES "/%s", base);
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

static bool is_in_memory(const char *path)
{
    struct statfs system;
    return statfs(path, &system) == 0 && (system.f_type == TMPFS_MAGIC || system.f_type == RAMFS_MAGIC);
}

/* In memory: every start maps it, and no reboot may find it again. */
static bool keep_in_memory(struct failure *why)
{
    return is_in_memory(START_STORE) || mount("tmpfs", START_STORE, "tmpfs", MS_NOSUID | MS_NODEV, "mode=755") == 0 ||
           failure_errno(why, START_STORE ": mounting a file system in memory there");
}

/* The counts are written by whoever starts a program, and so could be filled by them: a file system of its own has no room for much. */
static bool keep_uses_apart(void)
{
    struct stat own, above;
    if (lstat(START_USES, &own) == 0 && lstat("/run/checkpt", &above) == 0 && own.st_dev != above.st_dev)
        return true;
    return mount("tmpfs", START_USES, "tmpfs", MS_NOSUID | MS_NODEV | MS_NOEXEC, "mode=755,size=4m") == 0;
}

/* Reads a whole file of the store; NULL where it is none of ours. malloc()ed. Those of other versions are listed and removed as well: they have the same words up
 * to their size. */
static struct start_header *read_start_file(const char *path)
{
    struct stat status;
    struct start_header *header = NULL;
    int fd = open(path, O_RDONLY | O_CLOEXEC | O_NOFOLLOW);
    if (fd >= 0 && fstat(fd, &status) == 0 && status.st_uid == 0 && (size_t)status.st_size > sizeof(*header))
        header = malloc((size_t)status.st_size);
    if (header != NULL && (read(fd, header, (size_t)status.st_size) != status.st_size || memcmp(header->magic, START_MAGIC, sizeof(header->magic)) != 0 ||
                           header->size != (uint64_t)status.st_size || header->path >= header->size ||
                           ((const char *)header)[header->size - 1] != '\0')) {
        free(header);
        header = NULL;
    }
    if (fd >= 0)
        close(fd);
    return header;
}

static bool is_complete(const char *base)
{
    char path[PATH_MAX];
    store_path(path, base, START_SUFFIX);
    struct start_header *header = read_start_file(path);
    free(header);
    return header != NULL;
}

/* The start file comes last, and goes first. What has none that can be read was left by somebody who was killed, or is damaged; so were names that are only there while something is written. */
static void sweep(const char *folder)
{
    DIR *files = opendir(folder);
    for (struct dirent *found; files != NULL && (found = readdir(files)) != NULL;) {
        char base[STORE_NAME];
        snprintf(base, sizeof(base), "%.*s", (int)strcspn(found->d_name, "."), found->d_name);
        bool is_temporary = found->d_name[0] == '.' || strstr(found->d_name, START_NEW_SUFFIX) != NULL;
        if (found->d_type == DT_REG && (is_temporary || !is_complete(base)))
            unlinkat(dirfd(files), found->d_name, 0);
    }
    if (files != NULL)
        closedir(files);
}

bool store_open(int *lock, struct failure *why)
{
    if (!make_folder("/run/checkpt", why) || !make_folder(START_STORE, why) || !make_folder(START_USES, why) || !keep_in_memory(why))
        return false;
    *lock = open(START_STORE, O_RDONLY | O_DIRECTORY | O_CLOEXEC);
    if (*lock < 0 || flock(*lock, LOCK_EX) != 0)
        return failure_errno(why, START_STORE);
    keep_uses_apart();
    sweep(START_STORE);
    sweep(START_USES);
    return true;
}

static uint64_t uses_of(const char *base)
{
    char path[PATH_MAX];
    uint64_t uses = 0;
    uses_path(path, base);
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
    *entry = (struct registry_entry){0};
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
    if (header->version == START_VERSION)
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

bool store_list(struct registry_entry **list, size_t *count, struct failure *why)
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

void store_remove(const char *base)
{
    static const char *const suffixes[] = {START_SUFFIX, START_IMAGE_SUFFIX};
    char path[PATH_MAX];
    for (size_t i = 0; i < sizeof(suffixes) / sizeof(suffixes[0]); i++) {
        store_path(path, base, suffixes[i]);
        unlink(path);
    }
    uses_path(path, base);
    unlink(path);
}

/* Without a file system of its own only root's runs are counted. */
static bool make_count(const char *base, struct failure *why)
{
    char path[PATH_MAX];
    uses_path(path, base);
    int fd = open(path, O_RDWR | O_CREAT | O_TRUNC | O_CLOEXEC | O_NOFOLLOW, 0600);
    bool done = fd >= 0 && ftruncate(fd, COUNT_SIZE) == 0 && fchmod(fd, keep_uses_apart() ? 0666 : 0600) == 0;
    if (!done)
        failure_errno(why, "%s", path);
    if (fd >= 0)
        close(fd);
    return done;
}

bool store_add(const char *base, const void *start_file, size_t size, struct failure *why)
{
    char path[PATH_MAX], beside[PATH_MAX];
    if (!make_count(base, why))
        return false;
    store_path(path, base, START_SUFFIX);
    store_path(beside, base, START_NEW_SUFFIX);
    int fd = open(beside, O_WRONLY | O_CREAT | O_TRUNC | O_CLOEXEC | O_NOFOLLOW, 0644);
    bool done = fd >= 0 && write(fd, start_file, size) == (ssize_t)size && fchmod(fd, 0644) == 0 && rename(beside, path) == 0;
    if (!done)
        failure_errno(why, "%s", path);
    if (fd >= 0)
        close(fd);
    return done;
}

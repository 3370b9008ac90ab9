/* A file is found by its handle (open_by_handle_at(2), which takes CAP_DAC_READ_SEARCH), else among the files that the program has to do with and
 * what lies above them, else by a walk through the usual places. */
#include "checkpt/resource/watched.h"

#include <fcntl.h>
#include <fts.h>
#include <linux/limits.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/sysmacros.h>
#include <unistd.h>

#include "checkpt/proc/lines.h"
#include "checkpt/proc/path.h"
#include "checkpt/resource/file_record.h"

enum { WALKED_MOST = 200000 };

struct watched {
    struct arena *arena;
    struct watched_file **files;
    size_t count, next; /* where the next is looked for first: programs' lists come in the same order again */
};

struct watched *watched_create(struct arena *arena)
{
    struct watched *watched = arena_alloc(arena, sizeof(*watched));
    watched->arena = arena;
    return watched;
}

static struct watched_file *entry_of(struct watched *watched, const struct proc_watch *watch)
{
    for (size_t i = 0; i < watched->count; i++) {
        struct watched_file *file = watched->files[(watched->next + i) % watched->count];
        if (file->inode != watch->inode || file->device != watch->device)
            continue;
        watched->next = (watched->next + i + 1) % watched->count;
        return file;
    }
    if ((watched->count & (watched->count - 1)) == 0)
        watched->files = arena_grow(watched->arena, watched->files, watched->count, watched->count == 0 ? 1 : watched->count * 2, sizeof(*watched->files));
    struct watched_file *file = arena_alloc(watched->arena, sizeof(*file));
    file->device = watch->device;
    file->inode = watch->inode;
    watched->files[watched->count++] = file;
    watched->next = 0;
    return file;
}

static bool still_leads(struct watched_file *file)
{
    return file->path != NULL && lstat(file->path, &file->status) == 0 && file->status.st_ino == file->inode;
}

static void found(struct watched *watched, struct watched_file *file, const char *path, const struct stat *status)
{
    file->path = arena_printf(watched->arena, "%s", path);
    file->status = *status;
}

static bool take_handle(struct watched *watched, struct watched_file *file, const struct proc_watch *watch, int mount)
{
    struct {
        struct file_handle head;
        uint8_t bytes[PROC_HANDLE_MAX];
    } handle;
    char link[32], path[PATH_MAX];
    struct stat status;
    handle.head.handle_bytes = watch->handle_size;
    handle.head.handle_type = watch->handle_type;
    memcpy(handle.head.f_handle, watch->handle, watch->handle_size);
    int fd = open_by_handle_at(mount, &handle.head, O_PATH | O_CLOEXEC);
    if (fd < 0)
        return false;
    snprintf(link, sizeof(link), "/proc/self/fd/%d", fd);
    ssize_t length = readlink(link, path, sizeof(path) - 1);
    bool leads = length > 0 && fstat(fd, &status) == 0;
    close(fd);
    if (!leads)
        return false;
    path[length] = '\0';
    if (status.st_ino != watch->inode || !file_leads_to(path, &status))
        return false;
    found(watched, file, path, &status);
    return true;
}

/* Where a file system is mounted: its handles are opened from there. */
static bool by_handle(struct watched *watched, struct watched_file *file, const struct proc_watch *watch)
{
    struct proc_lines lines;
    struct failure ignored;
    bool done = false;
    if (watch->handle == NULL || !proc_lines_open(&lines, AT_FDCWD, "/proc/self/mountinfo", &ignored))
        return false;
    for (const char *line; !done && (line = proc_lines_next(&lines)) != NULL;) {
        unsigned major_number, minor_number;
        char place[PATH_MAX];
        if (sscanf(line, "%*u %*u %u:%u %*s %4095s", &major_number, &minor_number, place) != 3 || makedev(major_number, minor_number) != watch->device)
            continue;
        proc_path_unescape(place, " \t\n\\");
        int mount = open(place, O_RDONLY | O_DIRECTORY | O_CLOEXEC);
        if (mount < 0)
            continue;
        done = take_handle(watched, file, watch, mount);
        close(mount);
    }
    proc_lines_close(&lines);
    return done;
}

struct wanted {
    struct watched *watched;
    struct watched_file **list;
    size_t count; /* of those that are not found yet */
};

static void offer(struct wanted *wanted, const char *path, const struct stat *status)
{
    for (size_t i = 0; i < wanted->count; i++) {
        if (wanted->list[i]->inode != status->st_ino || wanted->list[i]->device != status->st_dev)
            continue;
        found(wanted->watched, wanted->list[i], path, status);
        wanted->list[i] = wanted->list[--wanted->count];
        return;
    }
}

/* The path and the directories above it. */
static void offer_all(struct wanted *wanted, const char *path)
{
    char part[PATH_MAX];
    struct stat status;
    if (path[0] != '/' || strlen(path) >= sizeof(part))
        return;
    strcpy(part, path);
    while (wanted->count > 0) {
        if (lstat(part, &status) == 0)
            offer(wanted, part, &status);
        char *slash = strrchr(part, '/');
        if (slash[1] == '\0')
            return;
        slash[slash == part] = '\0';
    }
}

static void among_its_files(const struct freeze *freeze, struct wanted *wanted, struct arena *arena, const char **cwd)
{
    static const char *const links[] = {"cwd", "root", "exe"};
    struct failure ignored;
    for (size_t i = 0; i < sizeof(links) / sizeof(links[0]); i++) {
        const char *path;
        if (!proc_link(freeze->directory, links[i], arena, &path, NULL, &ignored))
            continue;
        offer_all(wanted, path);
        *cwd = i == 0 ? path : *cwd;
    }
    for (size_t i = 0; i < freeze->fd_count && wanted->count > 0; i++)
        offer_all(wanted, freeze->fds[i].target);
    for (size_t i = 0; i < freeze->map_count && wanted->count > 0; i++)
        if (i == 0 || freeze->maps[i].inode != freeze->maps[i - 1].inode)
            offer_all(wanted, freeze->maps[i].path);
}

static void walk(struct wanted *wanted, const char *cwd)
{
    const char *const places[] = {cwd, "/etc", "/run", "/dev", "/tmp", "/var", "/home", "/root", "/usr/share", "/sys/class", NULL};
    char *roots[sizeof(places) / sizeof(places[0])];
    size_t left = WALKED_MOST;
    memcpy(roots, places, sizeof(roots));
    FTS *walked = fts_open(roots, FTS_PHYSICAL | FTS_NOCHDIR, NULL);
    if (walked == NULL)
        return;
    for (FTSENT *entry; wanted->count > 0 && left > 0 && (entry = fts_read(walked)) != NULL; left--)
        if (entry->fts_info == FTS_D || entry->fts_info == FTS_F || entry->fts_info == FTS_SL || entry->fts_info == FTS_DEFAULT)
            offer(wanted, entry->fts_path, entry->fts_statp);
    fts_close(walked);
}

void watched_find(const struct freeze *freeze, const struct proc_watch *watches, size_t count, const struct watched_file **files)
{
    struct arena arena = {0};
    struct wanted wanted = {.watched = freeze->watched};
    const char *cwd = "/";
    wanted.list = arena_alloc(&arena, (count + 1) * sizeof(*wanted.list));
    for (size_t i = 0; i < count; i++) {
        struct watched_file *file = entry_of(freeze->watched, &watches[i]);
        files[i] = file;
        if (still_leads(file))
            continue;
        file->path = NULL;
        if (!by_handle(freeze->watched, file, &watches[i]))
            wanted.list[wanted.count++] = file;
    }
    if (wanted.count > 0)
        among_its_files(freeze, &wanted, &arena, &cwd);
    if (wanted.count > 0)
        walk(&wanted, cwd);
    arena_deinit(&arena);
}

#include <fcntl.h>
#include <linux/magic.h>
#include <stdio.h>
#include <string.h>
#include <sys/sysmacros.h>
#include <sys/vfs.h>
#include <unistd.h>

#include "checkpt/resource/file_record.h"
#include "checkpt/resource/object.h"

#ifndef MQUEUE_MAGIC
#define MQUEUE_MAGIC 0x19800202
#endif
#ifndef SECRETMEM_MAGIC
#define SECRETMEM_MAGIC 0x5345434d
#endif
#ifndef CGROUP2_SUPER_MAGIC
#define CGROUP2_SUPER_MAGIC 0x63677270
#endif

struct stat files_status(const struct proc_fd *fd)
{
    return (struct stat){
        .st_dev = fd->device,
        .st_ino = fd->inode,
        .st_mode = fd->mode,
        .st_nlink = fd->links,
        .st_uid = fd->uid,
        .st_gid = fd->gid,
        .st_rdev = fd->rdev,
        .st_size = (off_t)fd->size,
        .st_mtim = {fd->mtime_seconds, fd->mtime_nanoseconds},
    };
}

bool files_is_written(const Ckpt__OpenFile *open_file)
{
    return (open_file->flags & O_PATH) == 0 && (open_file->flags & O_ACCMODE) != O_RDONLY;
}

/* /dev/null and its like: opened again, they are the same. /dev/tty is whatever terminal the program has. NULL: another device. */
static const char *plain_device(uint64_t rdev)
{
    static const struct {
        unsigned major, minor;
        const char *usual;
    } devices[] = {{1, 3, "/dev/null"}, {1, 5, "/dev/zero"}, {1, 7, "/dev/full"}, {1, 8, "/dev/random"}, {1, 9, "/dev/urandom"}, {5, 0, "/dev/tty"}};
    for (size_t i = 0; i < sizeof(devices) / sizeof(devices[0]); i++)
        if (major(rdev) == devices[i].major && minor(rdev) == devices[i].minor)
            return devices[i].usual;
    return NULL;
}

bool files_is_plain_device(uint64_t rdev)
{
    return plain_device(rdev) != NULL;
}

/* proc_pid_stat(5): the minor number is in bits 31 to 20 and 7 to 0. */
static bool is_controlling_terminal(const struct freeze *freeze, uint64_t rdev)
{
    uint32_t tty = (uint32_t)freeze->stat.tty_nr;
    return tty != 0 && major(rdev) == (tty >> 8 & 0xfff) && minor(rdev) == ((tty & 0xff) | (tty >> 12 & 0xfff00));
}

static bool is_made_up(const char *path)
{
    static const uint64_t magics[] = {PROC_SUPER_MAGIC, SYSFS_MAGIC, CGROUP2_SUPER_MAGIC, CGROUP_SUPER_MAGIC, DEBUGFS_MAGIC, TRACEFS_MAGIC};
    struct statfs fs;
    if ((strncmp(path, "/proc/", 6) != 0 && strncmp(path, "/sys/", 5) != 0) || statfs(path, &fs) != 0)
        return false;
    for (size_t i = 0; i < sizeof(magics) / sizeof(magics[0]); i++)
        if ((uint64_t)fs.f_type == magics[i])
            return true;
    return false;
}

static struct files_fate refused(const char *noun, const char *reason, const char *way_out)
{
    return (struct files_fate){.kind = FILES_REFUSED, .noun = noun, .reason = reason, .way_out = way_out};
}

static bool is_breaking_lease(const struct proc_fd *fd)
{
    for (size_t i = 0; i < fd->lock_count; i++)
        if (fd->locks[i].breaking)
            return true;
    return false;
}

/* A thread's own directory in /proc; the leader's is found again, the others' ids will be others. */
static bool is_of_another_thread(const struct freeze *freeze, const char *path)
{
    char tasks[40], leader[64];
    int length = snprintf(tasks, sizeof(tasks), "/proc/%d/task/", freeze->pid), whole = snprintf(leader, sizeof(leader), "%s%d", tasks, freeze->pid);
    return strncmp(path, tasks, (size_t)length) == 0 && path[length] != '\0' &&
           (strncmp(path, leader, (size_t)whole) != 0 || (path[whole] != '/' && path[whole] != '\0'));
}

static struct files_fate fate_of_virtual(const struct freeze *freeze, const struct proc_fd *fd)
{
    if (is_of_another_thread(freeze, fd->target))
        return refused(fd->target, "of one of its threads, which will have another id", "have the program close it first");
    return (struct files_fate){.kind = FILES_VIRTUAL, .noun = fd->target};
}

/* File systems whose files are more than their bytes: what a copy of those would make of them is something else. */
static const char *reason_of_file_system(const struct freeze *freeze, const struct proc_fd *fd)
{
    static const struct {
        uint64_t magic;
        const char *reason;
    } systems[] = {
        {MQUEUE_MAGIC, "a POSIX message queue, which cannot be saved"},
        {SECRETMEM_MAGIC, "secret memory (memfd_secret), which nobody else can read"},
        {HUGETLBFS_MAGIC, "a file of huge pages (hugetlbfs), which is not saved yet"},
        {PROC_SUPER_MAGIC, "of a process or thread that has ended"},
    };
    char name[48];
    struct statfs fs;
    snprintf(name, sizeof(name), "/proc/%d/fd/%u", freeze->pid, fd->number);
    if (statfs(name, &fs) != 0)
        return NULL;
    for (size_t i = 0; i < sizeof(systems) / sizeof(systems[0]); i++)
        if ((uint64_t)fs.f_type == systems[i].magic)
            return systems[i].reason;
    return NULL;
}

/* A file that has lost its name and has others would be written to under those. */
static struct files_fate fate_of_regular(const struct freeze *freeze, const struct proc_fd *fd)
{
    struct stat status = files_status(fd);
    bool is_written = (fd->flags & O_PATH) == 0 && (fd->flags & O_ACCMODE) != O_RDONLY;
    if (!fd->deleted && is_made_up(fd->target))
        return fate_of_virtual(freeze, fd);
    if (is_breaking_lease(fd))
        return refused(fd->target, "somebody waits for the program to give up its lease", "try again when the program has given it up");
    if (!fd->deleted && file_leads_to(fd->target, &status))
        return (struct files_fate){.kind = FILES_BY_PATH, .noun = fd->target};
    if (fd->target[0] != '/')
        return refused(fd->target, "a namespace or another object of the kernel, which cannot be saved", "have the program close it first");
    const char *reason = reason_of_file_system(freeze, fd);
    if (reason != NULL)
        return refused(fd->target, reason, "have the program close it first");
    if (!fd->deleted)
        return refused(fd->target, "the path leads to another file from here", "undo the mount that hides it");
    if (fd->links > 0 && is_written)
        return refused(fd->target, "removed under this name while others lead to it, and the program may write to it", "link it to its old name again");
    return (struct files_fate){.kind = FILES_CONTENT, .noun = fd->target};
}

static struct files_fate fate_of_directory(const struct freeze *freeze, const struct proc_fd *fd)
{
    struct stat status = files_status(fd);
    if (fd->deleted)
        return refused(fd->target, "a directory that has been removed", "have the program close it first");
    if (is_made_up(fd->target))
        return fate_of_virtual(freeze, fd);
    if (!file_leads_to(fd->target, &status))
        return refused(fd->target, "the path leads to another directory from here", "undo the mount that hides it");
    return (struct files_fate){.kind = FILES_BY_PATH, .noun = fd->target};
}

/* By its number: a device is the same under whatever name. */
static bool is_there(const struct proc_fd *fd)
{
    struct stat there;
    return !fd->deleted && fd->target[0] == '/' && stat(fd->target, &there) == 0 && S_ISCHR(there.st_mode) && there.st_rdev == fd->rdev;
}

/* A terminal that one of 0 to 2 is on too comes from there. */
static struct files_fate fate_of_device(const struct freeze *freeze, const struct proc_fd *fd)
{
    const char *plain = plain_device(fd->rdev);
    if (plain != NULL && !is_there(fd))
        return (struct files_fate){.kind = FILES_VIRTUAL, .noun = plain};
    if (plain != NULL || is_controlling_terminal(freeze, fd->rdev))
        return (struct files_fate){.kind = FILES_VIRTUAL, .noun = plain != NULL ? fd->target : "/dev/tty"};
    return refused(fd->target, "a device, which cannot be saved", "have the program close it first");
}

static struct files_fate fate_of_nameless(const struct proc_fd *fd, struct arena *arena)
{
    const char *name = strchr(fd->target, '[');
    size_t length = name != NULL ? strcspn(name + 1, "]") : 0;
    const char *noun = length > 0 ? arena_printf(arena, "%.*s", (int)length, name + 1) : fd->target;
    return refused(noun, "an object of the kernel that is not saved yet", "have the program close it first");
}

static bool is_same_file(const struct proc_fd *fd, const struct stat *status)
{
    return status->st_dev == fd->device && status->st_ino == fd->inode;
}

/* An ancestor that has it under the same number has left it open for whoever it starts. */
static bool is_an_ancestors(const struct freeze *freeze, const struct proc_fd *fd)
{
    enum { ANCESTORS_MAX = 16 };
    struct proc_stat stat = freeze->stat;
    for (int i = 0; i < ANCESTORS_MAX && stat.ppid > 1; i++) {
        char name[32];
        struct stat status;
        struct failure ignored;
        int directory;
        if (!proc_open(stat.ppid, &directory, &ignored))
            return false;
        snprintf(name, sizeof(name), "fd/%u", fd->number);
        bool same = fstatat(directory, name, &status, 0) == 0 && is_same_file(fd, &status);
        bool known = proc_stat(directory, "stat", &stat, &ignored);
        close(directory);
        if (same || !known)
            return same;
    }
    return false;
}

/* The same where this process has it, from whoever started both: its own number of it then. Who freezes for others was not started so. */
static bool is_from_outside(const struct freeze *freeze, const struct proc_fd *fd, uint32_t *number)
{
    enum { HIGHEST = 1024 };
    struct stat own;
    *number = fd->number;
    if (is_an_ancestors(freeze, fd))
        return true;
    for (uint32_t i = FILES_STANDARD; i < HIGHEST && !freeze->is_guarded; i++)
        if (fstat((int)i, &own) == 0 && is_same_file(fd, &own)) {
            *number = i;
            return true;
        }
    return false;
}

/* Between threads, or for a handler to wake its main loop: nothing that who starts the program could do otherwise. */
static struct files_fate refused_pipe(const struct freeze *freeze, const struct proc_fd *fd)
{
    for (size_t i = 0; i < freeze->fd_count; i++) {
        const struct proc_fd *other = &freeze->fds[i];
        if (other->device == fd->device && other->inode == fd->inode && (other->flags & O_ACCMODE) != (fd->flags & O_ACCMODE))
            return refused("pipe", "one of the program's to itself: pipes are not saved yet", NULL);
    }
    return refused("pipe", "pipes are not saved yet, but for descriptors 0 to 2", "start the program with files in their place");
}

/* Of pipes and sockets only those. */
static struct files_fate fate_of_channel(const struct freeze *freeze, const struct proc_fd *fd, struct files_fate otherwise)
{
    uint32_t number;
    return is_from_outside(freeze, fd, &number) ? (struct files_fate){.kind = FILES_INHERITED, .from = number, .noun = fd->target} : otherwise;
}

/* An object by its own resource; what is none yet has an answer below. */
static struct files_fate fate_of_object(const struct object *object, const struct freeze *freeze, const struct proc_fd *fd, struct arena *arena)
{
    bool may_be_callers = S_ISFIFO(fd->mode) || S_ISSOCK(fd->mode);
    struct files_fate fate = object->fate(freeze, fd, arena);
    return may_be_callers ? fate_of_channel(freeze, fd, fate) : fate;
}

static struct files_fate fate_of(const struct freeze *freeze, const struct proc_fd *fd, struct arena *arena)
{
    const struct object *object = object_of_fd(fd);
    struct stat status = files_status(fd);
    if ((fd->flags & O_PATH) != 0 && !S_ISREG(fd->mode) && !S_ISDIR(fd->mode) && !fd->deleted && file_leads_to(fd->target, &status))
        return (struct files_fate){.kind = FILES_BY_PATH, .noun = fd->target};
    if (object != NULL)
        return fate_of_object(object, freeze, fd, arena);
    switch (fd->mode & S_IFMT) {
    case S_IFREG:
        return fate_of_regular(freeze, fd);
    case S_IFDIR:
        return fate_of_directory(freeze, fd);
    case S_IFCHR:
        return fate_of_device(freeze, fd);
    case S_IFBLK:
        return refused(fd->target, "a block device, which cannot be saved", "have the program close it first");
    case S_IFIFO:
        return fate_of_channel(freeze, fd, refused_pipe(freeze, fd));
    case S_IFSOCK:
        return fate_of_channel(freeze, fd, refused("socket", "sockets are not saved yet", "have the program close its connections first"));
    default:
        return fate_of_nameless(fd, arena);
    }
}

static bool is_same_terminal(const struct proc_fd *standard, const struct proc_fd *fd)
{
    return S_ISCHR(fd->mode) && S_ISCHR(standard->mode) && standard->rdev == fd->rdev && plain_device(fd->rdev) == NULL;
}

/* A pipe's two ends are one inode. */
static bool is_sink(const struct freeze_sink *sink, const struct proc_fd *fd)
{
    return sink->is_descriptor && fd->inode == sink->inode && fd->device == sink->device &&
           (S_ISREG(fd->mode) || ((fd->flags & O_PATH) == 0 && (fd->flags & O_ACCMODE) != O_RDONLY));
}

static bool is_shell(const struct freeze *freeze, struct arena *arena)
{
    static const char *const shells[] = {"bash", "dash", "sh", "ksh", "ksh93", "mksh", "zsh", "yash", "busybox"};
    const char *path;
    struct failure ignored;
    if (!proc_link(freeze->directory, "exe", arena, &path, NULL, &ignored))
        return false;
    const char *name = strrchr(path, '/');
    for (size_t i = 0; name != NULL && i < sizeof(shells) / sizeof(shells[0]); i++)
        if (strcmp(name + 1, shells[i]) == 0)
            return true;
    return false;
}

/* A shell that redirects a loop keeps what it had before at a number from 10 on, closed on exec: that is the caller's then. What it reads its script from may be
 * there too, so a regular file is no kept input. */
static bool is_kept(const struct proc_fd *fd, uint32_t standard)
{
    enum { KEPT_FROM = 10, KEPT_TO = 64 };
    uint32_t access = fd->flags & O_ACCMODE;
    if (fd->number < KEPT_FROM || fd->number >= KEPT_TO || !fd->close_on_exec || (fd->flags & O_PATH) != 0 || S_ISDIR(fd->mode))
        return false;
    return standard == 0 ? access != O_WRONLY && !S_ISREG(fd->mode) : access != O_RDONLY;
}

/* Whether the program has put a file of its own in a standard descriptor's place. *kept: where the caller's is meanwhile. */
static bool is_redirected(const struct freeze *freeze, const size_t *same, size_t standard, struct arena *arena, size_t *kept)
{
    const struct proc_fd *fd = &freeze->fds[standard];
    struct stat status = files_status(fd);
    if (!S_ISREG(fd->mode) || fd->deleted || !is_shell(freeze, arena) || !file_leads_to(fd->target, &status))
        return false;
    for (size_t i = 0; i < freeze->fd_count; i++) {
        if (!is_kept(&freeze->fds[i], fd->number) || same[i] == same[standard] || (same[i] != i && freeze->fds[same[i]].number >= FILES_STANDARD))
            continue;
        *kept = i;
        return true;
    }
    return false;
}

static struct files_fate inherited(const struct proc_fd *fd, uint32_t from)
{
    return (struct files_fate){.kind = FILES_INHERITED, .from = from, .noun = fd->target, .is_virtual = !fd->deleted && is_made_up(fd->target)};
}

struct files_fate files_fate(const struct freeze *freeze, const size_t *same, size_t index, struct arena *arena)
{
    const struct proc_fd *fd = &freeze->fds[index];
    const struct object *object = object_of_fd(fd);
    size_t first = same[index], kept;
    if (object != NULL && object->is_own != NULL && object->is_own(freeze, fd))
        return object->fate(freeze, fd, arena);
    if (freeze->fds[first].number < FILES_STANDARD)
        return is_redirected(freeze, same, first, arena, &kept) ? fate_of(freeze, fd, arena) : inherited(fd, freeze->fds[first].number);
    for (size_t i = 0; i < freeze->fd_count && freeze->fds[i].number < FILES_STANDARD; i++) {
        bool is_the_kept = is_redirected(freeze, same, i, arena, &kept) && same[kept] == first;
        if (is_the_kept || is_same_terminal(&freeze->fds[i], fd))
            return inherited(fd, freeze->fds[i].number);
    }
    if (is_sink(&freeze->sink, fd))
        return (struct files_fate){.kind = FILES_IMAGE, .noun = fd->target};
    return fate_of(freeze, fd, arena);
}

#include <errno.h>
#include <fcntl.h>
#include <linux/limits.h>
#include <stdlib.h>
#include <string.h>
#include <sys/mman.h>
#include <sys/stat.h>
#include <sys/sysmacros.h>
#include <unistd.h>

#include "tests/victims/rare.h"
#include "tests/victims/victim.h"

#ifndef MFD_NOEXEC_SEAL
#define MFD_NOEXEC_SEAL 8u /* 6.3 */
#endif
#ifndef F_SEAL_EXEC
#define F_SEAL_EXEC 0x20
#endif

static int opened(const char *path, int flags, mode_t mode)
{
    int fd = open(path, flags, mode);
    demand(fd >= 0, "%s: opening: %s", path, strerror(errno));
    return fd;
}

static void check_text(int fd, const char *text, const char *name)
{
    char found[64] = "";
    demand(pread(fd, found, sizeof(found) - 1, 0) == (ssize_t)strlen(text) && strcmp(found, text) == 0, "%s: it has \"%s\" instead of \"%s\"", name, found, text);
}

/* A file that never had a name. */
static int nameless;
static bool make_nameless(void)
{
    nameless = open(".", O_TMPFILE | O_RDWR, 0600);
    return nameless >= 0 && write(nameless, "nameless", 8) == 8;
}

static void check_nameless(void)
{
    check_text(nameless, "nameless", "a nameless file");
}

/* A file that was renamed the old way, by link(2) and unlink(2); and mapped. */
static int renamed;
static char *renamed_memory;
static bool make_renamed(void)
{
    renamed = opened("old name", O_RDWR | O_CREAT, 0600);
    renamed_memory = write(renamed, "renamed", 7) == 7 ? mmap(NULL, 4096, PROT_READ | PROT_WRITE, MAP_SHARED, renamed, 0) : MAP_FAILED;
    return link("old name", "new name") == 0 && unlink("old name") == 0 && renamed_memory != MAP_FAILED;
}

static void check_renamed(void)
{
    int other = opened("new name", O_RDONLY | O_CLOEXEC, 0);
    renamed_memory[0] = renamed_memory[0] == 'r' ? 'R' : 'r';
    demand(pwrite(renamed, &renamed_memory[0], 1, 1) == 1, "a renamed file: %s", strerror(errno));
    char text[3] = "";
    demand(pread(other, text, 2, 0) == 2 && text[0] == renamed_memory[0] && text[1] == text[0], "a renamed file is another than before");
    close(other);
}

/* What shm_open(3) does. */
static int unlinked;
static bool make_unlinked(void)
{
    unlinked = opened("unlinked", O_RDWR | O_CREAT | O_NOFOLLOW | O_CLOEXEC, 0600);
    unlink("unlinked");
    return write(unlinked, "unlinked", 8) == 8;
}

static void check_unlinked(void)
{
    check_text(unlinked, "unlinked", "an unlinked file");
}

/* A file that has lost its name keeps what else stat(2) shows. */
static int odd;
static struct stat odd_status;
static bool make_odd(void)
{
    const struct timespec times[2] = {{1000000000, 7}, {1100000000, 123456789}};
    odd = opened("odd", O_RDWR | O_CREAT, 0600);
    demand(write(odd, "odd", 3) == 3, "odd: %s", strerror(errno));
    if (geteuid() == 0)
        demand(fchown(odd, 12345, 23456) == 0, "odd: giving it away: %s", strerror(errno));
    demand(fchmod(odd, 0405) == 0 && futimens(odd, times) == 0 && unlink("odd") == 0, "odd: %s", strerror(errno));
    return fstat(odd, &odd_status) == 0;
}

static void check_odd(void)
{
    struct stat now;
    fstat(odd, &now);
    demand(now.st_mode == odd_status.st_mode, "an odd file: its mode is %o instead of %o", now.st_mode, odd_status.st_mode);
    demand(now.st_uid == odd_status.st_uid && now.st_gid == odd_status.st_gid, "an odd file belongs to %u:%u", now.st_uid, now.st_gid);
    demand(now.st_mtim.tv_sec == odd_status.st_mtim.tv_sec && now.st_mtim.tv_nsec == odd_status.st_mtim.tv_nsec, "an odd file: its time is %lld.%09ld",
           (long long)now.st_mtim.tv_sec, now.st_mtim.tv_nsec);
}

/* Memory that may not be executed; nor may its mode be made so. */
static int unexecutable;
static bool make_unexecutable(void)
{
    unexecutable = memfd_create("unexecutable", MFD_CLOEXEC | MFD_ALLOW_SEALING | MFD_NOEXEC_SEAL);
    return unexecutable >= 0;
}

static void check_unexecutable(void)
{
    struct stat status;
    fstat(unexecutable, &status);
    demand(fcntl(unexecutable, F_GET_SEALS) == F_SEAL_EXEC, "a memfd's seals are %#x", fcntl(unexecutable, F_GET_SEALS));
    demand((status.st_mode & 07777) == 0666, "a memfd's mode is %o", status.st_mode);
    demand(write(unexecutable, "more", 4) == 4, "a memfd: writing: %s", strerror(errno));
}

static int leased;
static bool make_leased(void)
{
    leased = opened("leased", O_RDONLY | O_CREAT, 0600);
    return fcntl(leased, F_SETLEASE, F_RDLCK) == 0;
}

static void check_leased(void)
{
    demand(fcntl(leased, F_GETLEASE) == F_RDLCK, "a lease is %d", fcntl(leased, F_GETLEASE));
}

/* One thread is told of I/O, not the process. */
static int owned;
static bool make_owned(void)
{
    const struct f_owner_ex owner = {F_OWNER_TID, gettid()};
    owned = opened("owned", O_RDWR | O_CREAT, 0600);
    return fcntl(owned, F_SETOWN_EX, &owner) == 0;
}

static void check_owned(void)
{
    struct f_owner_ex owner = {0};
    bool same = false;
    for (int i = 0; i < 3 && !same; i++) /* the id in hand may be of before a thaw, once */
        same = fcntl(owned, F_GETOWN_EX, &owner) == 0 && owner.type == F_OWNER_TID && owner.pid == gettid();
    demand(same, "told of I/O: %d (type %d)", owner.pid, owner.type);
}

/* Its own directories in /proc. */
static int own, own_comm;
static bool make_own(void)
{
    own = opened("/proc/self", O_RDONLY | O_DIRECTORY, 0);
    own_comm = open("/proc/thread-self/comm", O_RDONLY);
    return own_comm >= 0;
}

static void check_own(void)
{
    char text[32] = "";
    int comm = openat(own, "comm", O_RDONLY);
    demand(comm >= 0 && read(comm, text, sizeof(text) - 1) > 0 && strncmp(text, "rare", 4) == 0, "/proc/self is of %s", text);
    demand(pread(own_comm, text, sizeof(text) - 1, 0) > 0, "/proc/thread-self/comm: %s", strerror(errno));
    close(comm);
}

/* A device file of its own, gone meanwhile. */
static int device;
static bool make_device(void)
{
    if (mknod("device", S_IFCHR | 0600, makedev(1, 5)) != 0)
        return false;
    device = open("device", O_RDONLY);
    unlink("device");
    return device >= 0;
}

static void check_device(void)
{
    char byte = 1;
    struct stat status;
    demand(fstat(device, &status) == 0 && status.st_rdev == makedev(1, 5) && read(device, &byte, 1) == 1 && byte == 0, "an unlinked device is another one");
}

struct rare rare_files[] = {
    {"a nameless file", make_nameless, check_nameless, false},
    {"a renamed file", make_renamed, check_renamed, false},
    {"an unlinked file", make_unlinked, check_unlinked, false},
    {"an odd file", make_odd, check_odd, false},
    {"memory that cannot be executed", make_unexecutable, check_unexecutable, false},
    {"a lease", make_leased, check_leased, false},
    {"a thread that is told of I/O", make_owned, check_owned, false},
    {"its own directory in /proc", make_own, check_own, false},
    {"an unlinked device", make_device, check_device, false},
    {NULL, NULL, NULL, false},
};

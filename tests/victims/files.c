/* Open files: offsets shared and not, flags, close-on-exec, directories half read, deleted files, locks. Where each stands is remembered here and compared. */
#include <dirent.h>
#include <errno.h>
#include <fcntl.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/file.h>
#include <sys/mman.h>
#include <sys/stat.h>
#include <unistd.h>

#include "tests/victims/victim.h"

enum { SIZE = 65536, ENTRIES = 40, RECORD = 64 };

struct files {
    int plain, duplicate, second, append, deleted, nameless, unfollowed, sealed, null, zero, path, locked, high, opath;
    off_t offset;
    size_t appended;
    DIR *directory;
    unsigned seen, left;
};

static int opened(const char *path, int flags)
{
    int fd = open(path, flags, 0644);
    demand(fd >= 0, "%s: opening: %s", path, strerror(errno));
    return fd;
}

static void fill(int fd, uint64_t seed)
{
    uint8_t *text = malloc(SIZE);
    pattern_fill(text, SIZE, seed);
    demand(write(fd, text, SIZE) == SIZE, "a file: writing: %s", strerror(errno));
    free(text);
    lseek(fd, 0, SEEK_SET);
}

static void make_directory(struct files *f)
{
    char name[32];
    mkdir("many", 0755);
    for (int i = 0; i < ENTRIES; i++) {
        snprintf(name, sizeof(name), "many/entry-%d", i);
        close(opened(name, O_WRONLY | O_CREAT));
    }
    f->directory = opendir("many");
    demand(f->directory != NULL, "many: opening: %s", strerror(errno));
}

static void make(struct files *f)
{
    *f = (struct files){0};
    f->plain = opened("plain", O_RDWR | O_CREAT | O_TRUNC);
    fill(f->plain, 1);
    f->duplicate = dup(f->plain);
    f->second = opened("plain", O_RDONLY | O_CLOEXEC | O_NOATIME);
    f->append = opened("append", O_WRONLY | O_CREAT | O_TRUNC | O_APPEND | O_CLOEXEC);
    f->deleted = opened("deleted", O_RDWR | O_CREAT | O_TRUNC | O_NOFOLLOW);
    fill(f->deleted, 2);
    unlink("deleted");
    f->nameless = opened(".", O_RDWR | O_TMPFILE);
    fill(f->nameless, 2);
    f->unfollowed = opened("plain", O_RDONLY | O_NOFOLLOW);
    f->null = opened("/dev/null", O_RDWR);
    f->zero = opened("/dev/zero", O_RDONLY);
    f->path = opened(".", O_RDONLY | O_DIRECTORY);
    f->opath = opened("plain", O_PATH | O_CLOEXEC);
    f->high = fcntl(f->plain, F_DUPFD_CLOEXEC, 700);
    f->locked = opened("locked", O_RDWR | O_CREAT | O_NONBLOCK);
    const struct flock lock = {.l_type = F_WRLCK, .l_start = 10, .l_len = 20};
    struct flock open_lock = {.l_type = F_RDLCK, .l_start = 100, .l_len = 1};
    demand(flock(f->locked, LOCK_EX) == 0 && fcntl(f->locked, F_SETLK, &lock) == 0 && fcntl(f->plain, F_OFD_SETLK, &open_lock) == 0, "locking: %s", strerror(errno));
    make_directory(f);
}

static void check_read(struct files *f, int fd)
{
    uint64_t found[RECORD / 8], whole[SIZE / 8];
    pattern_fill(whole, SIZE, 1);
    demand(read(fd, found, RECORD) == RECORD, "descriptor %d: reading: %s", fd, strerror(errno));
    demand(memcmp(found, (uint8_t *)whole + f->offset, RECORD) == 0, "descriptor %d is not at offset %lld", fd, (long long)f->offset);
    f->offset = (f->offset + RECORD) % SIZE;
    if (f->offset == 0)
        lseek(fd, 0, SEEK_SET);
}

/* Three numbers of one open file go on where the other stopped; the fourth is on its own. */
static void check_sharing(struct files *f, unsigned long round)
{
    check_read(f, f->plain);
    check_read(f, f->duplicate);
    check_read(f, f->high);
    demand(lseek(f->second, 0, SEEK_CUR) == (off_t)(round % 1000), "a file opened twice: its offset is %lld", (long long)lseek(f->second, 0, SEEK_CUR));
    lseek(f->second, (off_t)((round + 1) % 1000), SEEK_SET);
}

/* Whatever a file without a name was opened with: O_TMPFILE leaves O_DIRECTORY behind. */
static int status_flags(int fd)
{
    struct stat s;
    int status = fcntl(fd, F_GETFL) & ~(0100000 | O_NOFOLLOW);
    return fstat(fd, &s) == 0 && s.st_nlink == 0 ? status & ~O_TMPFILE : status;
}

static void check_flags(const struct files *f)
{
    const struct {
        const char *name;
        int fd, status, descriptor;
    } expected[] = {
        {"plain", f->plain, O_RDWR, 0},
        {"its duplicate", f->duplicate, O_RDWR, 0},
        {"its high duplicate", f->high, O_RDWR, FD_CLOEXEC},
        {"the second", f->second, O_RDONLY | O_NOATIME, FD_CLOEXEC},
        {"append", f->append, O_WRONLY | O_APPEND, FD_CLOEXEC},
        {"deleted", f->deleted, O_RDWR, 0},
        {"without a name", f->nameless, O_RDWR, 0},
        {"opened if no link", f->unfollowed, O_RDONLY, 0},
        {"locked", f->locked, O_RDWR | O_NONBLOCK, 0},
        {"/dev/null", f->null, O_RDWR, 0},
        {"the directory", f->path, O_RDONLY | O_DIRECTORY, 0},
        {"a path only", f->opath, O_PATH, FD_CLOEXEC},
    };
    for (size_t i = 0; i < sizeof(expected) / sizeof(expected[0]); i++) {
        int status = status_flags(expected[i].fd), descriptor = fcntl(expected[i].fd, F_GETFD);
        demand(status == expected[i].status, "%s: its flags are %#o instead of %#o", expected[i].name, status, expected[i].status);
        demand(descriptor == expected[i].descriptor, "%s: its descriptor's flags are %d", expected[i].name, descriptor);
    }
}

static void check_append(struct files *f)
{
    struct stat s;
    demand(pwrite(f->append, "line\n", 5, 0) == 5, "append: writing: %s", strerror(errno));
    f->appended += 5;
    demand(fstat(f->append, &s) == 0 && s.st_size == (off_t)f->appended, "append: it has %lld bytes instead of %zu", (long long)s.st_size, f->appended);
}

static void check_deleted(int fd, const char *name)
{
    struct stat s;
    uint8_t *text = malloc(SIZE);
    demand(fstat(fd, &s) == 0 && s.st_nlink == 0 && s.st_size == SIZE, "%s: %d links, %lld bytes", name, (int)s.st_nlink, (long long)s.st_size);
    demand(pread(fd, text, SIZE, 0) == SIZE, "%s: reading: %s", name, strerror(errno));
    pattern_check(text, SIZE, 2, name);
    free(text);
}

/* Half is read in one round, the rest in a later one: every name exactly once. */
static void check_directory(struct files *f)
{
    for (int i = 0; i < ENTRIES / 4; i++) {
        errno = 0;
        const struct dirent *entry = readdir(f->directory);
        demand(entry != NULL || errno == 0, "a directory: reading: %s", strerror(errno));
        if (entry == NULL) {
            demand(f->seen == ENTRIES, "a directory: %u names instead of %d", f->seen, ENTRIES);
            f->seen = 0;
            rewinddir(f->directory);
            return;
        }
        f->seen += strncmp(entry->d_name, "entry-", 6) == 0;
    }
}

static void check_locks(const struct files *f)
{
    int other = opened("locked", O_RDWR), third = opened("plain", O_RDWR);
    struct flock lock = {.l_type = F_WRLCK, .l_start = 100, .l_len = 1};
    demand(flock(other, LOCK_SH | LOCK_NB) != 0 && errno == EWOULDBLOCK, "a flock lock is lost");
    demand(fcntl(third, F_OFD_GETLK, &lock) == 0 && lock.l_type == F_RDLCK && lock.l_start == 100, "a lock of an open file is lost");
    lock = (struct flock){.l_type = F_WRLCK, .l_start = 0, .l_len = 0};
    (void)f;
    close(third);
    /* Closing `other` would drop the process's own lock on the file (POSIX), which F_OFD_GETLK from it can still see. */
    demand(fcntl(other, F_OFD_GETLK, &lock) == 0 && lock.l_type == F_WRLCK && lock.l_start == 10 && lock.l_len == 20, "a POSIX lock is lost");
    close(other);
    lock = (struct flock){.l_type = F_WRLCK, .l_start = 10, .l_len = 20};
    demand(fcntl(f->locked, F_SETLK, &lock) == 0, "locking again: %s", strerror(errno));
}

static void check_devices(const struct files *f)
{
    uint64_t word = 1;
    struct stat s;
    demand(read(f->zero, &word, sizeof(word)) == sizeof(word) && word == 0, "/dev/zero: it gives %llu", (unsigned long long)word);
    demand(read(f->null, &word, sizeof(word)) == 0 && write(f->null, &word, 8) == 8, "/dev/null: %s", strerror(errno));
    demand(fstatat(f->path, "append", &s, 0) == 0, "a directory's descriptor: %s", strerror(errno));
    demand(fstat(f->opath, &s) == 0 && s.st_size == SIZE, "a path's descriptor: %s", strerror(errno));
}

int main(int argc, char **argv)
{
    struct victim victim;
    struct files files;
    victim_begin(&victim, argc, argv);
    make(&files);
    victim_ready(&victim);
    while (!victim_stopping()) {
        check_sharing(&files, victim.rounds);
        check_flags(&files);
        check_append(&files);
        check_deleted(files.deleted, "a deleted file");
        check_deleted(files.nameless, "a file without a name");
        check_directory(&files);
        if (victim_option(argv, "locks", 1) != 0)
            check_locks(&files);
        check_devices(&files);
        victim_progress(&victim);
    }
    return victim_end();
}

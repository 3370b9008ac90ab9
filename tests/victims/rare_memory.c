#include <errno.h>
#include <fcntl.h>
#include <stdio.h>
#include <string.h>
#include <sys/mman.h>
#include <unistd.h>

#include "tests/victims/rare.h"
#include "tests/victims/victim.h"

enum { SIZE = 16384 };

/* The text is another one after a thaw, which may come in the middle of reading it. */
static bool look_for_flag(const void *at, const char *letters)
{
    char line[512];
    unsigned long start = 0, end = 0;
    bool inside = false, found = false;
    FILE *file = fopen("/proc/self/smaps", "re");
    demand(file != NULL, "smaps: %s", strerror(errno));
    while (fgets(line, sizeof(line), file) != NULL) {
        if (line[0] < 'A' || line[0] > 'Z')
            inside = sscanf(line, "%lx-%lx", &start, &end) == 2 && (unsigned long)at >= start && (unsigned long)at < end;
        else if (inside && strncmp(line, "VmFlags:", 8) == 0)
            found = strstr(line, letters) != NULL;
    }
    fclose(file);
    return found;
}

static bool has_flag(const void *at, const char *letters)
{
    bool found = false;
    for (int i = 0; i < 3 && !found; i++)
        found = look_for_flag(at, letters);
    return found;
}

/* Mapped for reading only, of files that are closed by now: one was opened for writing. */
static uint8_t *writable, *unwritable;
static bool make_views(void)
{
    int fd = open("view", O_RDWR | O_CREAT, 0600), reader = open("view", O_RDONLY);
    demand(ftruncate(fd, SIZE) == 0, "view: %s", strerror(errno));
    writable = mmap(NULL, SIZE, PROT_READ, MAP_SHARED, fd, 0);
    unwritable = mmap(NULL, SIZE, PROT_READ, MAP_SHARED, reader, 0);
    close(fd);
    close(reader);
    return writable != MAP_FAILED && unwritable != MAP_FAILED;
}

static void check_views(void)
{
    demand(mprotect(writable, SIZE, PROT_READ | PROT_WRITE) == 0, "a view cannot be made writable: %s", strerror(errno));
    writable[5]++;
    demand(unwritable[5] == writable[5], "two views are apart");
    mprotect(writable, SIZE, PROT_READ);
    demand(mprotect(unwritable, SIZE, PROT_READ | PROT_WRITE) != 0 && errno == EACCES, "a view of a file opened for reading was made writable");
}

/* Locked as far as it is touched; and all that will be mapped. */
static uint8_t *locked;
static bool make_locked(void)
{
    locked = mmap(NULL, SIZE, PROT_READ | PROT_WRITE, MAP_PRIVATE | MAP_ANONYMOUS, -1, 0);
    return mlock2(locked, SIZE, MLOCK_ONFAULT) == 0 && mlockall(MCL_FUTURE | MCL_ONFAULT) == 0;
}

static void check_locked(void)
{
    demand(has_flag(locked, " lo") && has_flag(locked, " lf"), "memory is not locked on fault any more");
    uint8_t *later = mmap(NULL, SIZE, PROT_READ | PROT_WRITE, MAP_PRIVATE | MAP_ANONYMOUS, -1, 0);
    demand(later != MAP_FAILED && has_flag(later, " lo") && has_flag(later, " lf"), "what is mapped now is not locked on fault any more");
    munmap(later, SIZE);
}

struct rare rare_memory[] = {
    {"views that can become writable", make_views, check_views, false},
    {"locked memory", make_locked, check_locked, false},
    {NULL, NULL, NULL, false},
};

/* Every kind of mapping that a thaw may fill beforehand, or must not: each of some MiB that compress well, but for one. */
#include <errno.h>
#include <fcntl.h>
#include <string.h>
#include <sys/mman.h>
#include <sys/prctl.h>
#include <sys/wait.h>
#include <unistd.h>

#include "tests/victims/victim.h"

#ifndef MADV_GUARD_INSTALL
#define MADV_GUARD_INSTALL 102 /* Linux 6.13 */
#endif

enum { PAGE = 4096, PART = 64 << 10, MIB = 1 << 20, HUGE = 2 << 20, SIZE = 3 * MIB + 5 * PAGE };

struct area {
    uint8_t *at;
    size_t bytes;
    uint64_t seed;
    int protection;     /* while it is looked at, it can be read */
};

static void *map(struct area *a, size_t bytes, int flags)
{
    a->bytes = bytes;
    a->protection = PROT_READ | PROT_WRITE;
    a->at = mmap(NULL, bytes, a->protection, flags, -1, 0);
    demand(a->at != MAP_FAILED, "mapping %zu bytes: %s", bytes, strerror(errno));
    return a->at;
}

static uint64_t word_of(const struct area *a, size_t page)
{
    return (a->seed << 32 | page) * 0x9e3779b97f4a7c15u;
}

/* Each page has a word of its own, all over. */
static void fill(const struct area *a, size_t from, size_t bytes)
{
    for (size_t at = from; at < from + bytes; at += sizeof(uint64_t)) {
        uint64_t word = word_of(a, at / PAGE);
        memcpy(a->at + at, &word, sizeof(word));
    }
}

static void check(const struct area *a, size_t from, size_t bytes, const char *name)
{
    for (size_t at = from; at < from + bytes; at += sizeof(uint64_t)) {
        uint64_t word = word_of(a, at / PAGE);
        demand(memcmp(a->at + at, &word, sizeof(word)) == 0, "%s: byte %#zx is not what it was", name, at);
    }
}

static void check_empty(const struct area *a, size_t from, size_t bytes, const char *name)
{
    for (size_t at = from; at < from + bytes; at++)
        demand(a->at[at] == 0, "%s: a hole is not empty at %#zx", name, at);
}

static void protect(struct area *a, int protection)
{
    a->protection = protection;
    demand(mprotect(a->at, a->bytes, protection) == 0, "protecting: %s", strerror(errno));
}

static void make_plain(struct area *a)
{
    map(a, SIZE, MAP_PRIVATE | MAP_ANONYMOUS);
    fill(a, 0, SIZE);
}

static void check_all(struct area *a, const char *name)
{
    if ((a->protection & PROT_READ) == 0)
        mprotect(a->at, a->bytes, PROT_READ);
    check(a, 0, a->bytes, name);
    if ((a->protection & PROT_READ) == 0)
        mprotect(a->at, a->bytes, a->protection);
}

/* It grows and shrinks as malloc(3)'s large pieces do, and gives pages back. */
static void check_plain(struct area *a, const char *name)
{
    check(a, 0, a->bytes, name);
    uint8_t *grown = mremap(a->at, a->bytes, a->bytes + MIB, MREMAP_MAYMOVE);
    demand(grown != MAP_FAILED, "%s: growing: %s", name, strerror(errno));
    a->at = grown;
    check(a, 0, a->bytes, name);
    check_empty(a, a->bytes, MIB, name);
    demand(mremap(a->at, a->bytes + MIB, a->bytes, 0) == a->at && madvise(a->at + MIB, MIB, MADV_DONTNEED) == 0, "%s: shrinking: %s", name, strerror(errno));
    check_empty(a, MIB, MIB, name);
    fill(a, MIB, MIB);
}

static void make_hidden(struct area *a)
{
    make_plain(a);
    protect(a, PROT_NONE);
}

static void make_read_only(struct area *a)
{
    make_plain(a);
    protect(a, PROT_READ);
}

static void make_code(struct area *a)
{
    make_plain(a);
    const uint8_t code[] = {0xb8, (uint8_t)a->seed, 0, 0, 0, 0xc3}; /* mov eax, seed; ret */
    memcpy(a->at + 2 * MIB, code, sizeof(code));
    protect(a, PROT_READ | PROT_EXEC);
}

static void check_code(struct area *a, const char *name)
{
    int (*function)(void);
    uint8_t *at = a->at + 2 * MIB;
    memcpy(&function, &at, sizeof(function));
    demand(function() == (int)(uint8_t)a->seed, "%s: it gives %d", name, function());
    check(a, 0, 2 * MIB, name);
}

static void make_huge(struct area *a)
{
    map(a, 10 * MIB, MAP_PRIVATE | MAP_ANONYMOUS);
    uint8_t *first = (uint8_t *)(((uintptr_t)a->at + HUGE - 1) & ~(uintptr_t)(HUGE - 1));
    munmap(first + 8 * MIB, (size_t)(a->at + 10 * MIB - (first + 8 * MIB)));
    if (first > a->at)
        munmap(a->at, (size_t)(first - a->at));
    a->at = first;
    a->bytes = 8 * MIB;
    madvise(a->at, a->bytes, MADV_HUGEPAGE);
    fill(a, 0, a->bytes);
}

static void advise(struct area *a, int advice, int another)
{
    make_plain(a);
    madvise(a->at, a->bytes, advice);
    if (another != 0)
        madvise(a->at, a->bytes, another);
}
static void make_small_pages(struct area *a) { advise(a, MADV_NOHUGEPAGE, 0); }
static void make_kept_back(struct area *a) { advise(a, MADV_DONTFORK, MADV_DONTDUMP); }
static void make_mergeable(struct area *a) { advise(a, MADV_MERGEABLE, MADV_SEQUENTIAL); }
static void make_wiped(struct area *a) { advise(a, MADV_WIPEONFORK, 0); }

/* In the end: a program with children cannot be frozen. */
static void check_child(struct area *a, const char *name)
{
    int status;
    pid_t child = fork();
    if (child == 0)
        _exit(a->at[MIB] != 0);
    demand(child > 0 && waitpid(child, &status, 0) == child && status == 0, "%s: a child has it", name);
}

/* Where the limit is too low it stays plain memory. */
static void make_locked(struct area *a)
{
    make_plain(a);
    (void)!mlock(a->at, a->bytes);
}

static void make_locked_on_fault(struct area *a)
{
    make_plain(a);
    (void)!mlock2(a->at, a->bytes, MLOCK_ONFAULT);
}

/* Larger than a table of page tables spans, and hardly used. */
static void make_sparse(struct area *a)
{
    map(a, (size_t)3 << 30, MAP_PRIVATE | MAP_ANONYMOUS | MAP_NORESERVE);
    for (size_t at = 0; at < a->bytes; at += a->bytes / 12)
        fill(a, at, PART);
}

static void check_sparse(struct area *a, const char *name)
{
    for (size_t at = 0; at < a->bytes; at += a->bytes / 12) {
        check(a, at, PART, name);
        demand(a->at[at + a->bytes / 24] == 0, "%s: a hole is not empty", name);
    }
}

/* Every other half MiB. */
static void make_holes(struct area *a)
{
    map(a, 8 * MIB, MAP_PRIVATE | MAP_ANONYMOUS);
    for (size_t at = 0; at < a->bytes; at += MIB)
        fill(a, at, MIB / 2);
}

static void check_holes(struct area *a, const char *name)
{
    for (size_t at = 0; at < a->bytes; at += MIB)
        check(a, at, MIB / 2, name);
}

static void make_growing(struct area *a)
{
    map(a, 8 * MIB, MAP_PRIVATE | MAP_ANONYMOUS);
    munmap(a->at, 8 * MIB);
    a->bytes = MIB;
    a->at = mmap(a->at + 7 * MIB, MIB, a->protection, MAP_PRIVATE | MAP_ANONYMOUS | MAP_GROWSDOWN | MAP_FIXED, -1, 0);
    demand(a->at != MAP_FAILED, "mapping what grows: %s", strerror(errno));
    fill(a, 0, a->bytes);
}

static void map_file(struct area *a, const char *path, bool keep)
{
    int fd = open(path, O_RDWR | O_CREAT | O_TRUNC | O_CLOEXEC, 0600);
    demand(fd >= 0 && ftruncate(fd, 2 * MIB) == 0, "%s: %s", path, strerror(errno));
    a->bytes = 2 * MIB;
    a->protection = PROT_READ | PROT_WRITE;
    a->at = mmap(NULL, a->bytes, a->protection, MAP_PRIVATE, fd, 0);
    demand(a->at != MAP_FAILED, "mapping a file: %s", strerror(errno));
    close(fd);
    if (!keep)
        unlink(path);
    fill(a, 0, a->bytes);
}
static void make_deleted(struct area *a) { map_file(a, "deleted", false); }
static void make_file(struct area *a) { map_file(a, "file", true); }

static void make_shared(struct area *a)
{
    map(a, SIZE, MAP_SHARED | MAP_ANONYMOUS);
    fill(a, 0, SIZE);
}

static void make_named(struct area *a)
{
    make_plain(a);
    prctl(PR_SET_VMA, PR_SET_VMA_ANON_NAME, a->at, a->bytes, "a large one");
}

/* Before 6.13 it is plain. */
static void make_guarded(struct area *a)
{
    make_plain(a);
    madvise(a->at + MIB, PART, MADV_GUARD_INSTALL);
}

static void check_guarded(struct area *a, const char *name)
{
    check(a, 0, MIB, name);
    check(a, MIB + PART, a->bytes - MIB - PART, name);
}

/* What one chunk holds lies in several mappings. */
static void make_neighbours(struct area *a)
{
    map(a, 4 * MIB, MAP_PRIVATE | MAP_ANONYMOUS);
    fill(a, 0, a->bytes);
    for (size_t at = 0; at < a->bytes; at += 2 * PART)
        mprotect(a->at + at, PART, PROT_READ);
}

static void make_mixture(struct area *a)
{
    map(a, 8 * MIB, MAP_PRIVATE | MAP_ANONYMOUS);
    for (size_t at = 0; at < a->bytes; at += 2 * MIB) {
        fill(a, at, MIB);
        pattern_fill(a->at + at + MIB, MIB, a->seed);
    }
}

static void check_mixture(struct area *a, const char *name)
{
    for (size_t at = 0; at < a->bytes; at += 2 * MIB) {
        check(a, at, MIB, name);
        pattern_check(a->at + at + MIB, MIB, a->seed, name);
    }
}

static const struct kind {
    const char *name;
    void (*make)(struct area *area);
    void (*check)(struct area *area, const char *name);
    void (*end)(struct area *area, const char *name);
} kinds[] = {
    {"plain memory", make_plain, check_plain, NULL}, {"hidden memory", make_hidden, check_all, NULL}, {"read-only memory", make_read_only, check_all, NULL},
    {"code", make_code, check_code, NULL}, {"huge pages", make_huge, check_all, NULL}, {"small pages", make_small_pages, check_all, NULL},
    {"memory that is kept back", make_kept_back, check_all, NULL}, {"mergeable memory", make_mergeable, check_all, NULL}, {"wiped memory", make_wiped, check_all, check_child},
    {"locked memory", make_locked, check_all, NULL}, {"memory locked on fault", make_locked_on_fault, check_all, NULL}, {"sparse memory", make_sparse, check_sparse, NULL},
    {"memory with holes", make_holes, check_holes, NULL}, {"a growing mapping", make_growing, check_all, NULL}, {"a file", make_file, check_all, NULL},
    {"a deleted file", make_deleted, check_all, NULL}, {"shared memory", make_shared, check_all, NULL}, {"named memory", make_named, check_all, NULL},
    {"guarded memory", make_guarded, check_guarded, NULL}, {"neighbours", make_neighbours, check_all, NULL}, {"a mixture", make_mixture, check_mixture, NULL},
};
enum { KINDS = sizeof(kinds) / sizeof(kinds[0]) };

/* Between two rounds, as long as there is a file `pause`: nothing changes, and the file `paused` says so. */
static void pause_if_asked(void)
{
    for (; access("pause", F_OK) == 0; victim_nap(1))
        if (access("paused", F_OK) != 0)
            close(open("paused", O_WRONLY | O_CREAT | O_CLOEXEC, 0600));
}

int main(int argc, char **argv)
{
    struct victim victim;
    struct area areas[KINDS];
    victim_begin(&victim, argc, argv);
    for (size_t i = 0; i < KINDS; i++) {
        areas[i] = (struct area){.seed = i + 1};
        kinds[i].make(&areas[i]);
    }
    victim_ready(&victim);
    while (!victim_stopping()) {
        for (size_t i = 0; i < KINDS; i++)
            kinds[i].check(&areas[i], kinds[i].name);
        pause_if_asked();
        victim_progress(&victim);
    }
    for (size_t i = 0; i < KINDS; i++)
        if (kinds[i].end != NULL)
            kinds[i].end(&areas[i], kinds[i].name);
    return victim_end();
}

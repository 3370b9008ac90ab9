/* Every kind of mapping, each with a pattern; and on demand very many (maps=N), much (mib=N) or deep (depth=N) memory. */
#include <errno.h>
#include <fcntl.h>
#include <setjmp.h>
#include <signal.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/mman.h>
#include <sys/prctl.h>
#include <sys/resource.h>
#include <unistd.h>

#include "tests/victims/memory.h"
#include "tests/victims/victim.h"

enum { PAGE = 4096, SMALL = 16 * PAGE, HUGE_PAGE = 2 << 20, CHUNKS = 500 };

static void *map(size_t bytes, int protection, int flags, int fd, const char *name)
{
    void *at = mmap(NULL, bytes, protection, flags, fd, 0);
    demand(at != MAP_FAILED, "%s: mapping %zu bytes: %s", name, bytes, strerror(errno));
    return at;
}

static int file_of(const char *path, size_t bytes, uint64_t seed)
{
    int fd = open(path, O_RDWR | O_CREAT | O_TRUNC | O_CLOEXEC, 0644);
    void *text = malloc(bytes);
    pattern_fill(text, bytes, seed);
    demand(fd >= 0 && write(fd, text, bytes) == (ssize_t)bytes, "%s: writing: %s", path, strerror(errno));
    free(text);
    return fd;
}

static void make_private(struct area *a)
{
    a->at = map(a->bytes = SMALL, PROT_READ | PROT_WRITE, MAP_PRIVATE | MAP_ANONYMOUS, -1, a->name);
    pattern_fill(a->at, a->bytes, a->seed);
}

/* Two views of the same pages. */
static void make_shared(struct area *a)
{
    a->at = map(a->bytes = SMALL, PROT_READ | PROT_WRITE, MAP_SHARED | MAP_ANONYMOUS, -1, a->name);
    a->other = mremap(a->at, 0, SMALL, MREMAP_MAYMOVE);
    demand(a->other != MAP_FAILED, "%s: a second view: %s", a->name, strerror(errno));
    pattern_fill(a->at, a->bytes, a->seed);
}

static void check_views(struct area *a)
{
    pattern_check(a->at, a->bytes, a->seed, a->name);
    a->at[5000]++;
    demand(a->other[5000] == a->at[5000], "%s: its two views are apart", a->name);
    a->at[5000]--;
    pattern_check(a->other, a->bytes, a->seed, a->name);
}

static void make_memfd(struct area *a)
{
    int fd = memfd_create("victim", MFD_CLOEXEC);
    demand(fd >= 0 && ftruncate(fd, SMALL) == 0, "%s: making it: %s", a->name, strerror(errno));
    a->at = map(a->bytes = SMALL, PROT_READ | PROT_WRITE, MAP_SHARED, fd, a->name);
    a->other = map(SMALL, PROT_READ | PROT_WRITE, MAP_SHARED, fd, a->name);
    close(fd);
    pattern_fill(a->at, a->bytes, a->seed);
}

static void make_deleted(struct area *a)
{
    int fd = file_of("deleted", SMALL, a->seed);
    a->at = map(a->bytes = SMALL, PROT_READ | PROT_WRITE, MAP_SHARED, fd, a->name);
    a->other = map(SMALL, PROT_READ | PROT_WRITE, MAP_SHARED, fd, a->name);
    close(fd);
    unlink("deleted");
}

static void make_deleted_private(struct area *a)
{
    int fd = file_of("deleted", SMALL, a->seed);
    a->at = map(a->bytes = SMALL, PROT_READ, MAP_PRIVATE, fd, a->name);
    close(fd);
    unlink("deleted");
}

static void make_shared_file(struct area *a)
{
    int fd = file_of("shared", SMALL, a->seed);
    a->at = map(a->bytes = SMALL, PROT_READ | PROT_WRITE, MAP_SHARED, fd, a->name);
    a->other = map(SMALL, PROT_READ, MAP_SHARED, fd, a->name);
    close(fd);
}

/* Every third page is changed, the rest is the file's. */
static void make_private_file(struct area *a)
{
    int fd = file_of("private", SMALL, a->seed);
    a->at = map(a->bytes = SMALL, PROT_READ | PROT_WRITE, MAP_PRIVATE, fd, a->name);
    close(fd);
    for (size_t i = 0; i < SMALL; i += 3 * PAGE)
        memset(a->at + i, 0x5a, PAGE);
}

static void check_private_file(struct area *a)
{
    uint8_t *file = malloc(SMALL);
    pattern_fill(file, SMALL, a->seed);
    for (size_t i = 0; i < SMALL; i += 3 * PAGE)
        memset(file + i, 0x5a, PAGE);
    demand(memcmp(file, a->at, SMALL) == 0, "%s: it is not what it was", a->name);
    free(file);
}

static void make_hidden(struct area *a)
{
    make_private(a);
    demand(mprotect(a->at, a->bytes, PROT_NONE) == 0, "%s: hiding it: %s", a->name, strerror(errno));
}

static void check_hidden(struct area *a)
{
    mprotect(a->at, a->bytes, PROT_READ);
    pattern_check(a->at, a->bytes, a->seed, a->name);
    mprotect(a->at, a->bytes, PROT_NONE);
}

static void make_read_only(struct area *a)
{
    make_private(a);
    mprotect(a->at, a->bytes, PROT_READ);
}

/* mov eax, seed; ret */
static void make_code(struct area *a)
{
    a->at = map(a->bytes = PAGE, PROT_READ | PROT_WRITE, MAP_PRIVATE | MAP_ANONYMOUS, -1, a->name);
    const uint8_t code[] = {0xb8, (uint8_t)a->seed, 0, 0, 0, 0xc3};
    memcpy(a->at, code, sizeof(code));
    mprotect(a->at, a->bytes, PROT_READ | PROT_EXEC);
}

static void check_code(struct area *a)
{
    int (*function)(void);
    memcpy(&function, &a->at, sizeof(function));
    demand(function() == (int)(uint8_t)a->seed, "%s: it gives %d", a->name, function());
}

static void make_huge(struct area *a)
{
    uint8_t *at = map(4 * HUGE_PAGE, PROT_READ | PROT_WRITE, MAP_PRIVATE | MAP_ANONYMOUS, -1, a->name);
    a->at = (uint8_t *)(((uintptr_t)at + HUGE_PAGE - 1) & ~(uintptr_t)(HUGE_PAGE - 1));
    a->bytes = 2 * HUGE_PAGE;
    madvise(a->at, a->bytes, MADV_HUGEPAGE);
    pattern_fill(a->at, a->bytes, a->seed);
}

static void make_advised(struct area *a)
{
    make_private(a);
    madvise(a->at, a->bytes, MADV_DONTFORK);
    madvise(a->at, a->bytes, MADV_DONTDUMP);
}

static void make_locked(struct area *a)
{
    make_private(a);
    if (mlock(a->at, a->bytes) != 0)
        a->seed = a->seed; /* a machine with a low limit: then it is plain */
}

/* A few pages far apart in much reserved space; what was only read stays a hole. */
static void make_sparse(struct area *a)
{
    a->bytes = (size_t)16 << 30;
    a->at = map(a->bytes, PROT_READ | PROT_WRITE, MAP_PRIVATE | MAP_ANONYMOUS | MAP_NORESERVE, -1, a->name);
    for (size_t i = 0; i < a->bytes; i += a->bytes / 8)
        pattern_fill(a->at + i, PAGE, a->seed + i);
}

static void check_sparse(struct area *a)
{
    for (size_t i = 0; i < a->bytes; i += a->bytes / 8) {
        pattern_check(a->at + i, PAGE, a->seed + i, a->name);
        demand(a->at[i + a->bytes / 16] == 0, "%s: a hole is not empty", a->name);
    }
}

static void make_growing(struct area *a)
{
    uint8_t *space = map(64 * PAGE, PROT_NONE, MAP_PRIVATE | MAP_ANONYMOUS, -1, a->name);
    munmap(space, 64 * PAGE);
    a->bytes = 2 * PAGE;
    a->at = mmap(space + 62 * PAGE, a->bytes, PROT_READ | PROT_WRITE, MAP_PRIVATE | MAP_ANONYMOUS | MAP_GROWSDOWN | MAP_FIXED, -1, 0);
    demand(a->at != MAP_FAILED, "%s: mapping: %s", a->name, strerror(errno));
    pattern_fill(a->at, a->bytes, a->seed);
}

static void make_heap(struct area *a)
{
    uint8_t **chunks = malloc(CHUNKS * sizeof(*chunks));
    for (int i = 0; i < CHUNKS; i++) {
        chunks[i] = malloc(2048);
        pattern_fill(chunks[i], 2048, a->seed + (uint64_t)i);
    }
    a->at = (uint8_t *)chunks;
}

/* Freed and taken again, so malloc's own state is walked through. */
static void check_heap(struct area *a)
{
    uint8_t **chunks = (uint8_t **)a->at;
    for (int i = 0; i < CHUNKS; i++) {
        pattern_check(chunks[i], 2048, a->seed + (uint64_t)i, a->name);
        free(chunks[i]);
        chunks[i] = malloc(2048);
        pattern_fill(chunks[i], 2048, a->seed + (uint64_t)i);
    }
    void *end = sbrk(0);
    demand(sbrk(PAGE) == end && sbrk(-PAGE) == (uint8_t *)end + PAGE, "%s: the break does not move", a->name);
}

static void check_plain(struct area *a)
{
    pattern_check(a->at, a->bytes, a->seed, a->name);
}

static sigjmp_buf landing;

static void land(int number)
{
    siglongjmp(landing, number);
}

static void make_guard(struct area *a)
{
    a->at = map(a->bytes = 3 * PAGE, PROT_READ | PROT_WRITE, MAP_PRIVATE | MAP_ANONYMOUS, -1, a->name);
    mprotect(a->at + PAGE, PAGE, PROT_NONE);
    pattern_fill(a->at, PAGE, a->seed);
    pattern_fill(a->at + 2 * PAGE, PAGE, a->seed);
    signal(SIGSEGV, land);
}

static void check_guard(struct area *a)
{
    if (sigsetjmp(landing, 1) == 0) {
        ((volatile uint8_t *)a->at)[PAGE + 8] = 1;
        victim_broken("%s: it can be written to", a->name);
    }
    pattern_check(a->at, PAGE, a->seed, a->name);
    pattern_check(a->at + 2 * PAGE, PAGE, a->seed, a->name);
}

static void make_named(struct area *a)
{
    make_private(a);
    prctl(PR_SET_VMA, PR_SET_VMA_ANON_NAME, a->at, a->bytes, "a victim's own");
}

static const struct kind {
    const char *name;
    void (*make)(struct area *area);
    void (*check)(struct area *area);
} kinds[] = {
    {"private memory", make_private, check_plain},
    {"shared memory", make_shared, check_views},
    {"a memfd", make_memfd, check_views},
    {"a deleted file", make_deleted, check_views},
    {"a deleted file, private", make_deleted_private, check_plain},
    {"a shared file", make_shared_file, check_views},
    {"a private file", make_private_file, check_private_file},
    {"hidden memory", make_hidden, check_hidden},
    {"read-only memory", make_read_only, check_plain},
    {"code", make_code, check_code},
    {"huge pages", make_huge, check_plain},
    {"advised memory", make_advised, check_plain},
    {"locked memory", make_locked, check_plain},
    {"sparse memory", make_sparse, check_sparse},
    {"a growing mapping", make_growing, check_plain},
    {"the heap", make_heap, check_heap},
    {"a guard page", make_guard, check_guard},
    {"named memory", make_named, check_plain},
};
enum { KINDS = sizeof(kinds) / sizeof(kinds[0]) };

/* The stack is grown by half a megabyte more in every depth that was not there at the freeze. */
static __attribute__((noinline)) void descend(unsigned long depth)
{
    volatile uint8_t frame[PAGE];
    for (size_t i = 0; i < sizeof(frame); i += 64)
        frame[i] = (uint8_t)depth;
    if (depth > 0)
        descend(depth - 1);
    for (size_t i = 0; i < sizeof(frame); i += 64)
        demand(frame[i] == (uint8_t)depth, "the stack: it is not what it was at depth %lu", depth);
}

int main(int argc, char **argv)
{
    struct victim victim;
    struct area areas[KINDS];
    unsigned long depth = 100;
    victim_begin(&victim, argc, argv);
    struct bulk bulk = {.maps = victim_option(argv, "maps", 0), .bytes = (size_t)victim_option(argv, "mib", 0) << 20};
    for (size_t i = 0; i < KINDS; i++) {
        areas[i] = (struct area){.name = kinds[i].name, .seed = i + 40};
        kinds[i].make(&areas[i]);
    }
    bulk_make(&bulk);
    descend(depth);
    victim_ready(&victim);
    while (!victim_stopping()) {
        for (size_t i = 0; i < KINDS; i++)
            kinds[i].check(&areas[i]);
        bulk_check_some(&bulk, victim.rounds);
        descend(depth = depth < 1500 ? depth + 10 : 100);
        victim_progress(&victim);
    }
    bulk_check(&bulk);
    return victim_end();
}

/* Memory that is filled before a plan runs: at its place, or elsewhere and moved. Plans are run in a child. */
#include <criterion/criterion.h>
#include <signal.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/mman.h>
#include <sys/resource.h>
#include <sys/syscall.h>
#include <sys/user.h>
#include <sys/wait.h>
#include <unistd.h>

#include "checkpt/thaw/plan.h"

#define CODE 0x20000000ull
#define FIRST 0x30003000ull
#define PAGE 4096ull
#define TABLE (2ull << 20)
#define DIRECTORY (1ull << 30)
#define LARGE (1ull << 45) /* a multiple of all of them, and no sanitizer's */

static void *at(uint64_t address)
{
    return (void *)(uintptr_t)address;
}

/* Somebody else's, in checkpt. */
static void take(uint64_t address, uint64_t size)
{
    cr_assert_eq(mmap(at(address), size, PROT_READ, MAP_PRIVATE | MAP_ANONYMOUS | MAP_FIXED_NOREPLACE, -1, 0), at(address));
}

static void hold(struct plan *plan, struct plan_held *list, size_t count)
{
    struct failure why = {0};
    for (size_t i = 0; i < count; i++)
        plan_reserve(plan, list[i].start, list[i].end);
    cr_assert(plan_hold(plan, list, count, &why), "%s", why.sentence);
}

static bool is_empty(const struct plan_held *held)
{
    unsigned char resident[16];
    size_t pages = (held->end - held->start) / PAGE;
    cr_assert_leq(pages, sizeof(resident));
    cr_assert_eq(mincore(at(held->at), held->end - held->start, resident), 0);
    for (size_t i = 0; i < pages; i++)
        if (resident[i] & 1)
            return false;
    return true;
}

Test(plan_hold, it_lies_where_it_belongs)
{
    struct plan *plan = plan_create();
    struct plan_held list[] = {{.start = FIRST, .end = FIRST + 4 * PAGE}, {.start = FIRST + 8 * PAGE, .end = FIRST + 9 * PAGE, .flags = MAP_NORESERVE}};
    hold(plan, list, 2);
    for (size_t i = 0; i < 2; i++) {
        cr_expect_eq(list[i].at, list[i].start);
        cr_expect(is_empty(&list[i]));
        memset(at(list[i].at), 7, list[i].end - list[i].start);
    }
    plan_destroy(plan);
    unsigned char resident;
    cr_expect_neq(mincore(at(FIRST), PAGE, &resident), 0, "it is still there");
}

/* The middle one's place is taken, and so is that of its neighbour. */
Test(plan_hold, what_is_in_the_way_is_elsewhere)
{
    struct plan *plan = plan_create();
    struct plan_held list[] = {{.start = FIRST, .end = FIRST + PAGE}, {.start = FIRST + PAGE, .end = FIRST + 5 * PAGE},
                               {.start = FIRST + 5 * PAGE, .end = FIRST + 9 * PAGE}, {.start = LARGE + 5 * PAGE, .end = LARGE + 2 * DIRECTORY, .flags = MAP_NORESERVE}};
    take(FIRST + 4 * PAGE, 2 * PAGE);
    take(LARGE + DIRECTORY, PAGE);
    hold(plan, list, 4);
    cr_expect_eq(list[0].at, list[0].start);
    for (size_t i = 1; i < 4; i++) {
        cr_expect_neq(list[i].at, list[i].start);
        cr_expect_eq((list[i].at - list[i].start) % TABLE, 0, "%zu: %jx for %jx", i, (uintmax_t)list[i].at, (uintmax_t)list[i].start);
        for (size_t k = 0; k < 4; k++)
            cr_expect(list[i].at >= list[k].end || list[i].at + (list[i].end - list[i].start) <= list[k].start, "%zu lies where %zu will be", i, k);
    }
    cr_expect_eq(list[2].at - list[1].at, list[2].start - list[1].start, "neighbours are apart");
    cr_expect_eq((list[3].at - list[3].start) % DIRECTORY, 0);
    cr_expect(is_empty(&list[1]) && is_empty(&list[2]));
    plan_destroy(plan);
}

Test(plan_hold, no_room_is_told)
{
    struct plan *plan = plan_create();
    struct plan_held held = {.start = LARGE, .end = LARGE + 4 * DIRECTORY};
    const struct rlimit limit = {2 * DIRECTORY, RLIM_INFINITY}, none = {RLIM_INFINITY, RLIM_INFINITY};
    struct failure why = {0};
    cr_assert_eq(setrlimit(RLIMIT_AS, &limit), 0);
    bool done = plan_hold(plan, &held, 1, &why);
    setrlimit(RLIMIT_AS, &none);
    cr_expect(!done);
    cr_expect_str_eq(why.sentence, "mapping 200000000000-200100000000: memory to unpack it into: Cannot allocate memory");
    cr_expect_eq(why.exit_status, 1);
    plan_destroy(plan);
}

static void leave(struct plan *plan)
{
    const struct user_regs_struct registers = {.rip = CODE, .rsp = FIRST, .cs = 0x33, .ss = 0x2b, .eflags = 0x202, .rbx = FIRST};
    const struct plan_context context = {.registers = &registers, .stack_flags = SS_DISABLE};
    plan_leave(plan, 0, &context);
}

/* Ends with the sum of the first bytes of two pages: of the first, and of the one that follows it. */
static const unsigned char sum_code[] = {0x0f, 0xb6, 0x3b, /* movzbl (rbx), edi */ 0x0f, 0xb6, 0x83, 0x00, 0x10, 0, 0, /* movzbl 4096(rbx), eax */
                                         0x01, 0xc7, /* add eax, edi */ 0xb8, SYS_exit_group, 0, 0, 0, 0x0f, 0x05};

static int run(bool taken)
{
    int status;
    pid_t child = fork();
    if (child == 0) {
        struct plan *plan = plan_create();
        struct plan_held list[] = {{.start = CODE, .end = CODE + PAGE}, {.start = FIRST, .end = FIRST + PAGE}, {.start = FIRST + PAGE, .end = FIRST + 2 * PAGE}};
        struct failure why = {0};
        if (taken)
            take(FIRST, PAGE);
        hold(plan, list, 3);
        memcpy(at(list[0].at), sum_code, sizeof(sum_code));
        *(char *)at(list[1].at) = 30;
        *(char *)at(list[2].at) = 12;
        for (size_t i = 0; i < 3; i++)
            if (list[i].at != list[i].start)
                plan_move(plan, list[i].at, list[i].end - list[i].start, list[i].start, "memory: moving");
        PLAN_CALL(plan, "memory: protecting", SYS_mprotect, PLAN_NUMBER(CODE), PLAN_NUMBER(PAGE), PLAN_NUMBER(PROT_READ | PROT_EXEC));
        leave(plan);
        if (plan_seal(plan, &why))
            plan_run(plan, "x.ckpt", &why);
        dprintf(2, "not run: %s", why.sentence);
        _exit(99);
    }
    cr_assert_eq(waitpid(child, &status, 0), child);
    cr_assert(WIFEXITED(status), "status %x", status);
    return WEXITSTATUS(status);
}

Test(plan_hold, it_is_the_programs) { cr_expect_eq(run(false), 42); }
Test(plan_hold, it_is_the_programs_when_it_was_moved) { cr_expect_eq(run(true), 42); }

Test(plan_hold, a_plan_shows_it)
{
    struct plan *plan = plan_create();
    struct plan_held list[] = {{.start = FIRST, .end = FIRST + PAGE}, {.start = FIRST + PAGE, .end = FIRST + 2 * PAGE}};
    struct failure why = {0};
    char expected[256], *text = NULL;
    size_t size;
    take(FIRST + PAGE, PAGE);
    hold(plan, list, 2);
    plan_note(plan, "the first: %s", "here");
    plan_note(plan, "and so on");
    plan_move(plan, list[1].at, PAGE, list[1].start, "the second: moving");
    leave(plan);
    cr_assert(plan_seal(plan, &why), "%s", why.sentence);
    FILE *out = open_memstream(&text, &size);
    plan_print(plan, out);
    fclose(out);
    snprintf(expected, sizeof(expected), "\n/* the first: here */\n/* and so on */\nmremap(%#jx, 4096, 4096, MREMAP_MAYMOVE|MREMAP_FIXED, 0x30004000) = 0x30004000\n",
             (uintmax_t)list[1].at);
    cr_expect_not_null(strstr(text, expected), "no \"%s\" in:\n%s", expected, text);
    free(text);
    plan_destroy(plan);
}

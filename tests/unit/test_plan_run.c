#include <criterion/criterion.h>
#include <fcntl.h>
#include <signal.h>
#include <stdlib.h>
#include <string.h>
#include <sys/mman.h>
#include <sys/syscall.h>
#include <sys/user.h>
#include <sys/wait.h>
#include <unistd.h>

#include "checkpt/thaw/plan.h"

/* Plans are run in a child, from nothing to a page of code that ends with a status. */
#define CODE 0x20000000ull
#define STACK 0x30000000ull
#define PAGE 4096ull
#define FLAT (MAP_PRIVATE | MAP_ANONYMOUS | MAP_FIXED_NOREPLACE)

struct ending {
    int status;       /* as wait(2) gives it */
    char message[512];
};

static void finish(struct plan *plan)
{
    struct failure why = {0};
    if (plan_seal(plan, &why))
        plan_run(plan, "x.ckpt", &why);
    dprintf(2, "not run: %s", why.sentence);
    _exit(99);
}

static struct ending run(void (*build)(struct plan *plan))
{
    struct ending ending = {0};
    int both[2];
    cr_assert_eq(pipe(both), 0);
    pid_t child = fork();
    if (child == 0) {
        dup2(both[1], 2);
        close(both[0]);
        close(both[1]);
        struct plan *plan = plan_create();
        build(plan);
        finish(plan);
    }
    close(both[1]);
    ssize_t got, length = 0;
    while ((got = read(both[0], ending.message + length, sizeof(ending.message) - 1 - (size_t)length)) > 0)
        length += got;
    close(both[0]);
    cr_assert_eq(waitpid(child, &ending.status, 0), child);
    return ending;
}

static void expect_exit(struct ending ending, int status)
{
    cr_expect(WIFEXITED(ending.status) && WEXITSTATUS(ending.status) == status, "status %x, said: %s", ending.status, ending.message);
}

static void map(struct plan *plan, uint64_t address, int protection)
{
    plan_reserve(plan, address, address + PAGE);
    PLAN_EXPECT(plan, address, "memory: mapping", SYS_mmap, PLAN_NUMBER(address), PLAN_NUMBER(PAGE), PLAN_NUMBER(protection), PLAN_NUMBER(FLAT),
                PLAN_NUMBER(-1), PLAN_NUMBER(0));
}

static void store_code(struct plan *plan, uint64_t at, const void *code, size_t size)
{
    for (size_t i = 0; i < size; i += sizeof(uint32_t)) {
        uint32_t word = 0;
        memcpy(&word, (const char *)code + i, size - i < sizeof(word) ? size - i : sizeof(word));
        plan_store(plan, at + i, PLAN_NUMBER(word), 0);
    }
}

static struct user_regs_struct registers_at(uint64_t rip)
{
    return (struct user_regs_struct){.rip = rip, .rsp = STACK + PAGE - 64, .cs = 0x33, .ss = 0x2b, .eflags = 0x202};
}

static void leave(struct plan *plan, size_t thread, const struct user_regs_struct *registers)
{
    const struct plan_context context = {.registers = registers, .stack_flags = SS_DISABLE};
    plan_leave(plan, thread, &context);
}

/* exit_group(rdi) */
static const unsigned char exit_code[] = {0xb8, SYS_exit_group, 0, 0, 0, 0x0f, 0x05};

static void build_exit(struct plan *plan)
{
    map(plan, CODE, PROT_READ | PROT_WRITE | PROT_EXEC);
    map(plan, STACK, PROT_READ | PROT_WRITE);
    store_code(plan, CODE, exit_code, sizeof(exit_code));
    struct user_regs_struct registers = registers_at(CODE);
    registers.rdi = 42;
    leave(plan, 0, &registers);
}

Test(plan_run, a_tiny_program_ends_as_it_says)
{
    expect_exit(run(build_exit), 42);
}

static void build_failing(struct plan *plan)
{
    uint32_t path = plan_data(plan, "/nonexistent/file", 18, 1);
    PLAN_TRY(plan, "file /nonexistent/file: trying", SYS_openat, PLAN_NUMBER(AT_FDCWD), PLAN_DATA(path), PLAN_NUMBER(O_RDONLY));
    PLAN_CALL(plan, "file /nonexistent/file: opening", SYS_openat, PLAN_NUMBER(AT_FDCWD), PLAN_DATA(path), PLAN_NUMBER(O_RDONLY));
    build_exit(plan);
}

Test(plan_run, a_failing_call_says_its_sentence)
{
    struct ending ending = run(build_failing);
    expect_exit(ending, 1);
    cr_expect_str_eq(ending.message, "checkpt: x.ckpt: file /nonexistent/file: opening: No such file or directory (ENOENT)\n");
}

static void build_unexpected(struct plan *plan)
{
    uint32_t path = plan_data(plan, "/dev/zero", 10, 1);
    uint32_t room = plan_data(plan, NULL, 4096, 16);
    uint32_t fd = PLAN_CALL(plan, "opening", SYS_openat, PLAN_NUMBER(AT_FDCWD), PLAN_DATA(path), PLAN_NUMBER(O_RDONLY));
    PLAN_EXPECT(plan, 0xa000, "pages of 7f12: reading", SYS_pread64, PLAN_RESULT(fd), PLAN_DATA(room), PLAN_NUMBER(2815), PLAN_NUMBER(0));
    build_exit(plan);
}

Test(plan_run, another_result_than_expected_is_told)
{
    struct ending ending = run(build_unexpected);
    expect_exit(ending, 1);
    cr_expect_str_eq(ending.message, "checkpt: x.ckpt: pages of 7f12: reading: got 0xaff instead of 0xa000\n");
}

/* Each thread adds one to a counter and the leader, in the end, exits with it: it waits for the count to be complete. */
#define THREADS 16
#define COUNTER STACK

static void build_threads(struct plan *plan)
{
    /* lock incl (rsi); mov $SYS_exit, %eax; xor %edi, %edi; syscall */
    static const unsigned char add_code[] = {0xf0, 0xff, 0x06, 0xb8, SYS_exit, 0, 0, 0, 0x31, 0xff, 0x0f, 0x05};
    /* 1: mov (rsi), %edi; cmp $THREADS, %edi; jne 1b; exit_group */
    static const unsigned char wait_code[] = {0x8b, 0x3e, 0x83, 0xff, THREADS, 0x75, 0xf9, 0xb8, SYS_exit_group, 0, 0, 0, 0x0f, 0x05};
    map(plan, CODE, PROT_READ | PROT_WRITE | PROT_EXEC);
    map(plan, STACK, PROT_READ | PROT_WRITE);
    store_code(plan, CODE, add_code, sizeof(add_code));
    store_code(plan, CODE + 64, wait_code, sizeof(wait_code));
    for (size_t i = 1; i <= THREADS; i++) {
        uint32_t tid = plan_start_thread(plan, i, 0, "thread: starting");
        plan_store(plan, STACK + 64 + 4 * i, PLAN_RESULT(tid), 0);
        plan_thread(plan, i);
        PLAN_CALL(plan, "thread: id", SYS_gettid, PLAN_NUMBER(0));
        plan_thread(plan, 0);
        struct user_regs_struct registers = registers_at(CODE);
        registers.rsi = COUNTER;
        leave(plan, i, &registers);
    }
    struct user_regs_struct registers = registers_at(CODE + 64);
    registers.rsi = COUNTER;
    leave(plan, 0, &registers);
}

Test(plan_run, threads_meet_at_the_barrier)
{
    for (int i = 0; i < 20; i++)
        expect_exit(run(build_threads), THREADS);
}

static void build_taken_tid(struct plan *plan)
{
    map(plan, CODE, PROT_READ);
    plan_start_thread(plan, 1, 1, "thread 1: starting");
    struct user_regs_struct registers = registers_at(CODE);
    leave(plan, 1, &registers);
    leave(plan, 0, &registers);
}

Test(plan_run, a_taken_thread_id_is_named)
{
    struct ending ending = run(build_taken_tid);
    expect_exit(ending, 1);
    if (geteuid() == 0)
        cr_expect_str_eq(ending.message, "checkpt: x.ckpt: thread 1: starting: thread id 1 is taken; without --pid the threads get new ids\n");
}

static void build_thread_that_fails(struct plan *plan)
{
    map(plan, CODE, PROT_READ);
    struct user_regs_struct registers = registers_at(CODE);
    for (size_t i = 1; i <= 4; i++) {
        plan_start_thread(plan, i, 0, "thread: starting");
        plan_thread(plan, i);
        PLAN_CALL(plan, "thread: closing", SYS_close, PLAN_NUMBER(-1));
        plan_thread(plan, 0);
        leave(plan, i, &registers);
    }
    leave(plan, 0, &registers);
}

Test(plan_run, one_of_many_failing_threads_speaks)
{
    struct ending ending = run(build_thread_that_fails);
    expect_exit(ending, 1);
    cr_expect_str_eq(ending.message, "checkpt: x.ckpt: thread: closing: Bad file descriptor (EBADF)\n");
}

static void build_lost_thread(struct plan *plan)
{
    plan_start_thread(plan, 1, 0, "thread: starting");
    build_exit(plan);
}

Test(plan_run, a_thread_that_never_leaves_is_refused_before)
{
    struct ending ending = run(build_lost_thread);
    expect_exit(ending, 99);
    cr_expect_str_eq(ending.message, "not run: plan: thread 1 never leaves");
}

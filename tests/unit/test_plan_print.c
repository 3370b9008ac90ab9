#include <criterion/criterion.h>
#include <fcntl.h>
#include <signal.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/mman.h>
#include <sys/prctl.h>
#include <sys/resource.h>
#include <sys/syscall.h>
#include <sys/user.h>
#include <sys/wait.h>
#include <time.h>
#include <unistd.h>

#include "checkpt/thaw/plan.h"

struct kernel_sigaction {
    uint64_t handler, flags, restorer, mask;
};

static void leave(struct plan *plan, size_t thread)
{
    const struct user_regs_struct registers = {.rip = 0x401000, .fs_base = 0x7f1200000740, .cs = 0x33, .ss = 0x2b};
    const struct plan_context context = {.registers = &registers, .stack_flags = SS_DISABLE, .signal_mask = 1ull << (SIGUSR1 - 1)};
    plan_leave(plan, thread, &context);
}

static char *printed(struct plan *plan)
{
    struct failure why;
    cr_assert(plan_seal(plan, &why), "%s", why.sentence);
    char *text = NULL;
    size_t size = 0;
    FILE *out = open_memstream(&text, &size);
    plan_print(plan, out);
    fclose(out);
    plan_destroy(plan);
    return text;
}

static void has(const char *text, const char *line)
{
    const char *at = strstr(text, line);
    cr_expect(at != NULL && (at == text || at[-1] == '\n') && at[strlen(line)] == '\n', "no line \"%s\" in:\n%s", line, text);
}

Test(plan_print, calls_look_as_strace_shows_them)
{
    struct plan *plan = plan_create();
    uint32_t path = plan_data(plan, "/tmp/a \"b\"\n", 12, 1);
    uint32_t fd = PLAN_CALL(plan, "opening", SYS_openat, PLAN_NUMBER(AT_FDCWD), PLAN_DATA(path), PLAN_NUMBER(O_RDWR | O_APPEND | O_CLOEXEC), PLAN_NUMBER(0));
    PLAN_EXPECT(plan, 7, "numbering", SYS_fcntl, PLAN_RESULT(fd), PLAN_NUMBER(F_DUPFD), PLAN_NUMBER(7));
    PLAN_CALL(plan, "closing", SYS_close, PLAN_RESULT(fd));
    PLAN_EXPECT(plan, 0x7f1200000000, "mapping", SYS_mmap, PLAN_NUMBER(0x7f1200000000), PLAN_NUMBER(8192), PLAN_NUMBER(PROT_READ | PROT_WRITE),
                PLAN_NUMBER(MAP_PRIVATE | MAP_ANONYMOUS | MAP_FIXED_NOREPLACE), PLAN_NUMBER(-1), PLAN_NUMBER(0));
    PLAN_EXPECT(plan, 8192, "reading", SYS_pread64, PLAN_NUMBER(900), PLAN_NUMBER(0x7f1200000000), PLAN_NUMBER(8192), PLAN_NUMBER(0x123000));
    const struct kernel_sigaction action = {0x401234, SA_RESTART | SA_SIGINFO | 0x04000000, 0x7f1200001000, 1ull << (SIGALRM - 1)};
    uint32_t data = plan_data(plan, &action, sizeof(action), 8);
    PLAN_CALL(plan, "action", SYS_rt_sigaction, PLAN_NUMBER(SIGINT), PLAN_DATA(data), PLAN_NUMBER(0), PLAN_NUMBER(8));
    const struct rlimit limit = {1024, RLIM_INFINITY};
    data = plan_data(plan, &limit, sizeof(limit), 8);
    PLAN_TRY(plan, "limit", SYS_prlimit64, PLAN_NUMBER(0), PLAN_NUMBER(RLIMIT_NOFILE), PLAN_DATA(data), PLAN_NUMBER(0));
    uint32_t name = plan_data(plan, "worker", 7, 1);
    PLAN_CALL(plan, "name", SYS_prctl, PLAN_NUMBER(PR_SET_NAME), PLAN_DATA(name));
    const struct itimerspec timer = {{1, 5}, {2, 500000000}};
    data = plan_data(plan, &timer, sizeof(timer), 8);
    PLAN_CALL(plan, "timer", SYS_timer_settime, PLAN_NUMBER(3), PLAN_NUMBER(TIMER_ABSTIME), PLAN_DATA(data), PLAN_NUMBER(0));
    leave(plan, 0);
    char *text = printed(plan);
    has(text, "openat(AT_FDCWD, \"/tmp/a \\\"b\\\"\\n\", O_RDWR|O_APPEND|O_CLOEXEC, 0) = fd#1");
    has(text, "fcntl(fd#1, F_DUPFD, 7) = 7");
    has(text, "close(fd#1)");
    has(text, "mmap(0x7f1200000000, 8192, PROT_READ|PROT_WRITE, MAP_PRIVATE|MAP_FIXED_NOREPLACE|MAP_ANONYMOUS, -1, NULL) = 0x7f1200000000");
    has(text, "pread64(900, 0x7f1200000000, 8192, 0x123000) = 8192");
    has(text, "rt_sigaction(SIGINT, {sa_handler=0x401234, sa_mask=[ALRM], sa_flags=SA_RESTORER|SA_SIGINFO|SA_RESTART, sa_restorer=0x7f1200001000}, NULL, 8)");
    has(text, "prlimit64(0, RLIMIT_NOFILE, {rlim_cur=1024, rlim_max=RLIM_INFINITY}, NULL) = ? /* may fail */");
    has(text, "prctl(PR_SET_NAME, \"worker\")");
    has(text, "timer_settime(3, TIMER_ABSTIME, {it_interval={1, 000000005 ns}, it_value={2, 500000000 ns}}, NULL)");
    has(text, "arch_prctl(ARCH_SET_FS, 0x7f1200000740)");
    has(text, "rt_sigreturn({mask=[USR1]}) /* on at 0x401000 */");
    cr_expect_eq(strncmp(text, "rt_sigprocmask(SIG_BLOCK, ~[], NULL, 8)\n", 40), 0);
    free(text);
}

Test(plan_print, threads_have_their_own_lists)
{
    struct plan *plan = plan_create();
    uint32_t any = plan_start_thread(plan, 1, 0, "thread 1: starting");
    uint32_t same = plan_start_thread(plan, 2, 4711, "thread 2: starting");
    plan_store(plan, 0x7f1200000750, PLAN_RESULT(any), 0);
    plan_store(plan, 0x7f1200000760, PLAN_RESULT(same), 0xc0000000);
    plan_thread(plan, 1);
    PLAN_CALL(plan, "robust list", SYS_set_robust_list, PLAN_NUMBER(0x7f1200000800), PLAN_NUMBER(24));
    for (size_t i = 0; i < 3; i++)
        leave(plan, i);
    char *text = printed(plan);
    has(text, "/* thread 0, the leader */");
    has(text, "/* thread 1 */");
    has(text, "clone(CLONE_VM|CLONE_FS|CLONE_FILES|CLONE_SIGHAND|CLONE_THREAD|CLONE_SYSVSEM, /* list of thread 1 */, NULL, NULL, NULL) = tid#1");
    has(text, "clone3({flags=CLONE_VM|CLONE_FS|CLONE_FILES|CLONE_SIGHAND|CLONE_THREAD|CLONE_SYSVSEM, stack=/* list of thread 2 */, set_tid=[4711], set_tid_size=1}, 88)"
              " = 4711 /* tid#2 */");
    has(text, "*(int *)0x7f1200000750 = tid#1");
    has(text, "*(int *)0x7f1200000760 = tid#2 /* keeping bits 0xc0000000 */");
    has(text, "set_robust_list(0x7f1200000800, 24)");
    has(text, "/* waits here for all threads */");
    free(text);
}

/* --- large plans are no slower than their size */
#define MANY 30000

static void build_many(struct plan *plan)
{
    for (uint64_t i = 0; i < MANY; i++) {
        uint64_t address = 0x600000000000 + i * 8192;
        char what[64];
        snprintf(what, sizeof(what), "memory: mapping %lx: placing", address);
        plan_reserve(plan, address, address + 4096);
        PLAN_EXPECT(plan, address, what, SYS_mmap, PLAN_NUMBER(address), PLAN_NUMBER(4096), PLAN_NUMBER(PROT_READ), PLAN_NUMBER(MAP_PRIVATE | MAP_ANONYMOUS | MAP_FIXED_NOREPLACE),
                    PLAN_NUMBER(-1), PLAN_NUMBER(0));
    }
}

static double since(const struct timespec *start)
{
    struct timespec now;
    clock_gettime(CLOCK_MONOTONIC, &now);
    return (double)(now.tv_sec - start->tv_sec) + (double)(now.tv_nsec - start->tv_nsec) * 1e-9;
}

Test(plan_print, thirty_thousand_mappings)
{
    struct timespec start;
    clock_gettime(CLOCK_MONOTONIC, &start);
    pid_t child = fork();
    if (child == 0) {
        struct failure why = {0};
        struct plan *plan = plan_create();
        build_many(plan);
        PLAN_CALL(plan, "leaving", SYS_exit_group, PLAN_NUMBER(17));
        leave(plan, 0);
        if (plan_seal(plan, &why))
            plan_run(plan, "x.ckpt", &why);
        _exit(99);
    }
    int status;
    waitpid(child, &status, 0);
    cr_expect(WIFEXITED(status) && WEXITSTATUS(status) == 17, "%x", status);
    cr_expect_lt(since(&start), 5.0);
    if (getenv("PLAN_TIMES") != NULL)
        fprintf(stderr, "%d mappings: %.1f ms\n", MANY, since(&start) * 1e3);
}

static double small_plan(void)
{
    struct timespec start;
    struct failure why;
    clock_gettime(CLOCK_MONOTONIC, &start);
    struct plan *plan = plan_create();
    for (int i = 0; i < 100; i++)
        PLAN_CALL(plan, "a call of a plan", SYS_getpid, PLAN_NUMBER(0));
    leave(plan, 0);
    cr_assert(plan_seal(plan, &why));
    double took = since(&start);
    plan_destroy(plan);
    return took;
}

Test(plan_print, a_hundred_calls_are_prepared_at_once)
{
    double took = 1;
    for (int i = 0; i < 10; i++) { /* the best of ten, as others use this machine */
        double again = small_plan();
        took = again < took ? again : took;
    }
    if (getenv("PLAN_TIMES") != NULL)
        fprintf(stderr, "100 calls prepared: %.3f ms\n", took * 1e3);
    cr_expect_lt(took, 0.01);
}

#include <criterion/criterion.h>
#include <errno.h>
#include <poll.h>
#include <pthread.h>
#include <signal.h>
#include <stdatomic.h>
#include <string.h>
#include <sys/mman.h>
#include <sys/socket.h>
#include <sys/syscall.h>
#include <sys/wait.h>
#include <unistd.h>

#include "checkpt/listen/listen.h"

/* The calls, in this process. */
enum { SYS_square = SYS_BASE + 100, SYS_reverse, SYS_slow, SYS_fails, SYS_never, SYS_free };

struct square_args {
    SYSCALL_ARG(long, number);
};
static int sys_square(struct thread *td, struct square_args *args)
{
    td->td_retval[0] = args->number * args->number;
    return 0;
}

struct reverse_args {
    SYSCALL_ARG(const char *, from);
    SYSCALL_ARG(char *, to);
};
static int sys_reverse(struct thread *td, struct reverse_args *args)
{
    char text[64], turned[64] = "";
    size_t done;
    int error = td_copyinstr(td, args->from, text, sizeof(text), &done);
    if (error != 0)
        return error;
    for (size_t i = 0; i + 1 < done; i++)
        turned[i] = text[done - 2 - i];
    td->td_retval[0] = (register_t)done - 1;
    return td_copyout(td, turned, args->to, done);
}

static int started[2], let_go[2], heard[2]; /* pipes */
static atomic_int made;
struct slow_args {
    SYSCALL_ARG(long, result);
};
static int sys_slow(struct thread *td, struct slow_args *args)
{
    char byte = 0;
    atomic_fetch_add(&made, 1);
    (void)!write(started[1], &byte, 1);
    (void)!read(let_go[0], &byte, 1);
    td->td_retval[0] = args->result;
    return 0;
}

struct fails_args {
    SYSCALL_ARG(int, error);
};
static int sys_fails(struct thread *td, struct fails_args *args)
{
    td->td_retval[0] = 99;
    return args->error;
}

static struct sysent_table table;
static struct syscall_helper_data calls[] = {
    SYSCALL_INIT_HELPER(square), SYSCALL_INIT_HELPER_F(reverse, SYF_CAPENABLED), SYSCALL_INIT_HELPER(slow), SYSCALL_INIT_HELPER(fails), SYSCALL_INIT_LAST,
};

/* Starts a program that runs `body` with the calls alive; returns its pid, and the descriptor that tells when nobody is left. */
static pid_t run(int (*body)(void), bool capability_mode, int *end)
{
    int channel[2];
    struct failure why;
    sysent_table_init(&table);
    cr_assert_eq(kern_syscall_helper_register(&table, calls, 0), 0);
    cr_assert_eq(pipe(started), 0);
    cr_assert_eq(pipe(let_go), 0);
    cr_assert_eq(pipe(heard), 0);
    cr_assert_eq(socketpair(AF_UNIX, SOCK_SEQPACKET | SOCK_CLOEXEC, 0, channel), 0);
    pid_t child = fork();
    if (child == 0)
        _exit(listen_enter(channel[1], &(sigset_t){0}, &why) ? body() : 111);
    close(channel[1]);
    const struct listen_options options = {.table = &table, .capability_mode = capability_mode};
    *end = listen_take(listen_create(&options), channel[0], &why);
    cr_assert_geq(*end, 0, "%s", why.sentence);
    return child;
}

static int status_of(pid_t child)
{
    int status;
    cr_assert_eq(waitpid(child, &status, 0), child);
    return WIFEXITED(status) ? WEXITSTATUS(status) : 1000 + WTERMSIG(status);
}

static bool is_over(int end, int timeout)
{
    struct pollfd watched = {.fd = end, .events = POLLIN};
    return poll(&watched, 1, timeout) == 1 && (watched.revents & POLLHUP) != 0;
}

/* What the program does: returns the number of the line that is wrong, 0 when all is as it should be. */
#define demand(condition) \
    do { \
        if (!(condition)) \
            return __LINE__ % 250 + 1; \
    } while (0)
#define fails_with(error, call) ((call) == -1 && errno == (error))

static void *reverse_in_thread(void *to)
{
    return (void *)syscall(SYS_reverse, "thread", to);
}

static int plain(void)
{
    char to[16];
    char *pages = mmap(NULL, 8192, PROT_READ | PROT_WRITE, MAP_PRIVATE | MAP_ANONYMOUS, -1, 0);
    mprotect(pages + 4096, 4096, PROT_NONE);
    const char *constant = "constant";
    demand(syscall(SYS_square, 12L) == 144);
    demand(syscall(SYS_square, -3000000000L) == 9000000000000000000L);
    demand(syscall(SYS_reverse, "hello", to) == 5 && strcmp(to, "olleh") == 0);
    demand(fails_with(EDOM, syscall(SYS_fails, EDOM)));
    demand(syscall(SYS_fails, 0) == 99);
    demand(fails_with(ENOSYS, syscall(SYS_free)));
    demand(fails_with(ENOSYS, syscall(SYS_BASE - 1)));
    demand(fails_with(ENOSYS, syscall(SYS_MAXSYSCALL)));
    demand(fails_with(ENOSYS, syscall(SYS_square | 0x40000000, 12L))); /* x32's bit */
    demand(fails_with(EFAULT, syscall(SYS_reverse, NULL, to)));
    demand(fails_with(EFAULT, syscall(SYS_reverse, "hello", NULL)));
    demand(fails_with(EFAULT, syscall(SYS_reverse, "hello", constant)));
    demand(strcmp(constant, "constant") == 0);
    strcpy(pages + 4096 - 6, "hello"); /* ends where the page does */
    demand(syscall(SYS_reverse, pages + 4096 - 6, to) == 5);
    demand(syscall(SYS_reverse, "hello", pages + 4096 - 6) == 5 && strcmp(pages + 4096 - 6, "olleh") == 0);
    demand(fails_with(EFAULT, syscall(SYS_reverse, "hello", pages + 4096 - 5)));
    demand(fails_with(EFAULT, syscall(SYS_reverse, pages + 4096, to)));
    demand(fails_with(EFAULT, syscall(SYS_reverse, (char *)-16, to)));
    demand(fails_with(ENAMETOOLONG, syscall(SYS_reverse, "0123456789012345678901234567890123456789012345678901234567890123456789", to)));
    pthread_t other;
    void *result;
    demand(pthread_create(&other, NULL, reverse_in_thread, to) == 0 && pthread_join(other, &result) == 0);
    demand((long)result == 6 && strcmp(to, "daerht") == 0);
    demand(getppid() > 0);
    return 0;
}

Test(listen, by_number, .timeout = 60)
{
    int end;
    pid_t child = run(plain, false, &end);
    cr_assert_eq(status_of(child), 0);
    cr_assert(is_over(end, 10000));
}

static int in_capability_mode(void)
{
    char to[16];
    demand(syscall(SYS_reverse, "abc", to) == 3);
    demand(fails_with(EPERM, syscall(SYS_square, 2L)));
    demand(fails_with(ENOSYS, syscall(SYS_free)));
    demand(access("/", R_OK) == 0);
    return 0;
}

Test(listen, capability_mode, .timeout = 60)
{
    int end;
    cr_assert_eq(status_of(run(in_capability_mode, true, &end)), 0);
}

static int parent_of_others(void)
{
    enum { CHILDREN = 8, ROUNDS = 300 };
    for (int i = 0; i < CHILDREN; i++)
        if (fork() == 0) {
            for (long k = 0; k < ROUNDS; k++)
                if (syscall(SYS_square, k) != k * k)
                    _exit(1);
            _exit(0);
        }
    int status, bad = 0;
    while (wait(&status) > 0)
        bad += status != 0;
    demand(bad == 0);
    return 0;
}

Test(listen, descendants_share_the_table, .timeout = 60)
{
    int end;
    pid_t child = run(parent_of_others, false, &end);
    cr_assert(!is_over(end, 0));
    cr_assert_eq(status_of(child), 0);
    cr_assert(is_over(end, 10000));
}

/* The same call again and again, as fast as it can be made. */
static int again_and_again(void)
{
    char to[16];
    for (int i = 0; i < 20000; i++)
        demand(syscall(SYS_square, 3L) == 9);
    for (int i = 0; i < 5000; i++)
        demand(syscall(SYS_reverse, "hello", to) == 5);
    return 0;
}

Test(listen, the_same_call_afresh, .timeout = 60)
{
    int end;
    cr_assert_eq(status_of(run(again_and_again, false, &end)), 0);
}

static int calls_slowly(void)
{
    demand(syscall(SYS_slow, 7L) == 7);
    return 0;
}

static void wait_until_started(void)
{
    char byte;
    cr_assert_eq(read(started[0], &byte, 1), 1);
}

static void release(int count)
{
    for (int i = 0; i < count; i++)
        cr_assert_eq(write(let_go[1], "", 1), 1);
}

Test(listen, a_caller_that_dies, .timeout = 60)
{
    int end;
    pid_t child = run(calls_slowly, false, &end);
    wait_until_started();
    kill(child, SIGKILL);
    cr_assert_eq(status_of(child), 1000 + SIGKILL);
    release(1);
    cr_assert(is_over(end, 10000));
}

static int two_at_a_time(void)
{
    pid_t other = fork();
    demand(syscall(SYS_slow, 7L) == 7);
    if (other == 0)
        _exit(0);
    demand(waitpid(other, NULL, 0) == other);
    demand(syscall(SYS_square, 3L) == 9);
    return 0;
}

Test(listen, one_call_does_not_hold_up_another, .timeout = 60)
{
    int end;
    pid_t child = run(two_at_a_time, false, &end);
    wait_until_started();
    wait_until_started();
    cr_assert_eq(atomic_load(&made), 2);
    release(2);
    cr_assert_eq(status_of(child), 0);
}

static volatile sig_atomic_t handled;
static void note(int signal)
{
    char byte = (char)signal;
    handled++;
    (void)!write(heard[1], &byte, 1);
}

/* The call goes on only when its program's handler has run in the middle of it. */
static void interrupt_once(int (*body)(void))
{
    int end;
    char byte;
    pid_t child = run(body, false, &end);
    wait_until_started();
    kill(child, SIGUSR1);
    cr_assert_eq(read(heard[0], &byte, 1), 1);
    release(1);
    cr_assert_eq(status_of(child), 0);
    cr_assert_eq(atomic_load(&made), 1);
}

static int interrupted(void)
{
    const struct sigaction action = {.sa_handler = note, .sa_flags = SA_RESTART};
    sigaction(SIGUSR1, &action, NULL);
    demand(syscall(SYS_slow, 7L) == 7);
    demand(handled == 1);
    return 0;
}

/* The handler runs in the middle of the call; the call is made once and its result is the caller's. */
Test(listen, an_interrupted_call_is_made_once, .timeout = 60)
{
    interrupt_once(interrupted);
}

static int interrupted_for_good(void)
{
    const struct sigaction action = {.sa_handler = note};
    sigaction(SIGUSR1, &action, NULL);
    demand(fails_with(EINTR, syscall(SYS_slow, 7L)) && handled == 1);
    demand(syscall(SYS_slow, 7L) == 7);
    return 0;
}

/* Without SA_RESTART the program learns of the interruption; the same call is still that one. */
Test(listen, a_call_that_is_made_again_by_the_program_is_made_once, .timeout = 60)
{
    interrupt_once(interrupted_for_good);
}

static void *unregister(void *unused)
{
    (void)unused;
    return (void *)(intptr_t)kern_syscall_helper_unregister(&table, calls);
}

Test(listen, unregistering_waits_for_the_program, .timeout = 60)
{
    int end;
    pthread_t leaver;
    void *error;
    pid_t child = run(calls_slowly, false, &end);
    wait_until_started();
    pthread_create(&leaver, NULL, unregister, NULL);
    release(1);
    pthread_join(leaver, &error);
    cr_assert_eq(error, NULL);
    cr_assert_eq(status_of(child), 0);
    cr_assert_eq(calls[0].registered, 0);
}

static int nested(void)
{
    int channel[2];
    struct failure why;
    demand(socketpair(AF_UNIX, SOCK_SEQPACKET, 0, channel) == 0);
    demand(listen_enter(channel[1], &(sigset_t){0}, &why));
    close(channel[1]);
    char byte;
    demand(recv(channel[0], &byte, 1, 0) == 0);
    demand(syscall(SYS_square, 5L) == 25);
    return 0;
}

Test(listen, inside_another, .timeout = 60)
{
    int end;
    cr_assert_eq(status_of(run(nested, false, &end)), 0);
}

/* Programs that begin under a listener, up to the death of the listener at the worst moment. */
#include <criterion/criterion.h>
#include <errno.h>
#include <fcntl.h>
#include <linux/seccomp.h>
#include <signal.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/ioctl.h>
#include <sys/mman.h>
#include <sys/socket.h>
#include <sys/syscall.h>
#include <sys/wait.h>
#include <unistd.h>

#include "checkpt/include/sys/checkpoint.h"
#include "checkpt/listen/caller.h"
#include "checkpt/listen/handover.h"
#include "checkpt/listen/listen.h"
#include "checkpt/listen/newcomer.h"
#include "checkpt/listen/standby.h"

enum { RED_ZONE = 16, REGISTERS = 12, SEEN = REGISTERS + RED_ZONE };

/* brk(0) with a known value in every register and in the red zone; stores what they are behind it: rax, then rbx, rdx, rsi, rdi, rbp, r8 to
 * r10, r12, r13, the carry flag. */
void probe(uint64_t seen[SEEN]);
__asm__(".text\n"
        "probe:\n"
        "    push %rbx; push %rbp; push %r12; push %r13; push %r14; push %r15\n"
        "    mov %rdi, %r15\n"
        "    .irp slot, 1,2,3,4,5,6,7,8,9,10,11,12,13,14,15,16\n"
        "    movq $\\slot, -8*\\slot(%rsp)\n"
        "    .endr\n"
        "    mov $101, %ebx; mov $102, %edx; mov $103, %esi; xor %edi, %edi; mov $105, %ebp; mov $106, %r8d; mov $107, %r9d; mov $108, %r10d\n"
        "    mov $109, %r12d; mov $110, %r13d; mov $12, %eax\n"
        "    stc\n"
        "    syscall\n"
        "    mov %rax, (%r15); mov %rbx, 8(%r15); mov %rdx, 16(%r15); mov %rsi, 24(%r15); mov %rdi, 32(%r15); mov %rbp, 40(%r15)\n"
        "    mov %r8, 48(%r15); mov %r9, 56(%r15); mov %r10, 64(%r15); mov %r12, 72(%r15); mov %r13, 80(%r15)\n"
        "    setc %al; movzbq %al, %rax; mov %rax, 88(%r15)\n"
        "    .irp slot, 1,2,3,4,5,6,7,8,9,10,11,12,13,14,15,16\n"
        "    mov -8*\\slot(%rsp), %rax\n"
        "    mov %rax, 88+8*\\slot(%r15)\n"
        "    .endr\n"
        "    pop %r15; pop %r14; pop %r13; pop %r12; pop %rbp; pop %rbx\n"
        "    ret\n"
        ".balign 64\n");

static struct sysent_table *table(void)
{
    static bool registered;
    if (!registered)
        cr_assert_eq(listen_register_own(), 0);
    registered = true;
    return sysent_table();
}

/* Starts `body` under a listener that the caller is to serve. */
static pid_t start(int (*body)(void), int *channel)
{
    struct failure why;
    int both[2];
    cr_assert_eq(socketpair(AF_UNIX, SOCK_SEQPACKET | SOCK_CLOEXEC, 0, both), 0);
    pid_t child = fork();
    if (child == 0)
        _exit(listen_enter(both[1], &(sigset_t){0}, &why) ? body() : 111);
    close(both[1]);
    *channel = both[0];
    return child;
}

static int status_of(pid_t child)
{
    int status;
    cr_assert_eq(waitpid(child, &status, 0), child);
    return WIFEXITED(status) ? WEXITSTATUS(status) : 1000 + WTERMSIG(status);
}

static int serve(int (*body)(void))
{
    struct failure why;
    int channel;
    const struct listen_options options = {.table = table()};
    pid_t child = start(body, &channel);
    cr_assert_geq(listen_take(listen_create(&options), channel, &why), 0, "%s", why.sentence);
    return status_of(child);
}

#define demand(condition) \
    do { \
        if (!(condition)) \
            return __LINE__ % 250 + 1; \
    } while (0)

static bool is_default(int number)
{
    struct sigaction action;
    return sigaction(number, NULL, &action) == 0 && action.sa_handler == SIG_DFL;
}

/* Everything is as it would be without us; `worked`: brk(0) has given the break. */
static bool is_untouched(const uint64_t seen[SEEN], bool worked)
{
    static const uint64_t wanted[REGISTERS] = {0, 101, 102, 103, 0, 105, 106, 107, 108, 109, 110, 1};
    bool fine = worked ? seen[0] != 0 && (int64_t)seen[0] > 0 : (int64_t)seen[0] == -ENOSYS;
    for (size_t i = 1; i < REGISTERS; i++)
        fine = fine && seen[i] == wanted[i];
    for (size_t i = 0; i < RED_ZONE; i++)
        fine = fine && seen[REGISTERS + i] == i + 1;
    return fine;
}

static unsigned char before[256];
static void note_text(void)
{
    memcpy(before, (const void *)(uintptr_t)probe, sizeof(before));
}
static bool text_is_same(void)
{
    return memcmp(before, (const void *)(uintptr_t)probe, sizeof(before)) == 0;
}

static size_t executable_pages(void)
{
    char line[512];
    size_t found = 0;
    FILE *maps = fopen("/proc/self/maps", "r");
    while (maps != NULL && fgets(line, sizeof(line), maps) != NULL)
        found += strstr(line, " r-xp 00000000 00:00 0") != NULL && strstr(line, "[vdso]") == NULL;
    if (maps != NULL)
        fclose(maps);
    return found;
}

static int begins(void)
{
    uint64_t seen[SEEN];
    note_text();
    demand(is_default(SIGCKPT) && is_default(SIGCKPTEXIT));
    probe(seen);
    demand(is_untouched(seen, true) && text_is_same());
    demand(!is_default(SIGCKPT) && !is_default(SIGCKPTEXIT));
    demand(executable_pages() == 1);
    probe(seen);
    demand(is_untouched(seen, true) && text_is_same());
    demand(executable_pages() == 1);
    return 0;
}

Test(newcomer, gets_handlers_and_notices_nothing, .timeout = 60)
{
    cr_assert_eq(serve(begins), 0);
}

static int ignores_one(void)
{
    uint64_t seen[SEEN];
    signal(SIGCKPT, SIG_IGN);
    probe(seen);
    struct sigaction action;
    demand(sigaction(SIGCKPT, NULL, &action) == 0 && action.sa_handler == SIG_IGN);
    demand(!is_default(SIGCKPTEXIT));
    return 0;
}

static void handler(int number)
{
    (void)number;
}

static int handles_one_ignores_one(void)
{
    uint64_t seen[SEEN];
    struct sigaction action;
    signal(SIGCKPT, handler);
    signal(SIGCKPTEXIT, SIG_IGN);
    probe(seen);
    demand(is_untouched(seen, true));
    demand(sigaction(SIGCKPT, NULL, &action) == 0 && action.sa_handler == handler);
    demand(sigaction(SIGCKPTEXIT, NULL, &action) == 0 && action.sa_handler == SIG_IGN);
    demand(executable_pages() == 0);
    return 0;
}

Test(newcomer, keeps_what_it_has, .timeout = 60)
{
    cr_assert_eq(serve(ignores_one), 0);
}

Test(newcomer, who_needs_nothing_gets_nothing, .timeout = 60)
{
    cr_assert_eq(serve(handles_one_ignores_one), 0);
}

/* A listener that is gone when it has taken the call: having led the program round (`meets`) or not, with another that stands by or not. */
static _Noreturn void listen_badly(int channel, bool meets, bool stands_by)
{
    union {
        struct seccomp_notif request;
        char room[512];
    } notification = {.room = {0}};
    uint64_t held, *latest = NULL;
    int fd = handover_receive(channel, &held);
    struct caller caller;
    if (stands_by)
        latest = standby_start(fd);
    if (fd < 0 || (stands_by && latest == NULL) || ioctl(fd, SECCOMP_IOCTL_NOTIF_RECV, &notification) != 0)
        _exit(1);
    if (stands_by)
        *latest = notification.request.id - 3; /* others have come since */
    caller_init(&caller, fd, &notification.request);
    if (meets)
        newcomer_meet(&caller);
    _exit(0);
}

static int is_left_alone(bool worked)
{
    uint64_t seen[SEEN];
    note_text();
    probe(seen);
    demand(is_untouched(seen, worked) && text_is_same());
    demand(is_default(SIGCKPT) && is_default(SIGCKPTEXIT));
    demand(executable_pages() == 0);
    probe(seen);
    demand(is_untouched(seen, worked));
    demand(syscall(SYS_newcomer, 0L, 0L) == -1 && errno == ENOSYS);
    return 0;
}

static int without_the_break(void)
{
    return is_left_alone(false);
}

static int with_the_break(void)
{
    return is_left_alone(true);
}

static void abandon(bool meets, bool stands_by)
{
    int channel;
    pid_t program = start(stands_by ? with_the_break : without_the_break, &channel), listener = fork();
    if (listener == 0)
        listen_badly(channel, meets, stands_by);
    close(channel);
    cr_assert_eq(status_of(listener), 0);
    cr_assert_eq(status_of(program), 0);
}

Test(newcomer, a_listener_that_dies_before, .timeout = 60)
{
    abandon(false, false);
}

Test(newcomer, a_listener_that_dies_having_led_it_round, .timeout = 60)
{
    abandon(true, false);
}

Test(newcomer, another_stands_by, .timeout = 60)
{
    abandon(false, true);
}

Test(newcomer, another_stands_by_when_it_has_been_led_round, .timeout = 60)
{
    abandon(true, true);
}

static int calls_with_nonsense(void)
{
    uint64_t seen[SEEN];
    char *readable = mmap(NULL, 4096, PROT_READ, MAP_PRIVATE | MAP_ANONYMOUS, -1, 0);
    demand(syscall(SYS_newcomer, 4096L, 0L) == -1 && errno == EFAULT);
    demand(syscall(SYS_newcomer, 0L, 0L) == -1 && errno == EFAULT);
    demand(syscall(SYS_newcomer, readable, readable) == -1 && errno == EFAULT);
    demand(syscall(SYS_newcomer, 0L, readable + 2048) == -1 && errno == EFAULT);
    demand(readable[0] == 0 && readable[4095] == 0);
    probe(seen);
    demand(is_untouched(seen, true) && !is_default(SIGCKPT));
    return 0;
}

Test(newcomer, its_call_is_nobody_elses, .timeout = 60)
{
    cr_assert_eq(serve(calls_with_nonsense), 0);
}

#include <criterion/criterion.h>
#include <errno.h>
#include <stddef.h>
#include <sys/prctl.h>
#include <sys/syscall.h>
#include <sys/wait.h>
#include <unistd.h>

#include "checkpt/arch/x86_64/audit.h"
#include "checkpt/thaw/filter.h"

#define COUNT(list) (sizeof(list) / sizeof((list)[0]))
#define NUMBER BPF_STMT(BPF_LD | BPF_W | BPF_ABS, offsetof(struct seccomp_data, nr))
#define ALLOW BPF_STMT(BPF_RET | BPF_K, SECCOMP_RET_ALLOW)
#define DENY BPF_STMT(BPF_RET | BPF_K, SECCOMP_RET_ERRNO | EXDEV)

static struct seccomp_data call(int number)
{
    return (struct seccomp_data){.nr = number, .arch = ARCH_AUDIT};
}

/* What the kernel says to getpgid(), made in a child under this filter: true where it lets it through. */
static bool kernel_allows(const struct sock_filter *code, size_t count)
{
    const struct sock_fprog program = {(unsigned short)count, (struct sock_filter *)code};
    pid_t child = fork();
    if (child == 0) {
        if (prctl(PR_SET_NO_NEW_PRIVS, 1, 0, 0, 0) != 0 || syscall(SYS_seccomp, SECCOMP_SET_MODE_FILTER, 0, &program) != 0)
            _exit(2);
        _exit(syscall(SYS_getpgid, 0) == -1 && errno == EXDEV ? 1 : 0);
    }
    int status = 0;
    waitpid(child, &status, 0);
    cr_assert(WIFEXITED(status) && WEXITSTATUS(status) < 2, "the kernel does not take it");
    return WEXITSTATUS(status) == 0;
}

static void same(const struct sock_filter *code, size_t count)
{
    const struct seccomp_data asked = call(SYS_getpgid);
    cr_assert_eq(filter_allows(code, count, &asked), kernel_allows(code, count));
}

/* Each of these asks in its own way whether it is getpgid(), and denies that alone. */
Test(filter, the_kernel_says_the_same)
{
    const struct sock_filter plain[] = {NUMBER, BPF_JUMP(BPF_JMP | BPF_JEQ | BPF_K, SYS_getpgid, 0, 1), DENY, ALLOW};
    const struct sock_filter greater[] = {NUMBER, BPF_JUMP(BPF_JMP | BPF_JGE | BPF_K, SYS_getpgid, 0, 2), BPF_JUMP(BPF_JMP | BPF_JGT | BPF_K, SYS_getpgid, 1, 0),
                                          DENY, ALLOW};
    const struct sock_filter sums[] = {NUMBER,
                                       BPF_STMT(BPF_ALU | BPF_MUL | BPF_K, 6),
                                       BPF_STMT(BPF_ALU | BPF_ADD | BPF_K, 10),
                                       BPF_STMT(BPF_ALU | BPF_DIV | BPF_K, 2),
                                       BPF_STMT(BPF_ALU | BPF_XOR | BPF_K, 0xff),
                                       BPF_JUMP(BPF_JMP | BPF_JEQ | BPF_K, (SYS_getpgid * 3 + 5) ^ 0xff, 0, 1),
                                       DENY,
                                       ALLOW};
    const struct sock_filter moves[] = {NUMBER,
                                        BPF_STMT(BPF_ST, 3),
                                        BPF_STMT(BPF_LD | BPF_IMM, SYS_getpgid),
                                        BPF_STMT(BPF_MISC | BPF_TAX, 0),
                                        BPF_STMT(BPF_LD | BPF_MEM, 3),
                                        BPF_JUMP(BPF_JMP | BPF_JEQ | BPF_X, 0, 0, 1),
                                        DENY,
                                        ALLOW};
    const struct sock_filter length[] = {NUMBER, BPF_STMT(BPF_LDX | BPF_W | BPF_LEN, 0), BPF_STMT(BPF_ALU | BPF_SUB | BPF_X, 0),
                                         BPF_JUMP(BPF_JMP | BPF_JEQ | BPF_K, SYS_getpgid - sizeof(struct seccomp_data), 0, 1), DENY, ALLOW};
    const struct sock_filter always[] = {BPF_JUMP(BPF_JMP | BPF_JA, 1, 0, 0), DENY, ALLOW};
    same(plain, COUNT(plain));
    same(greater, COUNT(greater));
    same(sums, COUNT(sums));
    same(moves, COUNT(moves));
    same(length, COUNT(length));
    same(always, COUNT(always));
}

Test(filter, other_calls_are_allowed)
{
    const struct sock_filter plain[] = {NUMBER, BPF_JUMP(BPF_JMP | BPF_JEQ | BPF_K, SYS_getpgid, 0, 1), DENY, ALLOW};
    const struct seccomp_data other = call(SYS_getsid);
    cr_assert(filter_allows(plain, COUNT(plain), &other));
}

/* An image may have anything in it. */
Test(filter, what_is_no_filter_allows_nothing)
{
    const struct seccomp_data asked = call(SYS_getpgid);
    const struct sock_filter outside[] = {BPF_STMT(BPF_LD | BPF_W | BPF_ABS, sizeof(struct seccomp_data)), ALLOW};
    const struct sock_filter far[] = {BPF_STMT(BPF_LD | BPF_W | BPF_ABS, 0xfffffffe), ALLOW};
    const struct sock_filter cell[] = {BPF_STMT(BPF_ST, 1000000), ALLOW};
    const struct sock_filter away[] = {BPF_JUMP(BPF_JMP | BPF_JA, 0xffffffff, 0, 0), ALLOW};
    const struct sock_filter by_nothing[] = {BPF_STMT(BPF_ALU | BPF_DIV | BPF_K, 0), ALLOW};
    cr_assert_not(filter_allows(outside, COUNT(outside), &asked));
    cr_assert_not(filter_allows(far, COUNT(far), &asked));
    cr_assert_not(filter_allows(cell, COUNT(cell), &asked));
    cr_assert_not(filter_allows(away, COUNT(away), &asked));
    cr_assert_not(filter_allows(by_nothing, COUNT(by_nothing), &asked));
    cr_assert_not(filter_allows(outside, 0, &asked));
}

Test(filter, listeners_are_seen)
{
    const struct sock_filter asks[] = {NUMBER, BPF_JUMP(BPF_JMP | BPF_JEQ | BPF_K, SYS_getpgid, 0, 1), BPF_STMT(BPF_RET | BPF_K, SECCOMP_RET_USER_NOTIF), ALLOW};
    const struct sock_filter plain[] = {NUMBER, BPF_JUMP(BPF_JMP | BPF_JEQ | BPF_K, SYS_getpgid, 0, 1), DENY, ALLOW};
    cr_assert(filter_notifies(asks, COUNT(asks)));
    cr_assert_not(filter_notifies(plain, COUNT(plain)));
}

#include <asm/prctl.h>
#include <errno.h>
#include <linux/filter.h>
#include <linux/seccomp.h>
#include <signal.h>
#include <stddef.h>
#include <sys/prctl.h>
#include <sys/syscall.h>
#include <unistd.h>

#include "checkpt/arch/x86_64/audit.h"
#include "checkpt/include/sys/checkpoint.h"
#include "checkpt/listen/handover.h"
#include "checkpt/listen/listen.h"

enum { LOW = 0, HIGH = 4 };                                            /* halves of a 64-bit word */
#define ARGUMENT(n, half) (offsetof(struct seccomp_data, args[n]) + (half))
#define INSTRUCTION(half) (offsetof(struct seccomp_data, instruction_pointer) + (half))
#define LOAD(offset) BPF_STMT(BPF_LD | BPF_W | BPF_ABS, offset)
#define TEST(here, how, value, yes, no) BPF_JUMP(BPF_JMP | (how) | BPF_K, value, (yes) - (here) - 1, (no) - (here) - 1)

/* Beside the registered numbers a call by which programs begin: newcomer.h. It is answered by letting the kernel make it; but once the
 * listener is gone it fails, and that must not matter. So it is brk(0), with which C libraries ask for the break: dynamic linkers and
 * allocators do without. glibc in static programs does not, and is found by arch_prctl(ARCH_SET_FS), as are others there; such programs,
 * which lie below 4 GiB, cannot begin once the standby is gone too.
 *
 * Numbers of other call tables of the same machine (32-bit programs, x32's bit 30) are outside the range or of another architecture: the
 * kernel's business. The kernel remembers which numbers are let through whatever their arguments, and does not run this for them. */
static int install(void)
{
    enum { BREAK = 4, THREAD_POINTER = 10, REGISTERED = 14, OWN_TABLE = 15, NOTIFY = 17, ALLOW = 18 };
    struct sock_filter code[] = {
        LOAD(offsetof(struct seccomp_data, nr)),
        TEST(1, BPF_JGE, SYS_BASE, REGISTERED, 2),
        TEST(2, BPF_JEQ, SYS_brk, BREAK, 3),
        TEST(3, BPF_JEQ, SYS_arch_prctl, THREAD_POINTER, ALLOW),
        [BREAK] = LOAD(ARGUMENT(0, LOW)),
        TEST(5, BPF_JEQ, 0, 6, ALLOW),
        LOAD(ARGUMENT(0, HIGH)),
        TEST(7, BPF_JEQ, 0, 8, ALLOW),
        LOAD(INSTRUCTION(HIGH)),
        TEST(9, BPF_JEQ, 0, ALLOW, OWN_TABLE),
        [THREAD_POINTER] = LOAD(ARGUMENT(0, LOW)),
        TEST(11, BPF_JEQ, ARCH_SET_FS, 12, ALLOW),
        LOAD(INSTRUCTION(HIGH)),
        TEST(13, BPF_JEQ, 0, OWN_TABLE, ALLOW),
        [REGISTERED] = TEST(REGISTERED, BPF_JGE, SYS_MAXSYSCALL, ALLOW, OWN_TABLE),
        [OWN_TABLE] = LOAD(offsetof(struct seccomp_data, arch)),
        TEST(16, BPF_JEQ, ARCH_AUDIT, NOTIFY, ALLOW),
        [NOTIFY] = BPF_STMT(BPF_RET | BPF_K, SECCOMP_RET_USER_NOTIF),
        [ALLOW] = BPF_STMT(BPF_RET | BPF_K, SECCOMP_RET_ALLOW),
    };
    const struct sock_fprog program = {.len = sizeof(code) / sizeof(code[0]), .filter = code};
    /* This is no sandbox: kernels before 5.16 slow down the speculation of what is in one. */
    const unsigned long flags = SECCOMP_FILTER_FLAG_NEW_LISTENER | SECCOMP_FILTER_FLAG_SPEC_ALLOW;
    long listener = syscall(SYS_seccomp, SECCOMP_SET_MODE_FILTER, flags, &program);
    if (listener < 0 && errno == EACCES && prctl(PR_SET_NO_NEW_PRIVS, 1, 0, 0, 0) == 0)
        listener = syscall(SYS_seccomp, SECCOMP_SET_MODE_FILTER, flags, &program);
    return (int)listener;
}

/* The program has no handlers in its first moments; what is sent to it then waits. */
static uint64_t hold_back(sigset_t *signals)
{
    static const int ours[] = {SIGCKPT, SIGCKPTEXIT};
    uint64_t held = 0;
    for (size_t i = 0; i < sizeof(ours) / sizeof(ours[0]); i++)
        if (!sigismember(signals, ours[i]) && sigaddset(signals, ours[i]) == 0)
            held |= 1ull << (ours[i] - 1);
    return held;
}

bool listen_enter(int channel, sigset_t *signals, struct failure *why)
{
    prctl(PR_SET_PTRACER, getppid(), 0, 0, 0); /* Yama: those whom our parent starts may trace this process */
    int listener = install();
    if (listener < 0 && errno == EBUSY)
        return true;
    if (listener < 0)
        return failure_errno(why, "listening to registered system calls (seccomp)");
    bool sent = handover_send(channel, listener, hold_back(signals));
    close(listener);
    return sent || failure_errno(why, "handing over the listener");
}

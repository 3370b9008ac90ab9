#include <asm/prctl.h>
#include <errno.h>
#include <linux/filter.h>
#include <linux/seccomp.h>
#include <stddef.h>
#include <sys/prctl.h>
#include <sys/syscall.h>
#include <unistd.h>

#include "checkpt/arch/x86_64/audit.h"
#include "checkpt/listen/handover.h"
#include "checkpt/listen/listen.h"

/* Beside the registered numbers the call by which every C library begins in a new program: see default_action.h. Numbers of other call tables of the same machine (32-bit programs, x32's bit 30) are outside the range or of another architecture: the kernel's business. */
static int install(void)
{
    struct sock_filter code[] = {
        BPF_STMT(BPF_LD | BPF_W | BPF_ABS, offsetof(struct seccomp_data, nr)),
        BPF_JUMP(BPF_JMP | BPF_JGE | BPF_K, SYS_BASE, 3, 0),
        BPF_JUMP(BPF_JMP | BPF_JEQ | BPF_K, SYS_arch_prctl, 0, 6),
        BPF_STMT(BPF_LD | BPF_W | BPF_ABS, offsetof(struct seccomp_data, args[0])),
        BPF_JUMP(BPF_JMP | BPF_JEQ | BPF_K, ARCH_SET_FS, 1, 4),
        BPF_JUMP(BPF_JMP | BPF_JGE | BPF_K, SYS_MAXSYSCALL, 3, 0),
        BPF_STMT(BPF_LD | BPF_W | BPF_ABS, offsetof(struct seccomp_data, arch)),
        BPF_JUMP(BPF_JMP | BPF_JEQ | BPF_K, ARCH_AUDIT, 0, 1),
        BPF_STMT(BPF_RET | BPF_K, SECCOMP_RET_USER_NOTIF),
        BPF_STMT(BPF_RET | BPF_K, SECCOMP_RET_ALLOW),
    };
    const struct sock_fprog program = {.len = sizeof(code) / sizeof(code[0]), .filter = code};
    long listener = syscall(SYS_seccomp, SECCOMP_SET_MODE_FILTER, SECCOMP_FILTER_FLAG_NEW_LISTENER, &program);
    if (listener < 0 && errno == EACCES && prctl(PR_SET_NO_NEW_PRIVS, 1, 0, 0, 0) == 0)
        listener = syscall(SYS_seccomp, SECCOMP_SET_MODE_FILTER, SECCOMP_FILTER_FLAG_NEW_LISTENER, &program);
    return (int)listener;
}

bool listen_enter(int channel, struct failure *why)
{
    prctl(PR_SET_PTRACER, getppid(), 0, 0, 0); /* Yama: those whom our parent starts may trace this process */
    int listener = install();
    if (listener < 0 && errno == EBUSY)
        return true;
    if (listener < 0)
        return failure_errno(why, "listening to registered system calls (seccomp)");
    bool sent = handover_send(channel, listener);
    close(listener);
    return sent || failure_errno(why, "handing over the listener");
}

/* Under filters of its own (seccomp): what they forbid stays forbidden, in every thread. threads=N; own=1: one thread has one more; listener=1: one asks somebody;
 * locked=1: nothing can be unmapped. */
#include <errno.h>
#include <linux/filter.h>
#include <linux/seccomp.h>
#include <pthread.h>
#include <stddef.h>
#include <string.h>
#include <sys/prctl.h>
#include <sys/syscall.h>
#include <unistd.h>

#include "tests/victims/victim.h"

static void install(long number, uint32_t verdict, unsigned flags)
{
    struct sock_filter code[] = {
        BPF_STMT(BPF_LD | BPF_W | BPF_ABS, offsetof(struct seccomp_data, nr)),
        BPF_JUMP(BPF_JMP | BPF_JEQ | BPF_K, (uint32_t)number, 0, 1),
        BPF_STMT(BPF_RET | BPF_K, verdict),
        BPF_STMT(BPF_RET | BPF_K, SECCOMP_RET_ALLOW),
    };
    const struct sock_fprog program = {sizeof(code) / sizeof(code[0]), code};
    demand(prctl(PR_SET_NO_NEW_PRIVS, 1, 0, 0, 0) == 0 && syscall(SYS_seccomp, SECCOMP_SET_MODE_FILTER, flags, &program) >= 0, "a filter: %s", strerror(errno));
}

/* Of two filters that answer the same the later one counts. */
static void check(const char *whose)
{
    errno = 0;
    demand(syscall(SYS_getpgid, 0) == -1 && errno == EXDEV, "%s: the first filter is lost (%s)", whose, strerror(errno));
    errno = 0;
    demand(syscall(SYS_getsid, 0) == -1 && errno == ENOANO, "%s: two filters have changed places (%s)", whose, strerror(errno));
    demand(syscall(SYS_getppid) > 0, "%s: another call: %s", whose, strerror(errno));
}

static void *other(void *own)
{
    if (*(unsigned long *)own != 0)
        install(SYS_getuid, SECCOMP_RET_ERRNO | EXDEV, 0);
    for (;;) {
        check("a thread");
        victim_nap(1);
    }
    return NULL;
}

int main(int argc, char **argv)
{
    struct victim victim;
    pthread_t thread;
    unsigned long own = victim_option(argv, "own", 0);
    victim_begin(&victim, argc, argv);
    install(SYS_getpgid, SECCOMP_RET_ERRNO | EXDEV, 0);
    install(SYS_getsid, SECCOMP_RET_ERRNO | EXDEV, SECCOMP_FILTER_FLAG_LOG);
    install(SYS_getsid, SECCOMP_RET_ERRNO | ENOANO, 0);
    if (victim_option(argv, "listener", 0) != 0)
        install(SYS_getpriority, SECCOMP_RET_USER_NOTIF, 0);
    if (victim_option(argv, "locked", 0) != 0)
        install(SYS_munmap, SECCOMP_RET_ERRNO | EXDEV, 0);
    for (unsigned long i = 1; i < victim_option(argv, "threads", 1); i++)
        demand(pthread_create(&thread, NULL, other, &own) == 0, "a thread");
    victim_ready(&victim);
    while (!victim_stopping()) {
        check("the first thread");
        victim_progress(&victim);
    }
    return victim_end();
}

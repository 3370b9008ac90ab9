#include <asm/prctl.h>
#include <fcntl.h>
#include <inttypes.h>
#include <linux/close_range.h>
#include <linux/futex.h>
#include <linux/sched.h>
#include <netinet/in.h>
#include <signal.h>
#include <sys/epoll.h>
#include <sys/eventfd.h>
#include <sys/file.h>
#include <sys/inotify.h>
#include <sys/mman.h>
#include <sys/prctl.h>
#include <sys/resource.h>
#include <sys/rseq.h>
#include <sys/signalfd.h>
#include <sys/socket.h>
#include <sys/time.h>
#include <sys/timerfd.h>
#include <time.h>

#include "checkpt/thaw/print.h"

#ifndef PR_SET_VMA
#define PR_SET_VMA 0x53564d41
#endif
#define N(value) {(uint64_t)(value), #value}
#define LITERAL(value, name) {(uint64_t)(value), #name}

struct name {
    uint64_t value;
    const char *name;
};

static const struct name protection[] = {N(PROT_READ), N(PROT_WRITE), N(PROT_EXEC), N(PROT_GROWSDOWN)};
static const struct name map_flags[] = {N(MAP_SHARED_VALIDATE), N(MAP_SHARED), N(MAP_PRIVATE), N(MAP_FIXED), N(MAP_FIXED_NOREPLACE),
                                        N(MAP_ANONYMOUS), N(MAP_GROWSDOWN),
                                        N(MAP_NORESERVE), N(MAP_POPULATE), N(MAP_LOCKED), N(MAP_STACK), N(MAP_HUGETLB)};
static const struct name remap_flags[] = {N(MREMAP_MAYMOVE), N(MREMAP_FIXED), N(MREMAP_DONTUNMAP)};
static const struct name open_flags[] = {N(O_RDWR), N(O_WRONLY), N(O_CREAT), N(O_EXCL), N(O_NOCTTY), N(O_TRUNC), N(O_APPEND), N(O_NONBLOCK),
                                         N(O_SYNC), N(O_DSYNC),
                                         N(O_ASYNC), N(O_DIRECT), LITERAL(0100000, O_LARGEFILE), LITERAL(020200000, O_TMPFILE), N(O_DIRECTORY),
                                         N(O_NOFOLLOW), N(O_NOATIME), N(O_CLOEXEC), N(O_PATH)};
static const struct name clone_flags[] = {N(CLONE_VM), N(CLONE_FS), N(CLONE_FILES), N(CLONE_SIGHAND), N(CLONE_THREAD), N(CLONE_SYSVSEM), N(CLONE_SETTLS),
                                          N(CLONE_PARENT_SETTID), N(CLONE_CHILD_SETTID), N(CLONE_CHILD_CLEARTID), N(CLONE_PARENT)};
static const struct name memfd_flags[] = {N(MFD_CLOEXEC), N(MFD_ALLOW_SEALING), N(MFD_HUGETLB), LITERAL(8, MFD_NOEXEC_SEAL), LITERAL(16, MFD_EXEC)};
static const struct name close_range_flags[] = {N(CLOSE_RANGE_UNSHARE), N(CLOSE_RANGE_CLOEXEC)};
static const struct name sa_flags[] = {LITERAL(0x04000000, SA_RESTORER), N(SA_NOCLDSTOP), N(SA_NOCLDWAIT), N(SA_SIGINFO), N(SA_ONSTACK),
                                       N(SA_RESTART), N(SA_NODEFER),
                                       LITERAL(0x80000000, SA_RESETHAND), LITERAL(0x800, SA_EXPOSE_TAGBITS)};
static const struct name ss_flags[] = {N(SS_ONSTACK), N(SS_DISABLE), LITERAL(0x80000000, SS_AUTODISARM)};
static const struct name timer_flags[] = {N(TIMER_ABSTIME)};
static const struct name rseq_flags[] = {N(RSEQ_FLAG_UNREGISTER)};
static const struct name lock_operations[] = {N(LOCK_SH), N(LOCK_EX), N(LOCK_UN), N(LOCK_NB)};
static const struct name advice[] = {N(MADV_NORMAL), N(MADV_RANDOM), N(MADV_SEQUENTIAL), N(MADV_WILLNEED), N(MADV_DONTNEED), N(MADV_FREE),
                                     N(MADV_REMOVE), N(MADV_DONTFORK),
                                     N(MADV_DOFORK), N(MADV_MERGEABLE), N(MADV_HUGEPAGE), N(MADV_NOHUGEPAGE), N(MADV_DONTDUMP), N(MADV_DODUMP),
                                     N(MADV_WIPEONFORK),
                                     N(MADV_POPULATE_READ), N(MADV_POPULATE_WRITE), LITERAL(102, MADV_GUARD_INSTALL), LITERAL(103, MADV_GUARD_REMOVE)};
static const struct name how[] = {N(SIG_BLOCK), N(SIG_UNBLOCK), N(SIG_SETMASK)};
static const struct name clocks[] = {N(CLOCK_REALTIME), N(CLOCK_MONOTONIC), N(CLOCK_PROCESS_CPUTIME_ID), N(CLOCK_THREAD_CPUTIME_ID), N(CLOCK_MONOTONIC_RAW),
                                     N(CLOCK_REALTIME_COARSE), N(CLOCK_MONOTONIC_COARSE), N(CLOCK_BOOTTIME), N(CLOCK_REALTIME_ALARM),
                                     N(CLOCK_BOOTTIME_ALARM), N(CLOCK_TAI)};
static const struct name itimers[] = {N(ITIMER_REAL), N(ITIMER_VIRTUAL), N(ITIMER_PROF)};
static const struct name resources_[] = {N(RLIMIT_CPU), N(RLIMIT_FSIZE), N(RLIMIT_DATA), N(RLIMIT_STACK), N(RLIMIT_CORE), N(RLIMIT_RSS),
                                         N(RLIMIT_NPROC), N(RLIMIT_NOFILE),
                                         N(RLIMIT_MEMLOCK), N(RLIMIT_AS), N(RLIMIT_LOCKS), N(RLIMIT_SIGPENDING), N(RLIMIT_MSGQUEUE),
                                         N(RLIMIT_NICE), N(RLIMIT_RTPRIO), N(RLIMIT_RTTIME)};
static const struct name prctls[] = {N(PR_SET_PDEATHSIG), N(PR_SET_DUMPABLE), N(PR_SET_KEEPCAPS), N(PR_SET_TIMING), N(PR_SET_NAME),
                                     N(PR_SET_SECCOMP), N(PR_SET_TSC), N(PR_SET_SECUREBITS),
                                     N(PR_SET_TIMERSLACK), N(PR_MCE_KILL), N(PR_SET_MM), N(PR_SET_CHILD_SUBREAPER), N(PR_SET_NO_NEW_PRIVS),
                                     N(PR_SET_THP_DISABLE), N(PR_SET_IO_FLUSHER),
                                     N(PR_SET_SYSCALL_USER_DISPATCH), N(PR_SET_VMA), N(PR_SET_PTRACER), LITERAL(65, PR_SET_MDWE),
                                     LITERAL(67, PR_SET_MEMORY_MERGE),
                                     LITERAL(77, PR_TIMER_CREATE_RESTORE_IDS)};
static const struct name arch_prctls[] = {N(ARCH_SET_GS), N(ARCH_SET_FS), N(ARCH_GET_FS), N(ARCH_GET_GS), N(ARCH_SET_CPUID),
                                          LITERAL(0x1023, ARCH_REQ_XCOMP_PERM)};
static const struct name fcntls[] = {N(F_DUPFD), N(F_GETFD), N(F_SETFD), N(F_GETFL), N(F_SETFL), N(F_SETLK), N(F_SETLKW), N(F_SETOWN), N(F_SETSIG),
                                     N(F_SETOWN_EX),
                                     LITERAL(37, F_OFD_SETLK), N(F_SETLEASE), N(F_DUPFD_CLOEXEC), N(F_SETPIPE_SZ), N(F_ADD_SEALS), N(F_SET_RW_HINT)};
static const struct name whence[] = {N(SEEK_SET), N(SEEK_CUR), N(SEEK_END), N(SEEK_DATA), N(SEEK_HOLE)};
static const struct name futexes[] = {N(FUTEX_WAIT), N(FUTEX_WAKE), N(FUTEX_WAIT_PRIVATE), N(FUTEX_WAKE_PRIVATE)};
static const struct name policies[] = {LITERAL(0, SCHED_OTHER), LITERAL(1, SCHED_FIFO), LITERAL(2, SCHED_RR), LITERAL(3, SCHED_BATCH),
                                       LITERAL(5, SCHED_IDLE), LITERAL(6, SCHED_DEADLINE)};
static const struct name notifications[] = {N(SIGEV_SIGNAL), N(SIGEV_NONE), N(SIGEV_THREAD), N(SIGEV_THREAD_ID)};
static const struct name eventfd_flags[] = {N(EFD_SEMAPHORE), N(EFD_NONBLOCK), N(EFD_CLOEXEC)};
static const struct name timerfd_flags[] = {N(TFD_NONBLOCK), N(TFD_CLOEXEC)};
static const struct name timerfd_set_flags[] = {N(TFD_TIMER_ABSTIME), N(TFD_TIMER_CANCEL_ON_SET)};
static const struct name signalfd_flags[] = {N(SFD_NONBLOCK), N(SFD_CLOEXEC)};
static const struct name epoll_flags[] = {N(EPOLL_CLOEXEC)};
static const struct name epoll_operations[] = {N(EPOLL_CTL_ADD), N(EPOLL_CTL_DEL), N(EPOLL_CTL_MOD)};
static const struct name epoll_events[] = {N(EPOLLIN), N(EPOLLPRI), N(EPOLLOUT), N(EPOLLERR), N(EPOLLHUP), N(EPOLLRDNORM), N(EPOLLRDBAND),
                                           N(EPOLLWRNORM), N(EPOLLWRBAND),
                                           N(EPOLLMSG), N(EPOLLRDHUP), N(EPOLLEXCLUSIVE), N(EPOLLWAKEUP), N(EPOLLONESHOT), N(EPOLLET)};
static const struct name inotify_flags[] = {N(IN_NONBLOCK), N(IN_CLOEXEC)};
static const struct name inotify_masks[] = {N(IN_ACCESS), N(IN_MODIFY), N(IN_ATTRIB), N(IN_CLOSE_WRITE), N(IN_CLOSE_NOWRITE), N(IN_OPEN),
                                            N(IN_MOVED_FROM), N(IN_MOVED_TO),
                                            N(IN_CREATE), N(IN_DELETE), N(IN_DELETE_SELF), N(IN_MOVE_SELF), N(IN_ONLYDIR), N(IN_DONT_FOLLOW), N(IN_EXCL_UNLINK),
                                            LITERAL(0x80000000, IN_ONESHOT)};
static const struct name families[] = {N(AF_UNIX), N(AF_INET), N(AF_INET6)};
static const struct name socket_types[] = {N(SOCK_STREAM), N(SOCK_DGRAM), N(SOCK_SEQPACKET)};
static const struct name socket_levels[] = {N(SOL_SOCKET), LITERAL(IPPROTO_IP, SOL_IP), LITERAL(IPPROTO_IPV6, SOL_IPV6), LITERAL(IPPROTO_TCP, SOL_TCP),
                                            LITERAL(IPPROTO_UDP, SOL_UDP)};
static const struct name message_flags[] = {N(MSG_DONTWAIT), N(MSG_NOSIGNAL)};
static const struct name shutdowns[] = {N(SHUT_RD), N(SHUT_WR), N(SHUT_RDWR)};
static const struct name ioctls[] = {LITERAL(0x40085400, TFD_IOC_SET_TICKS)};

#define TABLE(array, zero) {array, sizeof(array) / sizeof(array[0]), zero}
static const struct {
    const struct name *names;
    size_t count;
    const char *none; /* no bit set; NULL: 0 */
} tables[NAMES_COUNT] = {
    [NAMES_PROTECTION] = TABLE(protection, "PROT_NONE"), [NAMES_MAP] = TABLE(map_flags, NULL), [NAMES_REMAP] = TABLE(remap_flags, NULL),
    [NAMES_OPEN] = TABLE(open_flags, "O_RDONLY"), [NAMES_CLONE] = TABLE(clone_flags, NULL), [NAMES_MEMFD] = TABLE(memfd_flags, NULL),
    [NAMES_CLOSE_RANGE] = TABLE(close_range_flags, NULL), [NAMES_SA] = TABLE(sa_flags, NULL), [NAMES_SS] = TABLE(ss_flags, NULL),
    [NAMES_TIMER] = TABLE(timer_flags, NULL), [NAMES_RSEQ] = TABLE(rseq_flags, NULL), [NAMES_LOCK] = TABLE(lock_operations, NULL),
    [NAMES_ADVICE] = TABLE(advice, NULL), [NAMES_HOW] = TABLE(how, NULL), [NAMES_CLOCK] = TABLE(clocks, NULL), [NAMES_ITIMER] = TABLE(itimers, NULL),
    [NAMES_RESOURCE] = TABLE(resources_, NULL), [NAMES_PRCTL] = TABLE(prctls, NULL), [NAMES_ARCH_PRCTL] = TABLE(arch_prctls, NULL),
    [NAMES_FCNTL] = TABLE(fcntls, NULL), [NAMES_WHENCE] = TABLE(whence, NULL), [NAMES_FUTEX] = TABLE(futexes, NULL), [NAMES_POLICY] = TABLE(policies, NULL),
    [NAMES_SIGEV] = TABLE(notifications, NULL), [NAMES_EFD] = TABLE(eventfd_flags, NULL), [NAMES_TFD] = TABLE(timerfd_flags, NULL),
    [NAMES_TFD_TIMER] = TABLE(timerfd_set_flags, NULL), [NAMES_SFD] = TABLE(signalfd_flags, NULL), [NAMES_EPOLL_CREATE] = TABLE(epoll_flags, NULL),
    [NAMES_EPOLL_CTL] = TABLE(epoll_operations, NULL), [NAMES_EPOLL] = TABLE(epoll_events, NULL), [NAMES_INOTIFY_INIT] = TABLE(inotify_flags, NULL),
    [NAMES_INOTIFY] = TABLE(inotify_masks, NULL), [NAMES_IOCTL] = TABLE(ioctls, NULL), [NAMES_FAMILY] = TABLE(families, NULL), [NAMES_SOCKET] = TABLE(socket_types, NULL),
    [NAMES_SOL] = TABLE(socket_levels, NULL), [NAMES_MSG] = TABLE(message_flags, NULL), [NAMES_SHUT] = TABLE(shutdowns, NULL),
};

void print_bits(FILE *out, enum print_names names, uint64_t value)
{
    const char *between = "";
    if (names == NAMES_OPEN && (value & O_ACCMODE) == O_RDONLY) {
        fputs("O_RDONLY", out);
        between = "|";
    } else if (value == 0) {
        fputs(tables[names].none != NULL ? tables[names].none : "0", out);
    }
    for (size_t i = 0; i < tables[names].count; i++) {
        uint64_t bits = tables[names].names[i].value;
        if ((value & bits) != bits)
            continue;
        fprintf(out, "%s%s", between, tables[names].names[i].name);
        between = "|";
        value &= ~bits;
    }
    if (value != 0)
        fprintf(out, "%s0x%" PRIx64, between, value);
}

void print_name(FILE *out, enum print_names names, uint64_t value)
{
    for (size_t i = 0; i < tables[names].count; i++) {
        if (tables[names].names[i].value == value) {
            fputs(tables[names].names[i].name, out);
            return;
        }
    }
    fprintf(out, "0x%" PRIx64, value);
}

#include <asm/prctl.h>
#include <errno.h>
#include <fcntl.h>
#include <linux/membarrier.h>
#include <stddef.h>
#include <stdlib.h>
#include <string.h>
#include <sys/prctl.h>
#include <sys/syscall.h>
#include <unistd.h>

#include "tests/victims/rare.h"
#include "tests/victims/victim.h"

enum { DENY_WRITE_EXEC = 65, GET_DENY_WRITE_EXEC = 66, REFUSE_EXEC_GAIN = 1 }; /* PR_SET_MDWE: 6.3 */

/* Without the registration a barrier is refused. */
static bool make_barrier(void)
{
    return syscall(SYS_membarrier, MEMBARRIER_CMD_REGISTER_PRIVATE_EXPEDITED, 0, 0) == 0;
}

static void check_barrier(void)
{
    demand(syscall(SYS_membarrier, MEMBARRIER_CMD_PRIVATE_EXPEDITED, 0, 0) == 0, "a memory barrier: %s", strerror(errno));
}

static bool make_core_filter(void)
{
    int fd = open("/proc/self/coredump_filter", O_WRONLY | O_CLOEXEC);
    bool made = write(fd, "0x51", 4) == 4;
    close(fd);
    return made;
}

static void check_core_filter(void)
{
    char text[32] = "";
    int fd = open("/proc/self/coredump_filter", O_RDONLY | O_CLOEXEC);
    demand(read(fd, text, sizeof(text) - 1) > 0 && strtoul(text, NULL, 16) == 0x51, "coredump_filter is %s", text);
    close(fd);
}

static bool make_kept(void)
{
    return prctl(PR_SET_KEEPCAPS, 1) == 0;
}

static void check_kept(void)
{
    demand(prctl(PR_GET_KEEPCAPS) == 1, "capabilities are not kept any more");
}

static bool make_machine_check(void)
{
    return prctl(PR_MCE_KILL, PR_MCE_KILL_SET, PR_MCE_KILL_LATE, 0, 0) == 0;
}

static void check_machine_check(void)
{
    demand(prctl(PR_MCE_KILL_GET, 0, 0, 0, 0) == PR_MCE_KILL_LATE, "what a memory error does is %d", prctl(PR_MCE_KILL_GET, 0, 0, 0, 0));
}

static bool make_time_stamps(void)
{
    return prctl(PR_SET_TSC, PR_TSC_SIGSEGV) == 0;
}

static void check_time_stamps(void)
{
    int now = 0;
    demand(prctl(PR_GET_TSC, &now) == 0 && now == PR_TSC_SIGSEGV, "time stamps can be read again");
}

static bool make_cpuid(void)
{
    return syscall(SYS_arch_prctl, ARCH_SET_CPUID, 0) == 0;
}

static void check_cpuid(void)
{
    demand(syscall(SYS_arch_prctl, ARCH_GET_CPUID, 0) == 0, "CPUID works again");
}

/* MPOL_BIND to the first node, for all that comes. */
enum { BIND = 2, ROOM = 1025 };
static bool make_policy(void)
{
    const unsigned long nodes[ROOM / 64 + 1] = {1};
    return syscall(SYS_set_mempolicy, BIND, nodes, ROOM) == 0;
}

static void check_policy(void)
{
    unsigned long nodes[ROOM / 64 + 1] = {0};
    int policy = 0;
    demand(syscall(SYS_get_mempolicy, &policy, nodes, ROOM, NULL, 0) == 0 && policy == BIND && nodes[0] == 1, "the memory policy is %d for nodes %#lx", policy, nodes[0]);
}

static bool make_denied(void)
{
    return prctl(DENY_WRITE_EXEC, REFUSE_EXEC_GAIN, 0, 0, 0) == 0;
}

static void check_denied(void)
{
    demand(prctl(GET_DENY_WRITE_EXEC, 0, 0, 0, 0) == REFUSE_EXEC_GAIN, "memory may be made executable again");
}

struct rare rare_process[] = {
    {"memory barriers", make_barrier, check_barrier, false},
    {"what a core has in it", make_core_filter, check_core_filter, false},
    {"capabilities that are kept", make_kept, check_kept, false},
    {"what a memory error does", make_machine_check, check_machine_check, false},
    {"no time stamps", make_time_stamps, check_time_stamps, false},
    {"no CPUID", make_cpuid, check_cpuid, false},
    {"a memory policy", make_policy, check_policy, false},
    {"no memory to write to and execute", make_denied, check_denied, false},
    {NULL, NULL, NULL, false},
};

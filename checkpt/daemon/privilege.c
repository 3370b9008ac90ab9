#include "checkpt/daemon/privilege.h"

#include <errno.h>
#include <grp.h>
#include <linux/capability.h>
#include <signal.h>
#include <sys/prctl.h>
#include <sys/resource.h>
#include <sys/syscall.h>
#include <unistd.h>

static bool set_capabilities(uint32_t permitted, uint32_t effective)
{
    struct __user_cap_header_struct header = {.version = _LINUX_CAPABILITY_VERSION_3};
    const struct __user_cap_data_struct data[_LINUX_CAPABILITY_U32S_3] = {{.permitted = permitted, .effective = effective}};
    return syscall(SYS_capset, &header, data) == 0;
}

/* What this process executes, should it ever, gets nothing. Where the bounding set may not be changed no_new_privs does alone. */
static void close_ways_back(void)
{
    for (unsigned long capability = 0; prctl(PR_CAPBSET_READ, capability, 0, 0, 0) >= 0; capability++)
        prctl(PR_CAPBSET_DROP, capability, 0, 0, 0);
    prctl(PR_CAP_AMBIENT, PR_CAP_AMBIENT_CLEAR_ALL, 0, 0, 0);
}

static bool limit_files(uint64_t bytes)
{
    const struct rlimit limit = {.rlim_cur = bytes, .rlim_max = bytes}, none = {0, 0};
    signal(SIGXFSZ, SIG_IGN);
    return (bytes == RLIM_INFINITY || setrlimit(RLIMIT_FSIZE, &limit) == 0) && setrlimit(RLIMIT_CORE, &none) == 0;
}

bool privilege_drop(uid_t user, const gid_t *groups, size_t count, uint64_t file_limit, struct failure *why)
{
    close_ways_back();
    if (!limit_files(file_limit) || prctl(PR_SET_NO_NEW_PRIVS, 1, 0, 0, 0) != 0 || prctl(PR_SET_KEEPCAPS, 1, 0, 0, 0) != 0 || setgroups(count - 1, groups + 1) != 0 ||
        setresgid(groups[0], groups[0], groups[0]) != 0 || setresuid(user, user, user) != 0 || prctl(PR_SET_KEEPCAPS, 0, 0, 0, 0) != 0 ||
        !set_capabilities(1u << CAP_SYS_PTRACE, 0))
        return failure_errno(why, "checkptd: becoming user %u", user);
    prctl(PR_SET_DUMPABLE, 0, 0, 0, 0);
    return true;
}

bool privilege_trace(bool on, struct failure *why)
{
    const uint32_t bit = 1u << CAP_SYS_PTRACE;
    return set_capabilities(bit, on ? bit : 0) || failure_errno(why, "checkptd: CAP_SYS_PTRACE");
}

#include "checkpt/thaw/rights.h"

#include <linux/capability.h>
#include <sys/syscall.h>
#include <unistd.h>

/* Effective ones: prctl(PR_CAPBSET_READ) would tell the bounding set only. */
static bool has_capability(unsigned capability)
{
    struct __user_cap_header_struct header = {.version = _LINUX_CAPABILITY_VERSION_3};
    struct __user_cap_data_struct data[_LINUX_CAPABILITY_U32S_3] = {0};
    return syscall(SYS_capget, &header, data) == 0 && (data[capability / 32].effective >> capability % 32 & 1) != 0;
}

bool rights_credentials(void)
{
    return has_capability(CAP_SETUID) && has_capability(CAP_SETGID) && has_capability(CAP_SETPCAP);
}

bool rights_administration(void)
{
    return has_capability(CAP_SYS_ADMIN);
}

bool rights_checkpoint_restore(void)
{
    enum { CHECKPOINT_RESTORE = 40 };
    return has_capability(CHECKPOINT_RESTORE) || has_capability(CAP_SYS_ADMIN);
}

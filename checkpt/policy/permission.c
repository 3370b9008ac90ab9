#include <errno.h>
#include <grp.h>
#include <sys/stat.h>
#include <unistd.h>

#include "checkpt/policy/policy.h"

static bool is_installed_by_root(void)
{
    struct stat status;
    return stat("/proc/self/exe", &status) == 0 && status.st_uid == 0;
}

void policy_default(struct policy *policy)
{
    *policy = (struct policy){.group = is_installed_by_root() ? 0 : POLICY_ANYBODY, .template = "%N.ckpt"};
}

bool policy_allows(const struct policy *policy, uid_t user, const gid_t *groups, size_t count)
{
    if (user == 0 || policy->group == POLICY_ANYBODY)
        return true;
    for (size_t i = 0; i < count; i++)
        if ((int64_t)groups[i] == policy->group)
            return true;
    return false;
}

bool policy_allows_me(const struct policy *policy)
{
    gid_t groups[NGROUPS_MAX + 1] = {getegid()};
    int count = getgroups(NGROUPS_MAX, groups + 1);
    return policy_allows(policy, geteuid(), groups, 1 + (size_t)(count > 0 ? count : 0));
}

bool policy_refuse(const struct policy *policy, uid_t user, struct failure *why)
{
    const struct group *group = getgrgid((gid_t)policy->group);
    failure_set(why, "kern.ckptgroup is %lld (%s), and user %u is not in that group: see checkpt.conf(5)", (long long)policy->group, group != NULL ? group->gr_name : "no such group",
                user);
    why->error = EPERM;
    return false;
}

bool policy_permits_me(struct failure *why)
{
    struct policy policy;
    if (!policy_load(&policy, policy_path(), why)) {
        why->error = EPERM;
        return geteuid() == 0;
    }
    return !policy.is_set || policy_allows_me(&policy) || policy_refuse(&policy, geteuid(), why);
}

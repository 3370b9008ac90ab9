/* A thread becomes another user by the calls that one makes by hand: the order is what capabilities(7) asks for. */
#include <errno.h>
#include <grp.h>
#include <linux/capability.h>
#include <linux/securebits.h>
#include <stdlib.h>
#include <string.h>
#include <sys/prctl.h>
#include <sys/syscall.h>
#include <unistd.h>

#include "checkpt/resource/credentials.h"
#include "checkpt/thaw/plan.h"
#include "checkpt/thaw/rights.h"

enum { GROUPS_MAX = 65536, ADMINISTRATION = 21 /* CAP_SYS_ADMIN */ };
static const char what[] = "credentials";

struct sets {
    uint64_t effective, permitted, inheritable;
};

static struct sets own_sets(void)
{
    struct __user_cap_header_struct header = {.version = _LINUX_CAPABILITY_VERSION_3};
    struct __user_cap_data_struct data[_LINUX_CAPABILITY_U32S_3] = {0};
    syscall(SYS_capget, &header, data);
    return (struct sets){(uint64_t)data[1].effective << 32 | data[0].effective, (uint64_t)data[1].permitted << 32 | data[0].permitted,
                         (uint64_t)data[1].inheritable << 32 | data[0].inheritable};
}

static bool same_groups(const Ckpt__Credentials *c)
{
    gid_t *own = calloc(GROUPS_MAX, sizeof(*own));
    int count = own != NULL ? getgroups(GROUPS_MAX, own) : -1;
    bool same = count >= 0 && (size_t)count == c->n_groups && (count == 0 || memcmp(own, c->groups, c->n_groups * sizeof(*own)) == 0);
    free(own);
    return same;
}

/* Those of the file system follow the effective ones wherever nobody says otherwise. */
static bool same_ids(const Ckpt__Credentials *c)
{
    uid_t uid, euid, suid;
    gid_t gid, egid, sgid;
    return getresuid(&uid, &euid, &suid) == 0 && getresgid(&gid, &egid, &sgid) == 0 && uid == c->uid && euid == c->euid && suid == c->suid && gid == c->gid &&
           egid == c->egid && sgid == c->sgid && c->fsuid == c->euid && c->fsgid == c->egid;
}

static bool is_same_bounding(const Ckpt__Credentials *c)
{
    for (int i = 0; prctl(PR_CAPBSET_READ, i) >= 0; i++)
        if (prctl(PR_CAPBSET_READ, i) == 1 && (c->cap_bounding >> i & 1) == 0)
            return false;
    return true;
}

bool credentials_are_own(const Ckpt__Credentials *c)
{
    struct sets own = own_sets();
    return same_groups(c) && is_same_bounding(c) && own.effective == c->cap_effective && own.permitted == c->cap_permitted;
}

static int missing_capability(const Ckpt__Credentials *c)
{
    uint64_t missing = c->cap_permitted & ~own_sets().permitted;
    return missing != 0 ? __builtin_ctzll(missing) : -1;
}

static void check_one(const Ckpt__Process *process, const Ckpt__Credentials *c, struct findings *findings)
{
    bool becomes = !same_ids(c) || !same_groups(c) || !is_same_bounding(c);
    if (becomes && !rights_credentials())
        findings_add(findings, VERDICT_REFUSED, "--credentials", "be root, or leave out --credentials=image",
                     "becoming user %u, group %u takes CAP_SETUID, CAP_SETGID and CAP_SETPCAP", c->uid, c->gid);
    else if (missing_capability(c) >= 0)
        findings_add(findings, VERDICT_REFUSED, "--credentials", "a caller who has it, or leave out --credentials=image",
                     "the program had capability %d (capabilities(7)), which the caller lacks", missing_capability(c));
    else if (process->n_seccomp_filters > 0 && !process->no_new_privs && (c->cap_effective >> ADMINISTRATION & 1) == 0)
        findings_add(findings, VERDICT_REFUSED, "--credentials", "leave out --credentials=image",
                     "it has filters of its system calls, which with these credentials it could not install");
}

void credentials_check_image(struct thaw *thaw, struct findings *findings)
{
    const struct model *model = thaw->model;
    const Ckpt__Credentials *c = &model->credentials;
    size_t refused = findings->refused;
    check_one(&model->process, c, findings);
    for (size_t i = 0; i < c->n_threads && findings->refused == refused; i++)
        check_one(&model->process, c->threads[i], findings);
    if (findings->refused == refused)
        findings_add(findings, VERDICT_SAVED, "credentials", NULL, "user %u, group %u, %zu more groups, and its capabilities", c->uid, c->gid, c->n_groups);
}

static void plan_sets(struct plan *plan, const struct sets *sets)
{
    const struct __user_cap_header_struct header = {.version = _LINUX_CAPABILITY_VERSION_3};
    const struct __user_cap_data_struct data[_LINUX_CAPABILITY_U32S_3] = {
        {(uint32_t)sets->effective, (uint32_t)sets->permitted, (uint32_t)sets->inheritable},
        {(uint32_t)(sets->effective >> 32), (uint32_t)(sets->permitted >> 32), (uint32_t)(sets->inheritable >> 32)},
    };
    uint32_t header_data = plan_data(plan, &header, sizeof(header), sizeof(uint64_t)), sets_data = plan_data(plan, data, sizeof(data), sizeof(uint64_t));
    PLAN_CALL(plan, "credentials: capabilities", SYS_capset, PLAN_DATA(header_data), PLAN_DATA(sets_data));
}

static void plan_ids(struct plan *plan, const Ckpt__Credentials *c)
{
    uint32_t groups = plan_data(plan, c->groups, c->n_groups * sizeof(*c->groups), sizeof(uint64_t));
    PLAN_TRY(plan, what, SYS_prctl, PLAN_NUMBER(PR_SET_KEEPCAPS), PLAN_NUMBER(1));
    PLAN_CALL(plan, "credentials: groups", SYS_setgroups, PLAN_NUMBER(c->n_groups), PLAN_DATA(groups));
    PLAN_CALL(plan, "credentials: group", SYS_setresgid, PLAN_NUMBER(c->gid), PLAN_NUMBER(c->egid), PLAN_NUMBER(c->sgid));
    PLAN_CALL(plan, "credentials: user", SYS_setresuid, PLAN_NUMBER(c->uid), PLAN_NUMBER(c->euid), PLAN_NUMBER(c->suid));
    if (c->fsgid != c->egid)
        PLAN_CALL(plan, "credentials: group of the file system", SYS_setfsgid, PLAN_NUMBER(c->fsgid));
    if (c->fsuid != c->euid)
        PLAN_CALL(plan, "credentials: user of the file system", SYS_setfsuid, PLAN_NUMBER(c->fsuid));
}

/* Taking away from the bounding set, and setting bits, takes a capability that the program may not have. */
static void plan_bounds(struct plan *plan, const Ckpt__Credentials *c, uint32_t bits)
{
    for (int i = 0; prctl(PR_CAPBSET_READ, i) >= 0; i++)
        if (prctl(PR_CAPBSET_READ, i) == 1 && (c->cap_bounding >> i & 1) == 0)
            PLAN_CALL(plan, "credentials: bounding set", SYS_prctl, PLAN_NUMBER(PR_CAPBSET_DROP), PLAN_NUMBER(i));
    if ((bits & ~(uint32_t)SECBIT_KEEP_CAPS) != ((uint32_t)prctl(PR_GET_SECUREBITS) & ~(uint32_t)SECBIT_KEEP_CAPS))
        PLAN_CALL(plan, "credentials: securebits", SYS_prctl, PLAN_NUMBER(PR_SET_SECUREBITS), PLAN_NUMBER(bits | SECBIT_KEEP_CAPS));
}

static void plan_ambient(struct plan *plan, uint64_t ambient)
{
    PLAN_TRY(plan, what, SYS_prctl, PLAN_NUMBER(PR_CAP_AMBIENT), PLAN_NUMBER(PR_CAP_AMBIENT_CLEAR_ALL), PLAN_NUMBER(0), PLAN_NUMBER(0), PLAN_NUMBER(0));
    for (int i = 0; i < 64; i++)
        if ((ambient >> i & 1) != 0)
            PLAN_TRY(plan, "credentials: ambient set", SYS_prctl, PLAN_NUMBER(PR_CAP_AMBIENT), PLAN_NUMBER(PR_CAP_AMBIENT_RAISE), PLAN_NUMBER(i),
                     PLAN_NUMBER(0), PLAN_NUMBER(0));
}

/* The kernel forgets these when somebody becomes another user; every thread sets them behind its own change, so that the last one holds. */
static void plan_forgotten(struct plan *plan, const Ckpt__Process *process, const Ckpt__Thread *thread)
{
    PLAN_TRY(plan, "process: dumpable", SYS_prctl, PLAN_NUMBER(PR_SET_DUMPABLE), PLAN_NUMBER(process->dumpable == 1), PLAN_NUMBER(0),
             PLAN_NUMBER(0), PLAN_NUMBER(0));
    if (thread->parent_death_signal != 0)
        PLAN_TRY(plan, "thread: parent's death signal", SYS_prctl, PLAN_NUMBER(PR_SET_PDEATHSIG), PLAN_NUMBER(thread->parent_death_signal));
}

static const Ckpt__Credentials *of_thread(const Ckpt__Credentials *first, int32_t tid)
{
    for (size_t i = 0; i < first->n_threads; i++)
        if (first->threads[i]->tid == tid)
            return first->threads[i];
    return first;
}

static void plan_one(struct thaw *thaw, const Ckpt__Thread *thread)
{
    struct plan *plan = thaw->plan;
    const Ckpt__Credentials *c = of_thread(&thaw->model->credentials, thread->tid);
    const struct sets own = own_sets(), all = {own.permitted, own.permitted, own.inheritable | c->cap_inheritable};
    const struct sets wanted = {c->cap_effective, c->cap_permitted, c->cap_inheritable};
    if (rights_credentials()) {
        plan_ids(plan, c);
        plan_sets(plan, &all);
        plan_bounds(plan, c, thread->securebits);
    }
    plan_sets(plan, &wanted);
    plan_ambient(plan, c->cap_ambient);
    PLAN_TRY(plan, what, SYS_prctl, PLAN_NUMBER(PR_SET_KEEPCAPS), PLAN_NUMBER(thread->keep_capabilities));
    plan_forgotten(plan, &thaw->model->process, thread);
}

bool credentials_plan(struct thaw *thaw, struct failure *why)
{
    (void)why;
    for (size_t i = 0; i < thaw->model->thread_count && thaw->options.credentials_of_image; i++) {
        plan_thread(thaw->plan, i);
        plan_one(thaw, &thaw->model->threads[i].record);
    }
    return true;
}

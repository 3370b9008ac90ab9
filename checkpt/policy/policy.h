/* Who may checkpoint, and where to: the values of /etc/checkpt.conf, in the syntax of sysctl.conf(5).
 *
 *     kern.ckptgroup=0          members of this group may checkpoint and restore; -1: anybody
 *     kern.ckptfile=%N.ckpt     where a checkpoint goes that names no file
 *
 * The names, and what they mean, are DragonFly BSD's. */
#ifndef CHECKPT_POLICY_H
#define CHECKPT_POLICY_H

#include <limits.h>
#include <stdint.h>
#include <stdio.h>
#include <sys/types.h>

#include "checkpt/failure.h"

#define POLICY_FILE "/etc/checkpt.conf"
#define POLICY_ANYBODY (-1)

struct policy {
    int64_t group;             /* kern.ckptgroup: a group's number; POLICY_ANYBODY */
    bool is_set;               /* the file says which group */
    char template[PATH_MAX];   /* kern.ckptfile */
};

/* The file that holds for this process: $CHECKPT_CONF where this program has no more rights than its caller, else POLICY_FILE. */
const char *policy_path(void);
/* What holds where a file says nothing: the template %N.ckpt, and group 0 where the program belongs to root (it is installed for everybody), else anybody: who built it
 * in their own directory is its only user. */
void policy_default(struct policy *policy);
/* Reads `path` over the defaults. A missing file is none; one that says something unknown or malformed is a failure, which names the line: then nobody may. */
bool policy_load(struct policy *policy, const char *path, struct failure *why);

/* Whether somebody with these groups (the effective one first) may: user 0 always. */
bool policy_allows(const struct policy *policy, uid_t user, const gid_t *groups, size_t count);
/* The same for this process. */
bool policy_allows_me(const struct policy *policy);
/* For what needs no more rights than its caller has: `checkpt freeze` and `checkpt -r`, which are held to a group that somebody has set, and not to the default. Reads the policy. False
 * with the sentence, and EPERM. */
bool policy_permits_me(struct failure *why);
/* The sentence that names the group, with EPERM. Returns false. */
bool policy_refuse(const struct policy *policy, uid_t user, struct failure *why);

/* The named values. */
bool policy_print(const struct policy *policy, const char *name, FILE *out); /* "kern.ckptgroup: 0"; NULL: all. False: no such name */
bool policy_set(struct policy *policy, const char *name, const char *value, struct failure *why);
/* Changes one value in the file, which keeps everything else; a new file beside the old one, renamed. */
bool policy_store(const char *path, const char *name, const char *value, struct failure *why);

struct policy_names {
    const char *name;          /* %N: the program's, as ps(1) shows it */
    pid_t pid;                 /* %P */
    uid_t user;                /* %U: the real one */
};
/* A template's file name. %% is a percent sign, any other letter behind one stays as it is, as does a percent sign at the end; a name's slashes become underscores. False
 * where it does not fit. */
bool policy_expand(const char *template, const struct policy_names *names, char *path, size_t size);

#endif

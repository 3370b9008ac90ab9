/* What a process is beside its memory: limits, umask, directory, names, priorities, switches, credentials. Changed at the start, compared in every round. */
#include <errno.h>
#include <sched.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/personality.h>
#include <sys/prctl.h>
#include <sys/resource.h>
#include <sys/stat.h>
#include <sys/timerfd.h>
#include <unistd.h>

#include "tests/victims/victim.h"

enum { LIMITS = 16 };

struct process {
    struct rlimit limits[LIMITS];
    char directory[256];
    char comm[16], arguments[4096];
    size_t argument_bytes;
    int nice, personality, dumpable, keepcaps, no_new_privs, thp, child_subreaper, policy, death;
    unsigned long slack;
    mode_t mask;
    cpu_set_t cpus;
    uid_t uid, euid;
    gid_t gid;
};

static size_t read_file(const char *path, char *text, size_t room)
{
    FILE *file = fopen(path, "re");
    demand(file != NULL, "%s: opening: %s", path, strerror(errno));
    size_t bytes = fread(text, 1, room, file);
    fclose(file);
    return bytes;
}

static void look(struct process *p)
{
    memset(p, 0, sizeof(*p));
    for (int i = 0; i < LIMITS; i++)
        getrlimit((__rlimit_resource_t)i, &p->limits[i]);
    demand(getcwd(p->directory, sizeof(p->directory)) != NULL, "the working directory: %s", strerror(errno));
    prctl(PR_GET_NAME, p->comm);
    p->argument_bytes = read_file("/proc/self/cmdline", p->arguments, sizeof(p->arguments));
    p->nice = getpriority(PRIO_PROCESS, 0);
    p->personality = personality(0xffffffff);
    p->dumpable = prctl(PR_GET_DUMPABLE);
    p->keepcaps = prctl(PR_GET_KEEPCAPS);
    p->no_new_privs = prctl(PR_GET_NO_NEW_PRIVS, 0, 0, 0, 0);
    p->thp = prctl(PR_GET_THP_DISABLE, 0, 0, 0, 0);
    prctl(PR_GET_CHILD_SUBREAPER, &p->child_subreaper);
    prctl(PR_GET_PDEATHSIG, &p->death);
    p->slack = (unsigned long)prctl(PR_GET_TIMERSLACK);
    p->policy = sched_getscheduler(0);
    sched_getaffinity(0, sizeof(p->cpus), &p->cpus);
    umask(p->mask = umask(0));
    p->uid = getuid(), p->euid = geteuid(), p->gid = getgid();
}

static void change(void)
{
    const struct rlimit files = {333, 444}, stack = {6 << 20, 900 << 20}, core = {0, 1 << 20}, cpu = {7200, 7300};
    const struct sched_param none = {0};
    cpu_set_t first;
    CPU_ZERO(&first);
    CPU_SET(0, &first);
    demand(setrlimit(RLIMIT_NOFILE, &files) == 0 && setrlimit(RLIMIT_STACK, &stack) == 0 && setrlimit(RLIMIT_CORE, &core) == 0 && setrlimit(RLIMIT_CPU, &cpu) == 0,
           "limits: %s", strerror(errno));
    demand(mkdir("deep", 0755) == 0 || errno == EEXIST, "deep: %s", strerror(errno));
    prctl(PR_SET_NAME, "odd (name) )");
    prctl(PR_SET_TIMERSLACK, 77777);
    prctl(PR_SET_THP_DISABLE, 1, 0, 0, 0);
    prctl(PR_SET_CHILD_SUBREAPER, 1);
    prctl(PR_SET_NO_NEW_PRIVS, 1, 0, 0, 0);
    sched_setaffinity(0, sizeof(first), &first);
    sched_setscheduler(0, SCHED_BATCH, &none);
    personality(ADDR_NO_RANDOMIZE);
    demand(setpriority(PRIO_PROCESS, 0, 3) == 0, "nice: %s", strerror(errno));
    umask(0137);
}

#define SAME(field, format) demand(now->field == then->field, #field " is " format " instead of " format, now->field, then->field)

static void compare(const struct process *then, const struct process *now)
{
    for (int i = 0; i < LIMITS; i++)
        demand(now->limits[i].rlim_cur == then->limits[i].rlim_cur && now->limits[i].rlim_max == then->limits[i].rlim_max, "limit %d is %lld of %lld instead of %lld of %lld",
               i, (long long)now->limits[i].rlim_cur, (long long)now->limits[i].rlim_max, (long long)then->limits[i].rlim_cur, (long long)then->limits[i].rlim_max);
    demand(strcmp(now->directory, then->directory) == 0, "the working directory is %s", now->directory);
    demand(strcmp(now->comm, then->comm) == 0, "the name is %s", now->comm);
    demand(now->argument_bytes == then->argument_bytes && memcmp(now->arguments, then->arguments, now->argument_bytes) == 0, "the command line is %s", now->arguments);
    SAME(nice, "%d");
    SAME(personality, "%d");
    SAME(dumpable, "%d");
    SAME(keepcaps, "%d");
    SAME(no_new_privs, "%d");
    SAME(thp, "%d");
    SAME(child_subreaper, "%d");
    SAME(death, "%d");
    SAME(policy, "%d");
    SAME(slack, "%lu");
    SAME(mask, "%o");
    SAME(uid, "%u");
    SAME(gid, "%u");
    demand(CPU_EQUAL(&now->cpus, &then->cpus), "it may run on other CPUs than before");
}

int main(int argc, char **argv)
{
    struct victim victim;
    struct process then, now;
    victim_begin(&victim, argc, argv);
    change();
    demand(setenv("VICTIM", "of thaws", 1) == 0 && chdir("deep") == 0, "deep: %s", strerror(errno));
    look(&then);
    demand(chdir("..") == 0, "..: %s", strerror(errno));
    victim_ready(&victim);
    while (!victim_stopping()) {
        demand(chdir("deep") == 0, "deep: %s", strerror(errno));
        look(&now);
        compare(&then, &now);
        demand(strcmp(getenv("VICTIM"), "of thaws") == 0, "the environment is lost");
        demand(chdir("..") == 0, "..: %s", strerror(errno));
        victim_progress(&victim);
    }
    return victim_end();
}

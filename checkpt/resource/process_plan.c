#include <errno.h>
#include <fcntl.h>
#include <stdio.h>
#include <string.h>
#include <sys/personality.h>
#include <sys/prctl.h>
#include <sys/syscall.h>
#include <unistd.h>

#include "checkpt/resource/file_record.h"
#include "checkpt/resource/process.h"
#include "checkpt/thaw/plan.h"

enum { ASK_PERSONALITY = 0xffffffff };

static bool is_root(const Ckpt__File *root)
{
    return root == NULL || root->path.len == 0 || (root->path.len == 1 && root->path.data[0] == '/');
}

static void check_place(struct findings *findings, const Ckpt__File *place, const char *subject)
{
    char path[PATH_MAX];
    struct stat status;
    if (place == NULL || place->path.len == 0)
        return;
    file_path(place, path);
    if (stat(path, &status) != 0)
        findings_add(findings, VERDICT_REFUSED, subject, "make it again", "%s: %s", path, strerror(errno));
    else if (!S_ISDIR(status.st_mode))
        findings_add(findings, VERDICT_REFUSED, subject, "put the directory back to where it was", "%s: %s", path, strerror(ENOTDIR));
    else if (access(path, X_OK) != 0)
        findings_add(findings, VERDICT_REFUSED, subject, "a caller who may enter it", "%s: %s", path, strerror(errno));
}

void process_check(struct thaw *thaw, struct findings *findings)
{
    const Ckpt__Process *process = &thaw->model->process;
    const Ckpt__File *root = model_file(thaw->model, process->root);
    check_place(findings, model_file(thaw->model, process->cwd), "working directory");
    if (!is_root(root)) {
        check_place(findings, root, "root directory");
        if (geteuid() != 0)
            findings_add(findings, VERDICT_REFUSED, "root directory", "a caller with CAP_SYS_CHROOT", "its root is %.*s, and chroot takes rights",
                         (int)root->path.len, (const char *)root->path.data);
    }
    process_check_filters(thaw, findings);
    if (!thaw->options.keep_pid)
        findings_add(findings, VERDICT_CHANGED, "process id", "--pid", "%d becomes the caller's", process->pid);
}

/* Each thread has its own of these, from where it was started; exec has given the leader its caller's. */
static void plan_threads(struct thaw *thaw)
{
    const Ckpt__Process *process = &thaw->model->process;
    bool personality_differs = (uint32_t)personality(ASK_PERSONALITY) != process->personality;
    bool privileges_differ = process->no_new_privs && prctl(PR_GET_NO_NEW_PRIVS, 0, 0, 0, 0) == 0;
    for (size_t i = 0; i < thaw->model->thread_count && (personality_differs || privileges_differ); i++) {
        plan_thread(thaw->plan, i);
        if (personality_differs)
            PLAN_CALL(thaw->plan, "process: personality", SYS_personality, PLAN_NUMBER(process->personality));
        if (privileges_differ)
            PLAN_CALL(thaw->plan, "process: no new privileges", SYS_prctl, PLAN_NUMBER(PR_SET_NO_NEW_PRIVS), PLAN_NUMBER(1), PLAN_NUMBER(0), PLAN_NUMBER(0),
                      PLAN_NUMBER(0));
    }
    plan_thread(thaw->plan, 0);
}

/* Lowering it takes rights: then the program keeps its caller's. */
static void plan_oom(struct thaw *thaw)
{
    char wanted[16], now[16] = "";
    int fd = open("/proc/self/oom_score_adj", O_RDONLY | O_CLOEXEC);
    ssize_t n = fd >= 0 ? read(fd, now, sizeof(now) - 1) : 0;
    if (fd >= 0)
        close(fd);
    int length = snprintf(wanted, sizeof(wanted), "%d\n", thaw->model->process.oom_score_adj);
    if (n <= 0 || strcmp(wanted, now) == 0)
        return;
    static const char path[] = "/proc/self/oom_score_adj";
    uint32_t path_data = plan_data(thaw->plan, path, sizeof(path), 1), text = plan_data(thaw->plan, wanted, (size_t)length, 1);
    uint32_t slot = PLAN_CALL(thaw->plan, "process: opening oom_score_adj", SYS_openat, PLAN_NUMBER(AT_FDCWD), PLAN_DATA(path_data),
                              PLAN_NUMBER(O_WRONLY | O_CLOEXEC));
    PLAN_TRY(thaw->plan, "process: oom_score_adj", SYS_write, PLAN_RESULT(slot), PLAN_DATA(text), PLAN_NUMBER(length));
    PLAN_CALL(thaw->plan, "process: closing oom_score_adj", SYS_close, PLAN_RESULT(slot));
}

static void plan_attribute(struct thaw *thaw, const char *what, int get, int set, int wanted)
{
    int now = 0;
    if (get == PR_GET_CHILD_SUBREAPER ? prctl(get, &now, 0, 0, 0) != 0 : (now = prctl(get, 0, 0, 0, 0)) < 0)
        return;
    if (now != wanted)
        PLAN_TRY(thaw->plan, what, SYS_prctl, PLAN_NUMBER(set), PLAN_NUMBER(wanted), PLAN_NUMBER(0), PLAN_NUMBER(0), PLAN_NUMBER(0));
}

static void plan_directory(struct thaw *thaw, long call, const Ckpt__File *place, const char *doing)
{
    char path[PATH_MAX], what[PATH_MAX + 32];
    file_path(place, path);
    snprintf(what, sizeof(what), "directory %s: %s", path, doing);
    uint32_t data = plan_data(thaw->plan, path, strlen(path) + 1, 1);
    PLAN_CALL(thaw->plan, what, call, PLAN_DATA(data));
}

/* The root last: from then on no path of ours leads anywhere. Undumpable processes lose sight of their own /proc. */
bool process_plan(struct thaw *thaw, struct failure *why)
{
    (void)why;
    const Ckpt__Process *process = &thaw->model->process;
    const Ckpt__File *cwd = model_file(thaw->model, process->cwd), *root = model_file(thaw->model, process->root);
    plan_threads(thaw);
    plan_oom(thaw);
    process_plan_memory(thaw);
    plan_attribute(thaw, "process: adopting orphans", PR_GET_CHILD_SUBREAPER, PR_SET_CHILD_SUBREAPER, process->child_subreaper);
    plan_attribute(thaw, "process: huge pages", PR_GET_THP_DISABLE, PR_SET_THP_DISABLE, process->thp_disable);
    plan_attribute(thaw, "process: dumpable", PR_GET_DUMPABLE, PR_SET_DUMPABLE, process->dumpable == 1);
    if (cwd != NULL && cwd->path.len > 0)
        plan_directory(thaw, SYS_chdir, cwd, "changing to it");
    if (!is_root(root))
        plan_directory(thaw, SYS_chroot, root, "making it the root");
    PLAN_CALL(thaw->plan, "process: umask", SYS_umask, PLAN_NUMBER(process->umask));
    return true;
}

/* What sys_checkpoint() asks for, done by a process of our own.
 *
 *     checkpt --call TYPE FD PID RETVAL CALLER TID WORD SPOOL OWN
 *     checkpt --become CKPT_THAW FD …
 *     checkpt --resident NUMBER FD -1 VALUE CALLER TID WORD -1 OWN
 *
 * The first four are the call's; -2 as FD is a descriptor that the caller does not have. CALLER and TID are the process and the thread that call, WORD is the address of
 * the words that a thaw sets (0: the call was made by number), SPOOL a file to copy a stream to before it is thawed, or -1. OWN is the
 * caller's number for FD. The exit status of --call is an error
 * number or 0: for CKPT_THAW that the image can be thawed. --become thaws it. --resident is
 * exec_sys_register() and exec_sys_unregister(): see call_resident.h. With CHECKPT_MESSAGES in the environment the reasons are told on standard error. */
#include <errno.h>
#include <fcntl.h>
#include <signal.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/prctl.h>
#include <sys/resource.h>
#include <sys/stat.h>
#include <unistd.h>

#include "checkpt/cmd/call_resident.h"
#include "checkpt/cmd/tell.h"
#include "checkpt/daemon/ask.h"
#include "checkpt/include/sys/checkpoint.h"
#include "checkpt/policy/policy.h"
#include "checkpt/thaw/thaw.h"
#include "checkpt/tracee/replace.h"
#include "cli/complain.h"
#include "cli/text.h"

enum { TYPE, FD, PID, RETVAL, CALLER, TID, WORD, SPOOL, OWN_FD, COUNT };
enum { NO_FD = -1 };

struct call {
    int64_t numbers[COUNT];
    struct policy policy;
    struct proc_stat stat;
    struct proc_status status;
    struct arena arena;
};

static bool has_messages(void)
{
    return secure_getenv("CHECKPT_MESSAGES") != NULL;
}

static void tell(void *context, const struct finding *finding)
{
    if (has_messages())
        tell_refused(context, finding);
}

static int number(const struct call *call, int which)
{
    return (int)call->numbers[which];
}

/* The reason as a sentence and as a number. */
static void tell_sentence(const char *subject, const struct failure *why)
{
    if (has_messages() && why->sentence[0] != '\0')
        cli_complain("checkpt", subject, "%s", why->sentence);
}

static int refuse(const struct failure *why, int otherwise)
{
    tell_sentence("sys_checkpoint", why);
    return why->error != 0 ? why->error : otherwise;
}

static bool look_at_caller(struct call *call)
{
    struct failure why;
    int directory;
    if (!proc_open(number(call, CALLER), &directory, &why))
        return false;
    bool fine = proc_stat(directory, "stat", &call->stat, &why) && proc_status(directory, "status", &call->arena, &call->status, &why);
    close(directory);
    return fine;
}

/* A program that has, or had, other rights than whoever started it. */
static bool is_set_id(const struct proc_status *status)
{
    return status->uid[0] != status->uid[1] || status->uid[1] != status->uid[2] || status->gid[0] != status->gid[1] || status->gid[1] != status->gid[2];
}

static int check_permission(struct call *call)
{
    struct failure why;
    if (!policy_load(&call->policy, policy_path(), &why))
        return refuse(&why, EPERM);
    const char *template = secure_getenv("CHECKPT_TEMPLATE"); /* checkpt run -o */
    if (template != NULL && strlen(template) < sizeof(call->policy.template))
        strcpy(call->policy.template, template);
    if (!policy_allows_me(&call->policy)) {
        policy_refuse(&call->policy, geteuid(), &why);
        return refuse(&why, EPERM);
    }
    return look_at_caller(call) && !is_set_id(&call->status) ? 0 : EPERM;
}

/* Soft limits of 0 are what most systems give everybody, against core files of crashes; who forbids means the hard one. */
static bool is_forbidden(const struct call *call)
{
    struct rlimit limit;
    return (prlimit(number(call, CALLER), RLIMIT_CORE, NULL, &limit) == 0 || getrlimit(RLIMIT_CORE, &limit) == 0) && limit.rlim_max == 0;
}

/* What the caller may not write it shall not have written. */
static void take_file_limit(const struct call *call)
{
    struct rlimit limit;
    if (prlimit(number(call, CALLER), RLIMIT_FSIZE, NULL, &limit) == 0)
        setrlimit(RLIMIT_FSIZE, &limit);
    signal(SIGXFSZ, SIG_IGN);
}

static void tell_written(const char *path)
{
    struct stat status;
    char size[CLI_SIZE_TEXT] = "?";
    if (stat(path, &status) == 0)
        cli_size(size, (uint64_t)status.st_blocks * 512, false);
    cli_complain("checkpt", NULL, "wrote %s (%s)", path, size);
}

static int freeze(struct call *call)
{
    char path[PATH_MAX], written[FREEZE_NAME_MAX];
    struct failure why = {0};
    const struct policy_names names = {.name = call->stat.comm, .pid = number(call, CALLER), .user = call->status.uid[0]};
    int fd = number(call, FD);
    struct freeze_request request = {
        .pid = number(call, CALLER),
        .caller = {.tid = number(call, TID), .resumed_word = (uint64_t)call->numbers[WORD]},
        .refused = tell,
        .context = (char[]){"sys_checkpoint"},
    };
    if (fd < 0 && (fd != NO_FD || number(call, PID) != -1))
        return EBADF;
    if (is_forbidden(call))
        return ERANGE;
    take_file_limit(call);
    if (fd == NO_FD && !policy_expand(call->policy.template, &names, path, sizeof(path)))
        return ENAMETOOLONG;
    if (fd == NO_FD)
        request.output = path;
    else
        request.descriptor = &fd;
    if (ask_freeze(&request, written, &why)) {
        if (fd == NO_FD && has_messages())
            tell_written(written);
        return 0;
    }
    return refuse(&why, why.sentence[0] == '\0' ? EBUSY : EIO);
}

/* A pipe's or socket's whole content. */
static int spool(int from, int to)
{
    char bytes[65536];
    for (;;) {
        ssize_t got = read(from, bytes, sizeof(bytes));
        if (got == 0)
            return 0;
        if (got < 0 && errno != EINTR)
            return errno == EBADF ? EBADF : EIO;
        for (ssize_t done = 0; done < got;) {
            ssize_t put = write(to, bytes + done, (size_t)(got - done));
            if (put < 0 && errno != EINTR)
                return errno;
            done += put > 0 ? put : 0;
        }
    }
}

static bool is_readable(int fd)
{
    struct stat status;
    int flags = fcntl(fd, F_GETFL);
    return flags >= 0 && (flags & O_PATH) == 0 && (flags & O_ACCMODE) != O_WRONLY && fstat(fd, &status) == 0 &&
           (S_ISREG(status.st_mode) || S_ISFIFO(status.st_mode) || S_ISSOCK(status.st_mode));
}

static struct thaw_options options_of(const int *fd, const int *retval)
{
    return (struct thaw_options){.descriptor = fd, .retval = retval};
}

static int check(struct call *call)
{
    struct failure why = {0};
    int fd = number(call, FD), copy = number(call, SPOOL), retval = number(call, RETVAL);
    struct findings findings = {.arena = &call->arena};
    if (!is_readable(fd))
        return EBADF;
    int error = copy >= 0 ? spool(fd, copy) : 0;
    if (error != 0)
        return error;
    const struct thaw_options options = options_of(copy >= 0 ? &copy : &fd, &retval);
    if (!thaw_check("the image's descriptor", &options, &findings, NULL, &why))
        return refuse(&why, why.exit_status == CLI_MISUSE ? EIO : EINVAL);
    for (size_t i = 0; i < findings.count; i++)
        if (findings.list[i].verdict == VERDICT_REFUSED)
            tell((char[]){"sys_checkpoint"}, &findings.list[i]);
    return findings.refused == 0 ? 0 : EBUSY;
}

/* A call by number: it has no library that would become the program. What is no file cannot be read by two. */
static int replace_caller(const struct call *call)
{
    char own[PATH_MAX], fd[16], retval[16];
    const char *const arguments[] = {"checkpt", "--become", "2", fd, "-1", retval, "0", "0", "0", "-1", fd, NULL};
    struct failure why = {0};
    ssize_t length = readlink("/proc/self/exe", own, sizeof(own) - 1);
    if (length < 0)
        return errno;
    own[length] = '\0';
    snprintf(fd, sizeof(fd), "%d", number(call, OWN_FD));
    snprintf(retval, sizeof(retval), "%d", number(call, RETVAL));
    return tracee_replace(number(call, TID), SYS_sys_checkpoint, own, arguments, number(call, OWN_FD), &why) ? 0 : refuse(&why, EIO);
}

static int thaw(struct call *call)
{
    struct stat status;
    bool by_number = call->numbers[WORD] == 0;
    if (by_number && (fstat(number(call, FD), &status) != 0 || !S_ISREG(status.st_mode)))
        return EBADF;
    int error = check(call);
    return error == 0 && by_number ? replace_caller(call) : error;
}

static int serve(struct call *call)
{
    int error = check_permission(call);
    if (error != 0)
        return error;
    if (number(call, PID) != -1 && (number(call, TYPE) == CKPT_THAW || number(call, PID) != number(call, CALLER)))
        return EINVAL;
    switch (number(call, TYPE)) {
    case CKPT_FREEZE:
        return freeze(call);
    case CKPT_THAW:
        return thaw(call);
    }
    return EOPNOTSUPP;
}

/* Who calls has no options to give. */
static void tell_in_the_way(void *context, const struct finding *finding)
{
    if (finding->verdict == VERDICT_REFUSED)
        tell_refused(context, finding);
}

static int become(struct call *call)
{
    int fd = number(call, FD), retval = number(call, RETVAL);
    struct failure why = {.exit_status = CLI_FAILED};
    struct thaw_options options = options_of(&fd, &retval);
    if (policy_permits_me(&why))
        thaw_program("the image's descriptor", &options, tell_in_the_way, (char[]){"sys_checkpoint"}, &why);
    return tell_failure("sys_checkpoint", &why);
}

static int resident(struct call *call)
{
    struct failure why = {0};
    const struct call_resident asked = {
        .number = call->numbers[TYPE], .value = call->numbers[RETVAL], .fd = number(call, FD), .process = number(call, CALLER),
        .caller = {.tid = number(call, TID), .resumed_word = (uint64_t)call->numbers[WORD]},
    };
    if (!look_at_caller(call) || is_set_id(&call->status))
        return EPERM;
    int error = call_resident(&asked, &why);
    tell_sentence("exec_sys_register", &why);
    return error;
}

/* The caller had every signal blocked, and died with its thread: what is written to a file is taken back. */
static void take_own_state(void)
{
    sigset_t none;
    sigemptyset(&none);
    prctl(PR_SET_PDEATHSIG, 0);
    sigprocmask(SIG_SETMASK, &none, NULL);
}

bool cmd_call(int argc, char **argv, int *status)
{
    struct call call = {.numbers = {0}};
    static const struct {
        const char *name;
        int (*run)(struct call *call);
    } modes[] = {{"--call", serve}, {"--become", become}, {"--resident", resident}};
    size_t mode = 0;
    if (argc != 2 + COUNT)
        return false;
    while (mode < sizeof(modes) / sizeof(modes[0]) && strcmp(argv[1], modes[mode].name) != 0)
        mode++;
    if (mode == sizeof(modes) / sizeof(modes[0]))
        return false;
    for (int i = 0; i < COUNT; i++)
        call.numbers[i] = strtoll(argv[2 + i], NULL, 10);
    take_own_state();
    *status = modes[mode].run(&call);
    arena_deinit(&call.arena);
    return true;
}

#include "checkpt/daemon/serve.h"

#include <errno.h>
#include <fcntl.h>
#include <linux/magic.h>
#include <string.h>
#include <sys/vfs.h>
#include <time.h>
#include <unistd.h>

#include "checkpt/daemon/message.h"
#include "checkpt/daemon/peer.h"
#include "checkpt/daemon/privilege.h"
#include "checkpt/daemon/target.h"
#include "checkpt/freeze/freeze.h"
#include "checkpt/policy/policy.h"
#include "cli/complain.h"

enum { MODES = 3, LEVEL_MAX = 22 };

struct service {
    int connection;
    struct peer peer;
    struct target target;
    struct message asked;
    int fds[MESSAGE_FDS];    /* the program, and what the image goes to */
    struct timespec told;    /* when progress was, last */
};

static void send_failure(int connection, const struct failure *why, bool wait)
{
    struct message message;
    message_init(&message, MESSAGE_FAILED);
    message.exit_status = why->exit_status;
    message.error = why->error;
    message_send(connection, &message, message_add(&message, 0, why->sentence), NULL, wait);
}

void serve_refusal(int connection, const struct failure *why)
{
    send_failure(connection, why, false);
}

static void tell_finding(void *context, const struct finding *finding)
{
    struct service *service = context;
    struct message message;
    message_init(&message, MESSAGE_FINDING);
    size_t length = message_add(&message, 0, finding->subject);
    length = message_add(&message, length, finding->sentence);
    length = message_add(&message, length, finding->way_out);
    message_send(service->connection, &message, length, NULL, true);
}

static void tell_progress(void *context, const char *doing, uint64_t done, uint64_t total)
{
    struct service *service = context;
    struct message message;
    struct timespec now;
    clock_gettime(CLOCK_MONOTONIC, &now);
    if (doing == NULL || now.tv_sec == service->told.tv_sec)
        return;
    service->told = now;
    message_init(&message, MESSAGE_PROGRESS);
    message.done = done;
    message.total = total;
    message_send(service->connection, &message, message_add(&message, 0, doing), NULL, false);
}

/* While it runs: it may be another program a moment later. */
static bool is_own(const struct service *service, struct failure *why)
{
    int directory;
    if (!proc_open(service->target.pid, &directory, why))
        return false;
    bool own = target_is_own(&service->target, directory, NULL, 0, why);
    close(directory);
    return own;
}

static bool begin(void *context, struct failure *why)
{
    return privilege_trace(false, why) && is_own(context, why) && privilege_trace(true, why);
}

static bool allows(void *context, int directory, const struct tracee *tracee, pid_t snapshot, struct failure *why)
{
    const struct service *service = context;
    return privilege_trace(false, why) && target_is_own(&service->target, directory, tracee, snapshot, why) && privilege_trace(true, why);
}

static bool stored(void *context, struct failure *why)
{
    struct service *service = context;
    struct message message;
    message_init(&message, MESSAGE_STORED);
    if (!message_send(service->connection, &message, 0, NULL, true))
        return failure_errno(why, "saying that the image is there: the program runs on");
    if (!message_receive(service->connection, &message, NULL, SERVE_PATIENCE_S, why))
        return failure_prepend(why, "waiting for the image's final name: the program runs on");
    return message.kind == MESSAGE_END || failure_set(why, "an unexpected message: the program runs on");
}

static bool invalid(int error, const char *sentence, struct failure *why)
{
    failure_set(why, "%s", sentence);
    why->error = error;
    return false;
}

/* Files that are words to the kernel, who may listen to a privileged process otherwise than to the one that opened them. */
static bool is_kernels(int fd)
{
    static const long made_up[] = {PROC_SUPER_MAGIC, SYSFS_MAGIC, CGROUP_SUPER_MAGIC, CGROUP2_SUPER_MAGIC, DEBUGFS_MAGIC, TRACEFS_MAGIC, SECURITYFS_MAGIC, SELINUX_MAGIC,
                                   SMACK_MAGIC, BPF_FS_MAGIC, NSFS_MAGIC, EFIVARFS_MAGIC, PSTOREFS_MAGIC, BINFMTFS_MAGIC, 0x62656570 /* configfs */};
    struct statfs fs;
    if (fstatfs(fd, &fs) != 0)
        return true;
    for (size_t i = 0; i < sizeof(made_up) / sizeof(made_up[0]); i++)
        if ((long)fs.f_type == made_up[i])
            return true;
    return false;
}

static bool check_request(struct service *service, struct failure *why)
{
    const struct message *asked = &service->asked;
    if (asked->kind != MESSAGE_FREEZE || asked->mode >= MODES || asked->level > LEVEL_MAX || (asked->flags & ~(uint32_t)MESSAGE_EXITS) != 0 || asked->tid < 0 ||
        asked->text[0] != '\0')
        return invalid(EINVAL, "a request that there is not", why);
    if (is_kernels(service->fds[1]))
        return invalid(EBADF, "the descriptor for the image: it must be a regular file, a pipe or a socket, and open for writing", why);
    return target_find(&service->target, service->fds[0], why);
}

/* What needs root's eyes, and root's policy. */
static bool admit(struct service *service, struct failure *why)
{
    struct policy policy;
    if (!peer_look(service->connection, &service->peer, why))
        return false;
    if (!policy_load(&policy, policy_path(), why)) {
        why->error = EPERM;
        return false;
    }
    if (!policy_allows(&policy, service->peer.user, service->peer.groups, service->peer.group_count))
        return policy_refuse(&policy, service->peer.user, why);
    return peer_is_free(&service->peer, why);
}

static bool freeze(struct service *service, struct failure *why)
{
    char written[FREEZE_NAME_MAX];
    const struct message *asked = &service->asked;
    const struct freeze_guard guard = {.asker = service->peer.pid, .begin = begin, .allows = allows, .stored = stored, .context = service};
    const struct progress progress = {.tell = tell_progress, .context = service};
    const struct freeze_request request = {
        .pid = service->target.pid,
        .descriptor = &service->fds[1],
        .caller = {.tid = asked->tid, .resumed_word = asked->resumed_word},
        .options = {.exit = (asked->flags & MESSAGE_EXITS) != 0, .mode = (int)asked->mode, .level = asked->level},
        .guard = &guard,
        .progress = &progress,
        .refused = tell_finding,
        .context = service,
    };
    return freeze_program(&request, written, why);
}

/* Of what the program has become meanwhile, should it be none of the asker's any more, they learn no more than that. */
static bool freeze_own(struct service *service, struct failure *why)
{
    struct failure other;
    if (!is_own(service, why))
        return false;
    if (freeze(service, why))
        return true;
    if (!privilege_trace(false, &other) || !is_own(service, &other))
        *why = other;
    return false;
}

static bool do_request(struct service *service, struct failure *why)
{
    const struct peer *peer = &service->peer;
    bool admitted = admit(service, why);
    struct failure unread;
    bool read = message_receive(service->connection, &service->asked, service->fds, SERVE_PATIENCE_S, admitted ? why : &unread);
    if (!admitted || !read)
        return false;
    if (!privilege_drop(peer->user, peer->groups, peer->group_count, peer_file_limit(peer), why))
        return false;
    return check_request(service, why) && freeze_own(service, why);
}

/* To the journal: who had what done. */
static void log_request(const struct service *service, const struct failure *why)
{
    char subject[96];
    snprintf(subject, sizeof(subject), "user %u, process %d", service->peer.user, service->peer.pid);
    if (why == NULL)
        cli_complain("checkptd", subject, "process %d frozen", service->target.pid);
    else
        cli_complain("checkptd", subject, "%s", why->sentence[0] != '\0' ? why->sentence : "refused: something of the program cannot be saved");
}

int serve_connection(int connection)
{
    struct service service = {.connection = connection, .fds = {-1, -1}, .peer = {.pidfd = -1, .directory = -1}};
    struct failure why = {.exit_status = 1};
    struct message message;
    bool done = do_request(&service, &why);
    log_request(&service, done ? NULL : &why);
    message_init(&message, MESSAGE_DONE);
    if (done)
        message_send(connection, &message, 0, NULL, true);
    else
        send_failure(connection, &why, true);
    peer_deinit(&service.peer);
    return done ? 0 : 1;
}

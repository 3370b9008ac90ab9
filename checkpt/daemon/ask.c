#include "checkpt/daemon/ask.h"

#include <errno.h>
#include <poll.h>
#include <signal.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/signalfd.h>
#include <sys/socket.h>
#include <sys/syscall.h>
#include <sys/un.h>
#include <unistd.h>

#include "checkpt/daemon/message.h"
#include "checkpt/freeze/interrupt.h"
#include "checkpt/freeze/output.h"

struct asking {
    const struct freeze_request *request;
    int connection, pidfd;
    struct output output;    /* of a file that we make; else closed */
    char path[FREEZE_NAME_MAX];
};

static const char *path_of_socket(void)
{
    const char *other = secure_getenv("CHECKPTD_SOCKET");
    return other != NULL ? other : MESSAGE_SOCKET;
}

/* Whoever else answers there shall not be given our descriptors. */
static bool is_roots(int connection)
{
    struct ucred server;
    socklen_t size = sizeof(server);
    return getsockopt(connection, SOL_SOCKET, SO_PEERCRED, &server, &size) == 0 && server.uid == 0;
}

static int connect_to_it(void)
{
    struct sockaddr_un address = {.sun_family = AF_UNIX};
    const char *path = path_of_socket();
    if (strlen(path) >= sizeof(address.sun_path))
        return -1;
    strcpy(address.sun_path, path);
    int connection = socket(AF_UNIX, SOCK_SEQPACKET | SOCK_CLOEXEC, 0);
    if (connection >= 0 && connect(connection, (struct sockaddr *)&address, sizeof(address)) == 0 && is_roots(connection))
        return connection;
    if (connection >= 0)
        close(connection);
    return -1;
}

static bool open_file(struct asking *asking, struct failure *why)
{
    struct proc_stat stat;
    int directory;
    if (asking->request->output != NULL) {
        if ((size_t)snprintf(asking->path, sizeof(asking->path), "%s", asking->request->output) >= sizeof(asking->path))
            return failure_set(why, "the output's name is too long");
        return output_open(&asking->output, asking->path, why);
    }
    if (!proc_open(asking->request->pid, &directory, why))
        return false;
    bool known = proc_stat(directory, "stat", &stat, why);
    close(directory);
    if (known)
        freeze_default_name(asking->path, stat.comm);
    return known && output_open(&asking->output, asking->path, why);
}

static bool send_request(const struct asking *asking, struct failure *why)
{
    const struct freeze_request *request = asking->request;
    const int fds[MESSAGE_FDS] = {asking->pidfd, request->descriptor != NULL ? *request->descriptor : asking->output.fd};
    struct message message;
    message_init(&message, MESSAGE_FREEZE);
    message.flags = request->options.exit ? MESSAGE_EXITS : 0;
    message.mode = (uint32_t)request->options.mode;
    message.level = request->options.level;
    message.tid = request->caller.tid;
    message.resumed_word = request->caller.resumed_word;
    /* EPIPE: it has answered already. */
    return message_send(asking->connection, &message, 0, fds, true) || errno == EPIPE || failure_errno(why, "asking checkptd");
}

/* For its next message, or a signal that asks us to end: it ends with us. */
static bool wait_for_it(const struct asking *asking, int signals, struct failure *why)
{
    struct pollfd polled[] = {{.fd = asking->connection, .events = POLLIN}, {.fd = signals, .events = POLLIN}};
    while (poll(polled, sizeof(polled) / sizeof(polled[0]), -1) < 0 && errno == EINTR)
        continue;
    return polled[0].revents != 0 || interrupt_none(why);
}

static void hear_finding(const struct freeze_request *request, const struct message *message)
{
    const char *at = message->text;
    struct finding finding = {.verdict = VERDICT_REFUSED};
    finding.subject = message_next(message, &at);
    finding.sentence = message_next(message, &at);
    const char *way_out = message_next(message, &at);
    finding.way_out = way_out[0] != '\0' ? way_out : NULL;
    if (request->refused != NULL)
        request->refused(request->context, &finding);
}

/* The program has not gone on since, and ends when the file has its name. */
static bool hear_stored(struct asking *asking, struct failure *why)
{
    struct message end;
    message_init(&end, MESSAGE_END);
    if (asking->output.fd >= 0 && !output_commit(&asking->output, asking->path, why))
        return false;
    return message_send(asking->connection, &end, 0, NULL, true) || failure_errno(why, "telling checkptd that the image is there");
}

static bool hear_failed(const struct message *message, struct failure *why)
{
    const char *at = message->text;
    failure_set(why, "%s", message_next(message, &at));
    why->error = message->error;
    why->exit_status = message->exit_status == 2 ? 2 : 1;
    return false;
}

static bool hear_done(struct asking *asking, struct failure *why)
{
    return asking->output.fd < 0 || asking->output.temporary[0] == '\0' || output_commit(&asking->output, asking->path, why);
}

/* Up to the last message. */
static bool listen_to_it(struct asking *asking, int signals, struct failure *why)
{
    const struct freeze_request *request = asking->request;
    struct message message;
    for (;;) {
        const char *at = message.text;
        if (!wait_for_it(asking, signals, why))
            return false;
        if (!message_receive(asking->connection, &message, NULL, 1, why))
            return failure_prepend(why, "checkptd");
        switch ((enum message_kind)message.kind) {
        case MESSAGE_FINDING: hear_finding(request, &message); break;
        case MESSAGE_PROGRESS: progress_tell(request->progress, message_next(&message, &at), message.done, message.total); break;
        case MESSAGE_STORED:
            if (!request->options.exit || !hear_stored(asking, why))
                return false;
            break;
        case MESSAGE_DONE: return hear_done(asking, why);
        case MESSAGE_FAILED: return hear_failed(&message, why);
        default: return failure_set(why, "checkptd: an unexpected message");
        }
    }
}

static bool ask(struct asking *asking, struct failure *why)
{
    sigset_t old, heard;
    sigemptyset(&heard);
    sigaddset(&heard, SIGINT);
    sigaddset(&heard, SIGTERM);
    sigaddset(&heard, SIGHUP);
    interrupt_begin(&old);
    int signals = signalfd(-1, &heard, SFD_CLOEXEC);
    bool done = (asking->request->descriptor != NULL || open_file(asking, why)) && send_request(asking, why) && listen_to_it(asking, signals, why);
    output_abandon(&asking->output);
    if (signals >= 0)
        close(signals);
    interrupt_end(&old);
    return done;
}

/* Images with parents are made of files that it would have to find by their names. */
static bool may_ask(const struct freeze_request *request, struct failure *why)
{
    char own[sizeof(why->sentence)];
    if (why->error != EPERM || request->options.memory_only)
        return false;
    if (request->options.parent == NULL)
        return true;
    memcpy(own, why->sentence, sizeof(own));
    failure_set(why, "%s; checkptd takes no --parent", own);
    why->error = EPERM;
    return false;
}

bool ask_freeze(const struct freeze_request *request, char *written, struct failure *why)
{
    struct asking asking = {.request = request, .output = OUTPUT_CLOSED};
    if (freeze_program(request, written, why))
        return true;
    if (!may_ask(request, why) || (asking.connection = connect_to_it()) < 0)
        return false;
    asking.pidfd = (int)syscall(SYS_pidfd_open, request->pid, 0);
    bool done = asking.pidfd >= 0 ? ask(&asking, why) : failure_errno(why, "process %d", request->pid);
    if (done)
        snprintf(written, FREEZE_NAME_MAX, "%s", asking.path);
    if (asking.pidfd >= 0)
        close(asking.pidfd);
    close(asking.connection);
    return done;
}

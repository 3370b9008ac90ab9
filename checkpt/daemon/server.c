#include "checkpt/daemon/server.h"

#include <errno.h>
#include <poll.h>
#include <signal.h>
#include <string.h>
#include <sys/signalfd.h>
#include <sys/socket.h>
#include <sys/wait.h>
#include <time.h>
#include <unistd.h>

#include "checkpt/daemon/serve.h"
#include "cli/complain.h"

enum {
    WORKERS = 64,
    WORKERS_OF_USER = 8,
    GRACE_MS = 3000,       /* for a worker that has been asked to end: nothing that it holds is lost by SIGKILL, but what it wrote is left there */
};
enum { LISTENER, SIGNALS, FIRST_WORKER };

struct worker {
    pid_t pid;             /* 0: none */
    uid_t user;
    int connection;        /* -1: told to end */
    int64_t deadline;      /* milliseconds; then it is told to end, or killed */
};

struct server {
    const struct server_options *options;
    int listener, signals;
    sigset_t mask;         /* of whoever called */
    struct worker workers[WORKERS];
    size_t count;
    int64_t idle_since;
    bool ends;
};

static int64_t milliseconds(void)
{
    struct timespec now;
    clock_gettime(CLOCK_MONOTONIC, &now);
    return (int64_t)now.tv_sec * 1000 + now.tv_nsec / 1000000;
}

static size_t count_of(const struct server *server, uid_t user)
{
    size_t count = 0;
    for (size_t i = 0; i < WORKERS; i++)
        count += server->workers[i].pid != 0 && server->workers[i].user == user;
    return count;
}

static struct worker *free_place(struct server *server)
{
    for (size_t i = 0; i < WORKERS; i++)
        if (server->workers[i].pid == 0)
            return &server->workers[i];
    return NULL;
}

/* Nothing of the server's own is left in it. */
static _Noreturn void work(const struct server *server, int connection)
{
    for (size_t i = 0; i < WORKERS; i++)
        if (server->workers[i].pid != 0 && server->workers[i].connection >= 0)
            close(server->workers[i].connection);
    close(server->listener);
    close(server->signals);
    signal(SIGPIPE, SIG_IGN);
    sigprocmask(SIG_SETMASK, &server->mask, NULL);
    _exit(serve_connection(connection));
}

static bool refuse(int connection, const char *sentence)
{
    struct failure why;
    failure_set(&why, "%s", sentence);
    why.error = EAGAIN;
    serve_refusal(connection, &why);
    return false;
}

/* True where the connection is a worker's now. */
static bool start(struct server *server, int connection)
{
    struct ucred credentials;
    socklen_t size = sizeof(credentials);
    struct worker *place = free_place(server);
    if (getsockopt(connection, SOL_SOCKET, SO_PEERCRED, &credentials, &size) != 0)
        return false;
    if (place == NULL || count_of(server, credentials.uid) >= WORKERS_OF_USER)
        return refuse(connection, place == NULL ? "checkptd is busy with others' requests: try again" : "checkptd is busy with requests of yours: try again");
    pid_t pid = fork();
    if (pid == 0)
        work(server, connection);
    if (pid < 0)
        return refuse(connection, "checkptd cannot start another process: try again");
    *place = (struct worker){.pid = pid, .user = credentials.uid, .connection = connection, .deadline = milliseconds() + server->options->timeout_s * 1000ll};
    server->count++;
    return true;
}

static void take_connections(struct server *server)
{
    int connection;
    while ((connection = accept4(server->listener, NULL, NULL, SOCK_CLOEXEC)) >= 0)
        if (!start(server, connection))
            close(connection);
}

static void reap(struct server *server)
{
    pid_t pid;
    int status;
    while ((pid = waitpid(-1, &status, WNOHANG)) > 0)
        for (size_t i = 0; i < WORKERS; i++) {
            struct worker *worker = &server->workers[i];
            if (worker->pid != pid)
                continue;
            if (worker->connection >= 0)
                close(worker->connection);
            *worker = (struct worker){.connection = -1};
            server->count--;
            server->idle_since = milliseconds();
        }
}

static void take_signals(struct server *server)
{
    struct signalfd_siginfo info;
    while (read(server->signals, &info, sizeof(info)) == (ssize_t)sizeof(info))
        server->ends = server->ends || info.ssi_signo != SIGCHLD;
    reap(server);
}

/* First by SIGTERM, which a freeze heeds where it may: the program goes on as it was. */
static void stop(struct worker *worker)
{
    bool told = worker->connection < 0;
    kill(worker->pid, told ? SIGKILL : SIGTERM);
    if (!told)
        close(worker->connection);
    worker->connection = -1;
    worker->deadline = milliseconds() + GRACE_MS;
}

/* To the next deadline. */
static int patience(const struct server *server)
{
    int64_t now = milliseconds(), next = INT64_MAX;
    for (size_t i = 0; i < WORKERS; i++)
        if (server->workers[i].pid != 0 && server->workers[i].deadline < next)
            next = server->workers[i].deadline;
    if (server->count == 0 && server->options->idle_s > 0)
        next = server->idle_since + server->options->idle_s * 1000ll;
    return next == INT64_MAX ? -1 : next <= now ? 0 : (int)(next - now < 3600000 ? next - now : 3600000);
}

static void look_at_workers(struct server *server, const struct pollfd *polled)
{
    int64_t now = milliseconds();
    for (size_t i = 0; i < WORKERS; i++) {
        struct worker *worker = &server->workers[i];
        bool gone = worker->connection >= 0 && worker->connection == polled[i].fd && (polled[i].revents & (POLLHUP | POLLERR)) != 0;
        if (worker->pid != 0 && (gone || worker->deadline <= now))
            stop(worker);
    }
}

static void turn(struct server *server)
{
    struct pollfd polled[FIRST_WORKER + WORKERS] = {
        [LISTENER] = {.fd = server->listener, .events = POLLIN},
        [SIGNALS] = {.fd = server->signals, .events = POLLIN},
    };
    for (size_t i = 0; i < WORKERS; i++)
        polled[FIRST_WORKER + i] = (struct pollfd){.fd = server->workers[i].pid != 0 ? server->workers[i].connection : -1};
    if (poll(polled, FIRST_WORKER + WORKERS, patience(server)) < 0)
        return;
    take_signals(server);
    look_at_workers(server, polled + FIRST_WORKER);
    if ((polled[LISTENER].revents & POLLIN) != 0)
        take_connections(server);
}

static bool is_idle(const struct server *server)
{
    return server->options->idle_s > 0 && server->count == 0 && milliseconds() >= server->idle_since + server->options->idle_s * 1000ll;
}

static void end_workers(struct server *server)
{
    for (size_t i = 0; i < WORKERS; i++)
        if (server->workers[i].pid != 0 && server->workers[i].connection >= 0)
            stop(&server->workers[i]);
    while (server->count > 0) {
        struct pollfd signals = {.fd = server->signals, .events = POLLIN};
        poll(&signals, 1, patience(server));
        take_signals(server);
        look_at_workers(server, (const struct pollfd[WORKERS]){{.fd = -1}});
    }
}

bool server_run(int listener, const struct server_options *options, struct failure *why)
{
    struct server server = {.options = options, .listener = listener, .idle_since = milliseconds()};
    sigset_t heard;
    sigemptyset(&heard);
    sigaddset(&heard, SIGCHLD);
    sigaddset(&heard, SIGTERM);
    sigaddset(&heard, SIGINT);
    sigprocmask(SIG_BLOCK, &heard, &server.mask);
    for (size_t i = 0; i < WORKERS; i++)
        server.workers[i].connection = -1;
    server.signals = signalfd(-1, &heard, SFD_CLOEXEC | SFD_NONBLOCK);
    if (server.signals < 0)
        return failure_errno(why, "signalfd");
    while (!server.ends && !is_idle(&server))
        turn(&server);
    end_workers(&server);
    close(server.signals);
    sigprocmask(SIG_SETMASK, &server.mask, NULL);
    return true;
}

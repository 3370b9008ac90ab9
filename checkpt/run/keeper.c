#include "checkpt/run/keeper.h"

#include <errno.h>
#include <poll.h>
#include <stdio.h>
#include <string.h>
#include <sys/ioctl.h>
#include <sys/signalfd.h>
#include <sys/socket.h>
#include <sys/wait.h>
#include <unistd.h>

#include "checkpt/run/control.h"

enum { NOT_FOUND = 127, NOT_EXECUTABLE = 126, DRAIN_SIZE = 4096 };
enum { WATCH_SIGNALS, WATCH_CONTROL, WATCH_SERVICE, WATCH_MASTER, WATCH_COUNT };

struct keeper {
    const struct keeper_start *start;
    const struct run_service *service;
    struct run_voice voice;
    pid_t program;
    bool ended, alone;       /* alone: the front is gone */
    struct pollfd watched[WATCH_COUNT];
};

static _Noreturn void fail(const char *what, const char *why, int status)
{
    fprintf(stderr, "checkpt: %s: %s\n", what, why);
    _exit(status);
}

/* Of the program's descriptors only those that are the user's terminal become the pseudo-terminal. */
static void put_on_terminal(const struct terminal *terminal)
{
    for (int fd = STDIN_FILENO; fd <= STDERR_FILENO; fd++)
        if (isatty(fd))
            dup2(terminal->slave, fd);
}

static _Noreturn void become_program(const struct keeper_start *start, int channel)
{
    const struct run_request *request = start->request;
    struct failure why;
    sigset_t signals = *start->signals;
    if (start->terminal != NULL) {
        setpgid(0, 0);
        tcsetpgrp(start->terminal->slave, getpid());
        put_on_terminal(start->terminal);
    }
    if (request->service != NULL && !request->service->enter(request->service->context, channel, &signals, &why))
        fail(request->command[0], why.sentence, NOT_EXECUTABLE);
    sigprocmask(SIG_SETMASK, &signals, NULL);
    execvp(request->command[0], request->command);
    fail(request->command[0], strerror(errno), errno == ENOENT ? NOT_FOUND : NOT_EXECUTABLE);
}

static void start_program(struct keeper *keeper)
{
    const struct keeper_start *start = keeper->start;
    int channel[2];
    if (socketpair(AF_UNIX, SOCK_SEQPACKET | SOCK_CLOEXEC, 0, channel) != 0)
        fail("run", strerror(errno), NOT_EXECUTABLE);
    keeper->program = fork();
    if (keeper->program < 0)
        fail("run", strerror(errno), NOT_EXECUTABLE);
    if (keeper->program == 0)
        become_program(start, channel[1]);
    close(channel[1]);
    keeper->watched[WATCH_SERVICE].fd = keeper->service != NULL ? keeper->service->take(keeper->service->context, channel[0], &keeper->voice) : -1;
    close(channel[0]);
}

/* ^Z reaches a program only in a session that somebody keeps: its process group would be an orphan otherwise. */
static void begin_session(const struct terminal *terminal)
{
    setsid();
    ioctl(terminal->slave, TIOCSCTTY, 0);
}

/* Only children of this thread: others of the process look after their own, and trace. */
static void note_children(struct keeper *keeper)
{
    int status;
    pid_t child;
    while ((child = waitpid(-1, &status, WNOHANG | WUNTRACED | __WNOTHREAD)) > 0) {
        if (child != keeper->program)
            continue;
        if (WIFSTOPPED(status)) {
            control_send(keeper->start->control, CONTROL_STOPPED, WSTOPSIG(status), "");
            continue;
        }
        keeper->ended = true;
        control_send(keeper->start->control, CONTROL_ENDED, status, "");
    }
}

static void take_signals(struct keeper *keeper)
{
    struct signalfd_siginfo info;
    while (read(keeper->watched[WATCH_SIGNALS].fd, &info, sizeof(info)) == (ssize_t)sizeof(info))
        ;
    note_children(keeper);
}

static pid_t foreground(const struct keeper *keeper)
{
    pid_t group = keeper->start->terminal != NULL ? tcgetpgrp(keeper->start->terminal->master) : -1;
    return group > 0 ? group : keeper->program;
}

static void obey(struct keeper *keeper, const struct control *message)
{
    const struct terminal *terminal = keeper->start->terminal;
    if (message->kind == CONTROL_CHECKPOINT && keeper->service != NULL)
        keeper->service->typed(keeper->service->context, foreground(keeper));
    if (keeper->ended)
        return;
    if (message->kind == CONTROL_CONTINUE)
        kill(terminal != NULL ? -keeper->program : keeper->program, SIGCONT);
    if (message->kind == CONTROL_SIGNAL)
        kill(keeper->program, message->value);
}

static void listen_to_front(struct keeper *keeper)
{
    struct control message;
    int got;
    while ((got = control_receive(keeper->start->control, &message)) > 0)
        obey(keeper, &message);
    if (got == 0)
        return;
    keeper->alone = true;
    keeper->watched[WATCH_CONTROL].fd = -1;
    if (keeper->start->terminal != NULL)
        keeper->watched[WATCH_MASTER].fd = keeper->start->terminal->master;
}

/* Like a job in the background: it writes to the terminal that it came from as long as there is one. */
static void drain(struct keeper *keeper)
{
    char bytes[DRAIN_SIZE];
    ssize_t got = read(keeper->watched[WATCH_MASTER].fd, bytes, sizeof(bytes));
    if (got > 0)
        (void)!write(keeper->start->terminal->user, bytes, (size_t)got);
    else if (got == 0 || errno != EAGAIN)
        keeper->watched[WATCH_MASTER].fd = -1;
}

/* Whoever else came from the program may still need the terminal or the listener. Once only they have the terminal open, reading tells when
 * they close it. */
static bool is_needed(const struct keeper *keeper)
{
    struct terminal *terminal = keeper->start->terminal;
    if (!keeper->ended || !keeper->alone)
        return true;
    if (terminal != NULL && terminal->slave >= 0) {
        close(terminal->slave);
        terminal->slave = -1;
    }
    return keeper->watched[WATCH_MASTER].fd >= 0 || keeper->watched[WATCH_SERVICE].fd >= 0;
}

static void look_around(struct keeper *keeper)
{
    struct pollfd *watched = keeper->watched;
    if (poll(watched, WATCH_COUNT, -1) < 0)
        return;
    if (watched[WATCH_SERVICE].revents & POLLIN)
        keeper->service->ready(keeper->service->context);
    else if (watched[WATCH_SERVICE].revents != 0)
        watched[WATCH_SERVICE].fd = -1; /* nobody is left who could call */
    if (watched[WATCH_SIGNALS].revents != 0)
        take_signals(keeper);
    if (watched[WATCH_CONTROL].revents != 0)
        listen_to_front(keeper);
    if (watched[WATCH_MASTER].revents != 0)
        drain(keeper);
}

void keeper_run(const struct keeper_start *start)
{
    struct keeper keeper = {.start = start, .service = start->request->service, .voice = {start->control}};
    sigset_t set;
    for (size_t i = 0; i < WATCH_COUNT; i++)
        keeper.watched[i] = (struct pollfd){.fd = -1, .events = POLLIN};
    sigemptyset(&set);
    sigaddset(&set, SIGCHLD);
    keeper.watched[WATCH_SIGNALS].fd = signalfd(-1, &set, SFD_CLOEXEC | SFD_NONBLOCK);
    keeper.watched[WATCH_CONTROL].fd = start->control;
    if (start->terminal != NULL)
        begin_session(start->terminal);
    start_program(&keeper);
    while (is_needed(&keeper))
        look_around(&keeper);
    _exit(0);
}

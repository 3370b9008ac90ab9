#include "checkpt/run/front.h"

#include <errno.h>
#include <poll.h>
#include <stdio.h>
#include <string.h>
#include <sys/signalfd.h>
#include <sys/wait.h>
#include <unistd.h>

#include "checkpt/outcome.h"
#include "checkpt/run/control.h"

enum { WATCH_SIGNALS, WATCH_CONTROL, WATCH_USER, WATCH_MASTER, WATCH_COUNT };
enum { ROOM = 65536, KEEPER_IS_GONE = 1 };

struct front {
    const struct front_start *start;
    struct terminal *terminal;
    struct terminal_quote quote;
    unsigned char typed[ROOM];    /* what the program's terminal has no room for yet */
    size_t typed_start, typed_end;
    bool at_end;                  /* the user's terminal is gone */
    struct pollfd watched[WATCH_COUNT];
};

static void write_all(int fd, const unsigned char *bytes, size_t count)
{
    while (count > 0) {
        ssize_t done = write(fd, bytes, count);
        if (done < 0 && errno == EINTR)
            continue;
        if (done <= 0)
            return;
        bytes += done;
        count -= (size_t)done;
    }
}

/* False where there is nothing (more) to carry. */
static bool carry_output(struct front *front)
{
    unsigned char bytes[ROOM];
    ssize_t got = read(front->terminal->master, bytes, sizeof(bytes));
    if (got > 0)
        write_all(front->terminal->user, bytes, (size_t)got);
    else if (got == 0 || errno != EAGAIN)
        front->watched[WATCH_MASTER].fd = -1;
    return got > 0;
}

static void pass_typed(struct front *front)
{
    while (front->typed_start < front->typed_end) {
        ssize_t done = write(front->terminal->master, front->typed + front->typed_start, front->typed_end - front->typed_start);
        if (done <= 0)
            return;
        front->typed_start += (size_t)done;
    }
    front->typed_start = front->typed_end = 0;
}

static void carry_input(struct front *front)
{
    unsigned char bytes[ROOM / 2];
    size_t room = sizeof(front->typed) - front->typed_end;
    ssize_t got = read(front->terminal->user, bytes, room < sizeof(bytes) ? room : sizeof(bytes));
    if (got < 0 && errno == EIO && tcgetpgrp(front->terminal->user) != getpgrp())
        front->terminal->raw = false; /* somebody else is in the foreground now */
    else if (got == 0 || (got < 0 && errno != EAGAIN && errno != EINTR))
        front->at_end = true;
    for (size_t at = 0; got > 0 && at < (size_t)got;) {
        size_t length = terminal_find(front->terminal, &front->quote, front->start->character, bytes + at, (size_t)got - at);
        memcpy(front->typed + front->typed_end, bytes + at, length);
        front->typed_end += length;
        at += length;
        if (at < (size_t)got) {
            control_send(front->start->control, CONTROL_CHECKPOINT, 0, "");
            at++;
        }
    }
    pass_typed(front);
}

static void say(struct front *front, const char *text)
{
    char line[600];
    bool on_terminal = front->terminal != NULL && isatty(STDERR_FILENO);
    snprintf(line, sizeof(line), "%scheckpt: %s%s\n", on_terminal ? "\r" : "", text, on_terminal ? "\r" : "");
    write_all(on_terminal ? front->terminal->user : STDERR_FILENO, (const unsigned char *)line, strlen(line));
}

/* The whole job stops, as ^Z would have stopped it: also those at the other ends of its pipes. */
static void stop_job(struct front *front, int signal_number)
{
    sigset_t set;
    if (front->terminal == NULL)
        return; /* what stopped the program was sent to this process too */
    while (carry_output(front))
        ;
    terminal_give_back(front->terminal);
    if (signal_number == SIGSTOP) {
        raise(SIGSTOP);
        return;
    }
    kill(0, signal_number);
    sigemptyset(&set);
    sigaddset(&set, signal_number);
    sigprocmask(SIG_UNBLOCK, &set, NULL);
    sigprocmask(SIG_BLOCK, &set, NULL);
}

static void go_on(struct front *front)
{
    if (front->terminal != NULL)
        terminal_take(front->terminal);
    control_send(front->start->control, CONTROL_CONTINUE, 0, "");
}

static _Noreturn void end(struct front *front, int status)
{
    if (front->terminal != NULL) {
        while (carry_output(front))
            ;
        terminal_give_back(front->terminal);
    }
    outcome_end_as(status);
}

static void listen_to_keeper(struct front *front)
{
    struct control message;
    int got;
    while ((got = control_receive(front->start->control, &message)) > 0) {
        if (message.kind == CONTROL_SAY)
            say(front, message.text);
        else if (message.kind == CONTROL_STOPPED)
            stop_job(front, message.value);
        else if (message.kind == CONTROL_ENDED)
            end(front, message.value);
    }
    if (got < 0)
        end(front, KEEPER_IS_GONE << 8);
}

static void take_signal(struct front *front, const struct signalfd_siginfo *info)
{
    int number = (int)info->ssi_signo;
    if (number == SIGCHLD)
        return; /* the keeper's end shows on the control socket */
    if (number == SIGWINCH && front->terminal != NULL)
        terminal_copy_size(front->terminal);
    else if (number == SIGCONT)
        go_on(front);
    else if (info->ssi_code != SI_KERNEL || (front->terminal != NULL && number == SIGHUP)) /* what the kernel sends reaches the whole job */
        control_send(front->start->control, CONTROL_SIGNAL, number, "");
}

static void take_signals(struct front *front)
{
    struct signalfd_siginfo info;
    while (read(front->watched[WATCH_SIGNALS].fd, &info, sizeof(info)) == (ssize_t)sizeof(info))
        take_signal(front, &info);
}

/* What there is to wait for changes with the foreground, and with what is left to pass on. */
static void choose_watched(struct front *front)
{
    if (front->terminal == NULL)
        return;
    bool reads = front->terminal->raw && !front->at_end && front->typed_end < sizeof(front->typed) / 2;
    front->watched[WATCH_USER].fd = reads ? front->terminal->user : -1;
    front->watched[WATCH_MASTER].events = (short)(POLLIN | (front->typed_end > front->typed_start ? POLLOUT : 0));
}

static void look_around(struct front *front)
{
    const struct pollfd *watched = front->watched;
    choose_watched(front);
    if (poll(front->watched, WATCH_COUNT, -1) < 0)
        return;
    if (watched[WATCH_MASTER].revents & POLLOUT)
        pass_typed(front);
    if (watched[WATCH_MASTER].revents & (POLLIN | POLLHUP))
        carry_output(front);
    if (watched[WATCH_USER].revents != 0)
        carry_input(front);
    if (watched[WATCH_SIGNALS].revents != 0)
        take_signals(front);
    if (watched[WATCH_CONTROL].revents != 0)
        listen_to_keeper(front);
}

/* Without a terminal of ours the job's stop signals work by themselves. */
static void leave_stop_signals(void)
{
    static const int stops[] = {SIGTSTP, SIGTTIN, SIGTTOU};
    sigset_t set;
    sigemptyset(&set);
    for (size_t i = 0; i < sizeof(stops) / sizeof(stops[0]); i++)
        sigaddset(&set, stops[i]);
    sigprocmask(SIG_UNBLOCK, &set, NULL);
}

void front_run(const struct front_start *start)
{
    static const int faults[] = {SIGSEGV, SIGBUS, SIGILL, SIGFPE, SIGTTIN, SIGTTOU};
    struct front front = {.start = start, .terminal = start->terminal};
    sigset_t set;
    for (size_t i = 0; i < WATCH_COUNT; i++)
        front.watched[i] = (struct pollfd){.fd = -1, .events = POLLIN};
    sigfillset(&set);
    for (size_t i = 0; i < sizeof(faults) / sizeof(faults[0]); i++)
        sigdelset(&set, faults[i]);
    if (start->terminal == NULL) {
        sigdelset(&set, SIGTSTP);
        leave_stop_signals();
    } else {
        front.watched[WATCH_MASTER].fd = start->terminal->master;
        terminal_take(start->terminal);
    }
    front.watched[WATCH_SIGNALS].fd = signalfd(-1, &set, SFD_CLOEXEC | SFD_NONBLOCK);
    front.watched[WATCH_CONTROL].fd = start->control;
    for (;;)
        look_around(&front);
}

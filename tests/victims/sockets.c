/* Sockets of the program's own: pairs of every type, what is unread in them with its boundaries, ends that are shut down or closed, options, and sockets that listen. */
#include <errno.h>
#include <fcntl.h>
#include <poll.h>
#include <signal.h>
#include <stdlib.h>
#include <string.h>
#include <sys/ioctl.h>
#include <sys/socket.h>
#include <unistd.h>

#include "tests/victims/sockets.h"

enum { PAIRS = 3, LARGE = 150000, MESSAGES = 5, HIGH = 200 };
static const int types[PAIRS] = {SOCK_STREAM, SOCK_DGRAM, SOCK_SEQPACKET};
static size_t lengths[MESSAGES] = {1, 2, 9000, 3, 40000};

struct sockets {
    int pairs[PAIRS][2];
    int large[2];           /* much is unread in both */
    int halves[2];          /* the first sends no more */
    int survivor;           /* its other end is closed, something of it is unread */
    int reset;              /* its other end was closed with something unread */
    int late[2];            /* datagrams of an end that is closed */
    int optioned[2];
    struct sockets_listening listening;
    struct sockets_datagrams datagrams;
};

static void fill(char *data, size_t length, unsigned seed)
{
    for (size_t i = 0; i < length; i++)
        data[i] = (char)(i * 7 + i / 251 + seed);
}

static void send_one(int fd, size_t length, unsigned seed, const char *what)
{
    char *data = malloc(length + 1);
    fill(data, length, seed);
    demand(send(fd, data, length, MSG_DONTWAIT) == (ssize_t)length, "%s: sending %zu bytes: %s", what, length, strerror(errno));
    free(data);
}

static void receive_one(int fd, size_t length, unsigned seed, int flags, const char *what)
{
    char *data = malloc(length + 100), *expected = malloc(length + 1);
    fill(expected, length, seed);
    ssize_t got = recv(fd, data, flags & MSG_WAITALL ? length : length + 100, MSG_DONTWAIT | flags);
    demand(got == (ssize_t)length, "%s: %zd bytes received instead of %zu (%s)", what, got, length, got < 0 ? strerror(errno) : "");
    demand(memcmp(data, expected, length) == 0, "%s: other bytes", what);
    free(data);
    free(expected);
}

static void demand_empty(int fd, const char *what)
{
    char byte;
    ssize_t got = recv(fd, &byte, 1, MSG_DONTWAIT | MSG_PEEK);
    demand(got < 0 && errno == EAGAIN, "%s: something is unread that was not sent (%zd)", what, got);
}

static void pair(int type, int flags, int ends[2])
{
    demand(socketpair(AF_UNIX, type | flags, 0, ends) == 0, "socketpair: %s", strerror(errno));
}

/* The second is none in a stream, where it is empty. */
static void send_all(int ends[2], bool is_stream)
{
    for (unsigned i = 0; i < MESSAGES; i++)
        for (unsigned end = 0; end < 2; end++)
            if (lengths[i] > 0 || !is_stream)
                send_one(ends[end], lengths[i], i * 2 + end, "a pair");
}

static void receive_all(int ends[2], bool is_stream)
{
    for (unsigned i = 0; i < MESSAGES; i++)
        for (unsigned end = 0; end < 2; end++)
            if (lengths[i] > 0 || !is_stream)
                receive_one(ends[1 - end], lengths[i], i * 2 + end, is_stream ? MSG_WAITALL : 0, "a pair");
    demand_empty(ends[0], "a pair");
    demand_empty(ends[1], "a pair");
}

static void make(struct sockets *s)
{
    int ends[2];
    for (int i = 0; i < PAIRS; i++) {
        pair(types[i], i == 1 ? SOCK_NONBLOCK | SOCK_CLOEXEC : 0, s->pairs[i]);
        send_all(s->pairs[i], i == 0);
    }
    /* An end of many numbers, one of them high. */
    demand(fcntl(s->pairs[2][0], F_DUPFD_CLOEXEC, HIGH) == HIGH, "duplicating: %s", strerror(errno));
    pair(SOCK_STREAM, 0, s->large);
    send_one(s->large[0], LARGE, 1, "a large one");
    send_one(s->large[1], LARGE, 2, "a large one");
    pair(SOCK_STREAM, 0, s->halves);
    send_one(s->halves[0], 5, 3, "half a connection");
    shutdown(s->halves[0], SHUT_WR);
    pair(SOCK_STREAM, 0, ends);
    s->survivor = ends[0];
    send_one(ends[1], 6, 4, "an end that closes");
    close(ends[1]);
    pair(SOCK_STREAM, 0, ends);
    s->reset = ends[0];
    send_one(ends[0], 6, 5, "an end that is not read");
    close(ends[1]);
    pair(SOCK_DGRAM, 0, s->late);
    send_one(s->late[1], 7, 6, "a datagram's end that closes");
    send_one(s->late[1], 8, 7, "a datagram's end that closes");
    close(s->late[1]);
    pair(SOCK_STREAM, 0, s->optioned);
    sockets_set_options(s->optioned[0]);
    sockets_listen(&s->listening);
    sockets_make_datagrams(&s->datagrams);
}

/* Peeking leaves all where it is, freezes too. */
static void check_pairs(struct sockets *s, unsigned long round)
{
    for (int i = 0; i < PAIRS; i++) {
        int flags = i == 1 ? O_NONBLOCK : 0, on_exec = i == 1 ? FD_CLOEXEC : 0, type = 0;
        socklen_t length = sizeof(type);
        for (int end = 0; end < 2; end++) {
            demand((fcntl(s->pairs[i][end], F_GETFL) & O_NONBLOCK) == flags && fcntl(s->pairs[i][end], F_GETFD) == on_exec, "a pair: other flags");
            demand(getsockopt(s->pairs[i][end], SOL_SOCKET, SO_TYPE, &type, &length) == 0 && type == types[i], "a pair: another type");
        }
        receive_one(s->pairs[i][1], lengths[0], 0, i == 0 ? MSG_PEEK | MSG_WAITALL : MSG_PEEK, "a pair");
        if (round % 4 != 3)
            continue;
        receive_all(s->pairs[i], i == 0);
        send_all(s->pairs[i], i == 0);
    }
    demand(fcntl(HIGH, F_GETFD) == FD_CLOEXEC, "a duplicate is gone");
}

static void check_large(struct sockets *s, unsigned long round)
{
    int waiting = 0;
    for (unsigned end = 0; end < 2; end++)
        demand(ioctl(s->large[end], FIONREAD, &waiting) == 0 && waiting == LARGE, "a large one: %d bytes are unread", waiting);
    if (round % 4 != 2)
        return;
    for (unsigned end = 0; end < 2; end++) {
        receive_one(s->large[1 - end], LARGE, 1 + end, MSG_WAITALL, "a large one");
        send_one(s->large[end], LARGE, 1 + end, "a large one");
    }
}

static short events_of(int fd)
{
    struct pollfd poll_fd = {.fd = fd, .events = POLLIN | POLLOUT | POLLRDHUP};
    demand(poll(&poll_fd, 1, 0) >= 0, "poll: %s", strerror(errno));
    return poll_fd.revents;
}

static void check_halves(const struct sockets *s)
{
    char byte = 0;
    receive_one(s->halves[1], 5, 3, MSG_PEEK, "half a connection");
    demand(send(s->halves[0], &byte, 1, MSG_NOSIGNAL) < 0 && errno == EPIPE, "half a connection: it can be sent to");
    demand((events_of(s->halves[1]) & (POLLRDHUP | POLLHUP)) == POLLRDHUP, "half a connection: events %#x", events_of(s->halves[1]));
    demand(send(s->halves[1], &byte, 1, MSG_NOSIGNAL) == 1 && recv(s->halves[0], &byte, 1, MSG_DONTWAIT) == 1, "half a connection: the other half is shut down, too");
}

/* Reading would take the error away, so that is for the end. */
static void check_closed(const struct sockets *s)
{
    char byte = 0;
    receive_one(s->survivor, 6, 4, MSG_PEEK, "an end that is left");
    demand((events_of(s->survivor) & (POLLHUP | POLLERR)) == POLLHUP, "an end that is left: events %#x", events_of(s->survivor));
    demand(send(s->survivor, &byte, 1, MSG_NOSIGNAL) < 0 && errno == EPIPE, "an end that is left: it can be sent to");
    demand((events_of(s->reset) & POLLERR) != 0, "an end that was reset: events %#x", events_of(s->reset));
    receive_one(s->late[0], 7, 6, MSG_PEEK, "a datagram's end that is left");
}

static void finish(struct sockets *s)
{
    char byte;
    receive_one(s->survivor, 6, 4, 0, "an end that is left");
    demand(recv(s->survivor, &byte, 1, 0) == 0, "an end that is left does not end");
    demand(recv(s->reset, &byte, 1, 0) < 0 && errno == ECONNRESET, "an end that was reset: %s", strerror(errno));
    receive_one(s->late[0], 7, 6, 0, "a datagram's end that is left");
    receive_one(s->late[0], 8, 7, 0, "a datagram's end that is left");
    demand_empty(s->late[0], "a datagram's end that is left");
    demand(send(s->late[0], &byte, 1, 0) < 0 && errno == ECONNREFUSED, "a datagram's end that is left: %s", strerror(errno));
}

int main(int argc, char **argv)
{
    struct victim victim;
    struct sockets sockets;
    victim_begin(&victim, argc, argv);
    sockets.datagrams.has_empty = victim_option(argv, "empty", 0) != 0; /* a freeze that a program runs on behind hides those from the next */
    lengths[1] = sockets.datagrams.has_empty ? 0 : 2;
    signal(SIGPIPE, SIG_IGN);
    make(&sockets);
    victim_ready(&victim);
    while (!victim_stopping()) {
        check_pairs(&sockets, victim.rounds);
        check_large(&sockets, victim.rounds);
        check_halves(&sockets);
        check_closed(&sockets);
        sockets_check_options(sockets.optioned[0]);
        sockets_check_listening(&sockets.listening);
        sockets_check_datagrams(&sockets.datagrams);
        victim_progress(&victim);
    }
    finish(&sockets);
    sockets_finish_listening(&sockets.listening);
    sockets_finish_datagrams(&sockets.datagrams);
    return victim_end();
}

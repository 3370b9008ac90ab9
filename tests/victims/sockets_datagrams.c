#include <arpa/inet.h>
#include <errno.h>
#include <netinet/in.h>
#include <poll.h>
#include <stddef.h>
#include <stdio.h>
#include <string.h>
#include <sys/socket.h>
#include <sys/un.h>
#include <unistd.h>

#include "tests/victims/sockets.h"

enum { HEADER = offsetof(struct sockaddr_un, sun_path) };
static const char pen_name[] = "pen.sock";

static int opened(int family, int type)
{
    int fd = socket(family, type | SOCK_CLOEXEC, 0);
    demand(fd >= 0, "socket: %s", strerror(errno));
    return fd;
}

static void bind_loopback(int fd)
{
    const struct sockaddr_in address = {.sin_family = AF_INET, .sin_addr = {htonl(INADDR_LOOPBACK)}};
    demand(bind(fd, (const struct sockaddr *)&address, sizeof(address)) == 0, "bind: %s", strerror(errno));
}

static struct sockaddr_storage name_of(int fd, bool peer, socklen_t *length)
{
    struct sockaddr_storage address = {0};
    *length = sizeof(address);
    demand((peer ? getpeername : getsockname)(fd, (struct sockaddr *)&address, length) == 0, "an address: %s", strerror(errno));
    return address;
}

static void connect_to(int fd, int to)
{
    socklen_t length;
    struct sockaddr_storage address = name_of(to, false, &length);
    demand(connect(fd, (struct sockaddr *)&address, length) == 0, "connect: %s", strerror(errno));
}

void sockets_make_datagrams(struct sockets_datagrams *d)
{
    struct sockaddr_un address = {.sun_family = AF_UNIX};
    d->box = opened(AF_UNIX, SOCK_DGRAM);
    int length = snprintf(address.sun_path + 1, sizeof(address.sun_path) - 1, "checkpt-box-%d", getpid());
    demand(bind(d->box, (struct sockaddr *)&address, (socklen_t)(HEADER + 1 + length)) == 0, "bind: %s", strerror(errno));
    d->pen = opened(AF_UNIX, SOCK_DGRAM);
    memcpy(address.sun_path, pen_name, sizeof(pen_name));
    demand(bind(d->pen, (struct sockaddr *)&address, HEADER + sizeof(pen_name)) == 0, "bind: %s", strerror(errno));
    connect_to(d->pen, d->box);
    int nameless = opened(AF_UNIX, SOCK_DGRAM);
    connect_to(nameless, d->box);
    demand(send(d->pen, "by pen", 6, 0) == 6 && send(nameless, "by nobody", 9, 0) == 9, "sending: %s", strerror(errno));
    demand(!d->has_empty || send(d->pen, "", 0, 0) == 0, "sending: %s", strerror(errno));
    close(nameless);
    d->udp = opened(AF_INET, SOCK_DGRAM);
    bind_loopback(d->udp);
    d->connected = opened(AF_INET, SOCK_DGRAM);
    connect_to(d->connected, d->udp);
    d->tcp = opened(AF_INET, SOCK_STREAM);
    d->bound = opened(AF_INET, SOCK_STREAM);
    bind_loopback(d->bound);
    d->stream = opened(AF_UNIX, SOCK_STREAM);
}

static void receive(int fd, const char *text, bool by_pen, int flags)
{
    char data[32];
    struct sockaddr_un sender;
    socklen_t length = sizeof(sender);
    ssize_t got = recvfrom(fd, data, sizeof(data), flags | MSG_DONTWAIT, (struct sockaddr *)&sender, &length);
    demand(got == (ssize_t)strlen(text) && memcmp(data, text, (size_t)got) == 0, "a datagram of %zd bytes instead of \"%s\" (%s)", got, text, strerror(errno));
    demand(by_pen ? length == HEADER + sizeof(pen_name) && memcmp(sender.sun_path, pen_name, sizeof(pen_name)) == 0 : length <= HEADER, "\"%s\" is of another sender", text);
}

/* Addresses that are the other's: connections are kept by that. */
static void check_connected(int fd, int to, const char *what)
{
    socklen_t length, expected_length;
    struct sockaddr_storage expected = name_of(to, false, &expected_length), found = name_of(fd, true, &length);
    demand(length == expected_length && memcmp(&found, &expected, length) == 0, "%s: it is connected elsewhere", what);
}

void sockets_check_datagrams(const struct sockets_datagrams *d)
{
    struct pollfd nothing = {.fd = d->tcp, .events = POLLIN | POLLOUT};
    receive(d->box, "by pen", true, MSG_PEEK);
    check_connected(d->pen, d->box, "a unix datagram socket");
    check_connected(d->connected, d->udp, "a UDP socket");
    demand(poll(&nothing, 1, 0) == 1 && nothing.revents == (POLLOUT | POLLHUP), "a TCP socket that is not connected: events %#x", nothing.revents);
}

void sockets_finish_datagrams(const struct sockets_datagrams *d)
{
    socklen_t length;
    char byte = 0;
    struct sockaddr_storage address = name_of(d->bound, false, &length);
    demand(((struct sockaddr_in *)&address)->sin_port != 0, "a TCP socket's address is lost");
    receive(d->box, "by pen", true, 0);
    receive(d->box, "by nobody", false, 0);
    if (d->has_empty)
        receive(d->box, "", true, 0);
    demand(recv(d->box, &byte, 1, MSG_DONTWAIT) < 0 && errno == EAGAIN, "there are more datagrams than were sent");
    demand(send(d->pen, "on", 2, 0) == 2, "sending: %s", strerror(errno));
    receive(d->box, "on", true, 0);
    demand(send(d->connected, "u", 1, 0) == 1 && recv(d->udp, &byte, 1, 0) == 1 && byte == 'u', "UDP: %s", strerror(errno));
    demand(listen(d->bound, 1) == 0, "listen: %s", strerror(errno));
    connect_to(d->tcp, d->bound);
    demand(connect(d->stream, (const struct sockaddr *)&address, length) < 0, "a unix socket is none any more");
}

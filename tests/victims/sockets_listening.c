#include <arpa/inet.h>
#include <errno.h>
#include <netinet/in.h>
#include <netinet/tcp.h>
#include <pthread.h>
#include <stddef.h>
#include <stdio.h>
#include <string.h>
#include <sys/socket.h>
#include <sys/stat.h>
#include <sys/un.h>
#include <unistd.h>

#include "tests/victims/sockets.h"

enum { BACKLOG = 7, MODE = 0620, ALIVE = 12 };

static int made(int family, int type, const void *address, socklen_t length)
{
    int fd = socket(family, type | SOCK_CLOEXEC, 0), one = 1;
    demand(fd >= 0 && setsockopt(fd, SOL_SOCKET, SO_REUSEADDR, &one, sizeof(one)) == 0, "socket: %s", strerror(errno));
    if (family == AF_INET6)
        setsockopt(fd, IPPROTO_IPV6, IPV6_V6ONLY, &one, sizeof(one));
    demand(bind(fd, address, length) == 0, "bind: %s", strerror(errno));
    demand(type == SOCK_DGRAM || listen(fd, BACKLOG) == 0, "listen: %s", strerror(errno));
    return fd;
}

static int made_unix(const char *name, size_t length)
{
    struct sockaddr_un address = {.sun_family = AF_UNIX};
    memcpy(address.sun_path, name, length);
    return made(AF_UNIX, SOCK_STREAM, &address, (socklen_t)(offsetof(struct sockaddr_un, sun_path) + length));
}

/* As its own name says. */
static int connected(int to, int type)
{
    struct sockaddr_storage address;
    socklen_t length = sizeof(address);
    demand(getsockname(to, (struct sockaddr *)&address, &length) == 0, "getsockname: %s", strerror(errno));
    int fd = socket(address.ss_family, type | SOCK_CLOEXEC, 0);
    demand(fd >= 0 && connect(fd, (struct sockaddr *)&address, length) == 0, "connecting: %s", strerror(errno));
    return fd;
}

/* Sends back whatever it gets. */
static void *echo(void *listening)
{
    for (;;) {
        char byte;
        int fd = accept(*(const int *)listening, NULL, NULL);
        demand(fd >= 0, "accept: %s", strerror(errno));
        if (recv(fd, &byte, 1, 0) == 1)
            send(fd, &byte, 1, MSG_NOSIGNAL);
        close(fd);
    }
    return NULL;
}

void sockets_listen(struct sockets_listening *l)
{
    const struct sockaddr_in inet = {.sin_family = AF_INET, .sin_addr = {htonl(INADDR_LOOPBACK)}};
    const struct sockaddr_in6 inet6 = {.sin6_family = AF_INET6, .sin6_addr = IN6ADDR_LOOPBACK_INIT};
    char name[64] = "", whole[108];
    int alive = ALIVE;
    pthread_t thread;
    l->tcp = made(AF_INET, SOCK_STREAM, &inet, sizeof(inet));
    demand(setsockopt(l->tcp, IPPROTO_TCP, TCP_KEEPIDLE, &alive, sizeof(alive)) == 0, "TCP_KEEPIDLE: %s", strerror(errno));
    l->tcp6 = socket(AF_INET6, SOCK_STREAM, 0);
    bool has_inet6 = l->tcp6 >= 0 && bind(l->tcp6, (const void *)&inet6, sizeof(inet6)) == 0;
    close(l->tcp6);
    l->tcp6 = has_inet6 ? made(AF_INET6, SOCK_STREAM, &inet6, sizeof(inet6)) : -1;
    l->udp = made(AF_INET, SOCK_DGRAM, &inet, sizeof(inet));
    l->relative = made_unix("relative.sock", sizeof("relative.sock"));
    demand(chmod("relative.sock", MODE) == 0 && getcwd(whole, sizeof(whole) - 12) != NULL, "relative.sock: %s", strerror(errno));
    strcat(whole, "/whole.sock");
    l->path = made_unix(whole, strlen(whole) + 1);
    l->abstract = made_unix(name, 1 + (size_t)snprintf(name + 1, sizeof(name) - 1, "checkpt-victim-%d", getpid()));
    l->accepted[1] = connected(l->abstract, SOCK_STREAM);
    l->accepted[0] = accept4(l->abstract, NULL, NULL, SOCK_CLOEXEC);
    demand(send(l->accepted[1], "unread", 6, 0) == 6, "sending: %s", strerror(errno));
    l->waited = made(AF_INET, SOCK_STREAM, &inet, sizeof(inet));
    demand(pthread_create(&thread, NULL, echo, &l->waited) == 0, "pthread_create");
}

static void check_backlog(int fd)
{
    struct tcp_info info = {0};
    socklen_t length = sizeof(info);
    demand(getsockopt(fd, IPPROTO_TCP, TCP_INFO, &info, &length) == 0 && info.tcpi_sacked == BACKLOG, "its backlog is %u", info.tcpi_sacked);
}

/* Who has gone away again may be accepted first. */
static void check_one(int fd)
{
    char byte = 0;
    if (fd < 0)
        return;
    int here = connected(fd, SOCK_STREAM);
    demand(send(here, "x", 1, 0) == 1, "a connection: sending: %s", strerror(errno));
    for (ssize_t got = 0; got != 1;) {
        int there = accept(fd, NULL, NULL);
        demand(there >= 0, "accept: %s", strerror(errno));
        got = recv(there, &byte, 1, 0);
        demand(got == 0 || (got == 1 && byte == 'x'), "a connection: receiving: %s", strerror(errno));
        close(there);
    }
    close(here);
}

static void check_names(const struct sockets_listening *l)
{
    struct sockaddr_un ours, theirs, listening;
    socklen_t length = sizeof(ours), their_length = sizeof(theirs), listening_length = sizeof(listening);
    char text[6];
    demand(getsockname(l->abstract, (struct sockaddr *)&listening, &listening_length) == 0 && getsockname(l->accepted[0], (struct sockaddr *)&ours, &length) == 0 &&
               getpeername(l->accepted[1], (struct sockaddr *)&theirs, &their_length) == 0,
           "names: %s", strerror(errno));
    demand(length == listening_length && their_length == length && memcmp(&ours, &listening, length) == 0 && memcmp(&theirs, &listening, length) == 0,
           "an accepted connection has another name than its listening socket");
    demand(recv(l->accepted[0], text, sizeof(text), MSG_PEEK | MSG_DONTWAIT) == 6 && memcmp(text, "unread", 6) == 0, "what is unread in an accepted connection is lost");
}

static void check_options(const struct sockets_listening *l)
{
    int value = 0;
    socklen_t length = sizeof(value);
    demand(getsockopt(l->tcp, IPPROTO_TCP, TCP_KEEPIDLE, &value, &length) == 0 && value == ALIVE, "TCP_KEEPIDLE is %d", value);
    demand(getsockopt(l->udp, SOL_SOCKET, SO_REUSEADDR, &value, &length) == 0 && value == 1, "SO_REUSEADDR is %d", value);
    demand(l->tcp6 < 0 || (getsockopt(l->tcp6, IPPROTO_IPV6, IPV6_V6ONLY, &value, &length) == 0 && value == 1), "IPV6_V6ONLY is %d", value);
}

void sockets_check_listening(const struct sockets_listening *l)
{
    struct stat status;
    check_backlog(l->tcp);
    check_names(l);
    check_options(l);
    demand(stat("relative.sock", &status) == 0 && S_ISSOCK(status.st_mode) && (status.st_mode & 0777) == MODE, "relative.sock: mode %o", status.st_mode);
}

void sockets_finish_listening(const struct sockets_listening *l)
{
    char byte = 'y';
    check_one(l->tcp);
    check_one(l->tcp6);
    check_one(l->path);
    check_one(l->relative);
    check_one(l->abstract);
    int here = connected(l->udp, SOCK_DGRAM);
    demand(send(here, &byte, 1, 0) == 1 && recv(l->udp, &byte, 1, 0) == 1 && byte == 'y', "udp: %s", strerror(errno));
    close(here);
    here = connected(l->waited, SOCK_STREAM);
    demand(send(here, "z", 1, 0) == 1 && recv(here, &byte, 1, 0) == 1 && byte == 'z', "a thread that waits in accept: %s", strerror(errno));
    close(here);
}

#include <netinet/in.h>
#include <netinet/tcp.h>
#include <poll.h>
#include <stddef.h>
#include <sys/socket.h>
#include <sys/un.h>

#include "checkpt/resource/sockets.h"

static bool ask(int fd, int name, int *value, struct failure *why)
{
    socklen_t length = sizeof(*value);
    return getsockopt(fd, SOL_SOCKET, name, value, &length) == 0 || failure_errno(why, "asking what socket it is");
}

/* An Internet socket has an address from the start, of zeros. */
static bool is_address(const struct sockaddr_storage *address, socklen_t length)
{
    const struct sockaddr_in *inet = (const void *)address;
    const struct sockaddr_in6 *inet6 = (const void *)address;
    switch (length >= sizeof(sa_family_t) ? address->ss_family : AF_UNSPEC) {
    case AF_UNIX:
        return length > offsetof(struct sockaddr_un, sun_path);
    case AF_INET:
        return inet->sin_port != 0 || inet->sin_addr.s_addr != htonl(INADDR_ANY);
    case AF_INET6:
        return inet6->sin6_port != 0 || !IN6_IS_ADDR_UNSPECIFIED(&inet6->sin6_addr);
    default:
        return length > sizeof(sa_family_t);
    }
}

/* A connection that has ended is CLOSE as one that never was, but says so to poll(2), which takes no error away. */
static void look_at_tcp(int fd, struct sockets_look *look)
{
    struct tcp_info info = {0};
    socklen_t length = sizeof(info);
    struct pollfd poll_fd = {.fd = fd, .events = POLLIN | POLLRDHUP};
    if (getsockopt(fd, IPPROTO_TCP, TCP_INFO, &info, &length) != 0)
        return;
    look->is_connecting = info.tcpi_state == TCP_SYN_SENT || info.tcpi_state == TCP_SYN_RECV;
    look->is_over = info.tcpi_state == TCP_CLOSE && poll(&poll_fd, 1, 0) >= 0 && (poll_fd.revents & (POLLRDHUP | POLLERR)) != 0;
}

bool sockets_look_at(int fd, struct sockets_look *look, struct failure *why)
{
    int listening = 0;
    *look = (struct sockets_look){.name_length = sizeof(look->name), .remote_length = sizeof(look->remote)};
    if (!ask(fd, SO_DOMAIN, &look->family, why) || !ask(fd, SO_TYPE, &look->type, why) || !ask(fd, SO_PROTOCOL, &look->protocol, why) ||
        !ask(fd, SO_ACCEPTCONN, &listening, why))
        return false;
    look->is_listening = listening != 0;
    if (getsockname(fd, (struct sockaddr *)&look->name, &look->name_length) != 0)
        return failure_errno(why, "asking for its address");
    look->is_connected = getpeername(fd, (struct sockaddr *)&look->remote, &look->remote_length) == 0;
    if (!is_address(&look->name, look->name_length))
        look->name_length = 0;
    if (!look->is_connected || !is_address(&look->remote, look->remote_length))
        look->remote_length = 0;
    if (look->protocol == IPPROTO_TCP)
        look_at_tcp(fd, look);
    return true;
}

#include "checkpt/run/control.h"

#include <errno.h>
#include <stdio.h>
#include <sys/socket.h>

bool control_pair(int *front, int *keeper)
{
    int ends[2];
    if (socketpair(AF_UNIX, SOCK_SEQPACKET | SOCK_CLOEXEC, 0, ends) != 0)
        return false;
    *front = ends[0];
    *keeper = ends[1];
    return true;
}

void control_send(int socket, enum control_kind kind, int value, const char *text)
{
    struct control message = {.kind = kind, .value = value};
    snprintf(message.text, sizeof(message.text), "%s", text);
    while (send(socket, &message, sizeof(message), MSG_NOSIGNAL | MSG_DONTWAIT) < 0 && errno == EINTR)
        ;
}

int control_receive(int socket, struct control *message)
{
    ssize_t got;
    do
        got = recv(socket, message, sizeof(*message), MSG_DONTWAIT);
    while (got < 0 && errno == EINTR);
    if (got == (ssize_t)sizeof(*message))
        return 1;
    return got < 0 && (errno == EAGAIN || errno == EWOULDBLOCK) ? 0 : -1;
}

#include "checkpt/daemon/message.h"

#include <errno.h>
#include <poll.h>
#include <stddef.h>
#include <string.h>
#include <sys/socket.h>
#include <unistd.h>

enum { HEAD = offsetof(struct message, text) };

void message_init(struct message *message, enum message_kind kind)
{
    memset(message, 0, sizeof(*message));
    message->magic = MESSAGE_MAGIC;
    message->version = MESSAGE_VERSION;
    message->kind = kind;
}

size_t message_add(struct message *message, size_t length, const char *string)
{
    size_t room = sizeof(message->text) - length, wanted = string != NULL ? strlen(string) : 0;
    if (room == 0)
        return length;
    size_t fits = wanted < room - 1 ? wanted : room - 1;
    if (fits > 0)
        memcpy(message->text + length, string, fits);
    message->text[length + fits] = '\0';
    return length + fits + 1;
}

const char *message_next(const struct message *message, const char **at)
{
    const char *string = *at, *end = message->text + sizeof(message->text);
    size_t room = (size_t)(end - string), length = strnlen(string, room);
    if (length == room)
        return "";
    *at = string + length + 1;
    return string;
}

/* Control messages want to be aligned. */
union control {
    struct cmsghdr header;
    char room[CMSG_SPACE(MESSAGE_FDS * sizeof(int))];
};

bool message_send(int connection, const struct message *message, size_t text_length, const int *fds, bool wait)
{
    union control control = {.room = {0}};
    struct iovec part = {(void *)(uintptr_t)message, HEAD + text_length};
    struct msghdr packet = {.msg_iov = &part, .msg_iovlen = 1};
    if (fds != NULL) {
        packet.msg_control = &control;
        packet.msg_controllen = sizeof(control);
        control.header = (struct cmsghdr){.cmsg_len = CMSG_LEN(MESSAGE_FDS * sizeof(int)), .cmsg_level = SOL_SOCKET, .cmsg_type = SCM_RIGHTS};
        memcpy(CMSG_DATA(&control.header), fds, MESSAGE_FDS * sizeof(int));
    }
    ssize_t sent;
    do
        sent = sendmsg(connection, &packet, MSG_NOSIGNAL | (wait ? 0 : MSG_DONTWAIT));
    while (sent < 0 && errno == EINTR);
    return sent == (ssize_t)part.iov_len;
}

/* Keeps the first ones; what did not fit the kernel has closed. */
static int take_fds(struct msghdr *packet, int fds[MESSAGE_FDS])
{
    int count = 0;
    for (struct cmsghdr *header = CMSG_FIRSTHDR(packet); header != NULL; header = CMSG_NXTHDR(packet, header)) {
        if (header->cmsg_level != SOL_SOCKET || header->cmsg_type != SCM_RIGHTS)
            continue;
        size_t there = (header->cmsg_len - CMSG_LEN(0)) / sizeof(int);
        for (size_t i = 0; i < there; i++) {
            int fd;
            memcpy(&fd, CMSG_DATA(header) + i * sizeof(int), sizeof(fd));
            if (count < MESSAGE_FDS)
                fds[count++] = fd;
            else
                close(fd);
        }
    }
    return count;
}

static bool fail(int error, const char *sentence, struct failure *why)
{
    failure_set(why, "%s", sentence);
    why->error = error;
    return false;
}

static bool wait_for(int connection, unsigned seconds, struct failure *why)
{
    struct pollfd wanted = {.fd = connection, .events = POLLIN};
    int ready;
    do
        ready = poll(&wanted, 1, seconds == 0 ? -1 : (int)seconds * 1000);
    while (ready < 0 && errno == EINTR);
    return ready > 0 || fail(EAGAIN, "no message has come in time", why);
}

static bool is_whole(const struct message *message, size_t length)
{
    return length >= HEAD && message->magic == MESSAGE_MAGIC && message->version == MESSAGE_VERSION && message->unused == 0 &&
           (length == HEAD || message->text[length - HEAD - 1] == '\0');
}

bool message_receive(int connection, struct message *message, int *fds, unsigned seconds, struct failure *why)
{
    union control control;
    int came[MESSAGE_FDS];
    struct iovec part = {message, sizeof(*message)};
    struct msghdr packet = {.msg_iov = &part, .msg_iovlen = 1, .msg_control = &control, .msg_controllen = sizeof(control)};
    memset(message, 0, sizeof(*message));
    if (!wait_for(connection, seconds, why))
        return false;
    ssize_t length = recvmsg(connection, &packet, MSG_CMSG_CLOEXEC | MSG_DONTWAIT);
    if (length < 0 && errno == ECONNRESET) /* told once, before what was sent until then */
        length = recvmsg(connection, &packet, MSG_CMSG_CLOEXEC | MSG_DONTWAIT);
    if (length <= 0)
        return fail(ECONNRESET, "the connection has ended", why);
    int count = take_fds(&packet, came);
    bool fine = is_whole(message, (size_t)length) && (packet.msg_flags & (MSG_TRUNC | MSG_CTRUNC)) == 0 && count == (fds != NULL ? MESSAGE_FDS : 0);
    if (fine && fds != NULL)
        memcpy(fds, came, sizeof(came));
    for (int i = 0; !fine && i < count; i++)
        close(came[i]);
    return fine || fail(EBADMSG, "a malformed message", why);
}

#include <stddef.h>
#include <sys/socket.h>
#include <sys/un.h>

#include "checkpt/resident/start/start.h"
#include "checkpt/resident/start/syscalls.h"

enum { LINE = 512 };

static char *put(char *at, const char *end, const char *text)
{
    while (*text != '\0' && at < end)
        *at++ = *text++;
    return at;
}

/* As syslog(3) would: facility daemon, level notice. Where nobody listens nothing is logged. */
void log_ordinary(const struct start *start)
{
    struct sockaddr_un address = {.sun_family = AF_UNIX};
    char line[LINE], *at = line;
    const char *end = line + sizeof(line), *name = "/dev/log";
    for (unsigned i = 0; name[i] != '\0'; i++)
        address.sun_path[i] = name[i];
    at = put(at, end, "<29>checkpt: resident: ");
    at = put(at, end, start->path);
    at = put(at, end, ": started the ordinary way: ");
    at = put(at, end, start->why_not);
    int fd = (int)CALL_3(SYS_socket, AF_UNIX, SOCK_DGRAM | SOCK_CLOEXEC | SOCK_NONBLOCK, 0);
    if (fd < 0)
        return;
    CALL_6(SYS_sendto, fd, line, at - line, MSG_NOSIGNAL, &address, offsetof(struct sockaddr_un, sun_path) + sizeof("/dev/log"));
    CALL_1(SYS_close, fd);
}

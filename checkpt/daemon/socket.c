#include <errno.h>
#include <fcntl.h>
#include <stdlib.h>
#include <string.h>
#include <sys/socket.h>
#include <sys/stat.h>
#include <sys/un.h>
#include <unistd.h>

#include "checkpt/daemon/server.h"
#include "cli/options.h"

enum { FIRST = 3 /* SD_LISTEN_FDS_START */, BACKLOG = 64 };

static bool is(const char *name, uint64_t wanted)
{
    uint64_t number;
    const char *text = getenv(name);
    return text != NULL && cli_number(text, &number) && number == wanted;
}

static bool has(int option, int wanted)
{
    int value = 0;
    socklen_t size = sizeof(value);
    return getsockopt(FIRST, SOL_SOCKET, option, &value, &size) == 0 && value == wanted;
}

int server_inherited(struct failure *why)
{
    bool mine = is("LISTEN_PID", (uint64_t)getpid()) && is("LISTEN_FDS", 1);
    unsetenv("LISTEN_PID");
    unsetenv("LISTEN_FDS");
    unsetenv("LISTEN_FDNAMES");
    if (!mine)
        failure_set(why, "nobody has handed down one socket: have it started by checkptd.socket, or give --listen");
    else if (!has(SO_DOMAIN, AF_UNIX) || !has(SO_TYPE, SOCK_SEQPACKET) || !has(SO_ACCEPTCONN, 1))
        failure_set(why, "the socket that was handed down is not one of sequential packets (ListenSequentialPacket=) that listens");
    else if (fcntl(FIRST, F_SETFD, FD_CLOEXEC) != 0 || fcntl(FIRST, F_SETFL, O_NONBLOCK) != 0)
        failure_errno(why, "the socket that was handed down");
    else
        return FIRST;
    return -1;
}

/* Anybody may connect; who may have something done is the policy's to say. */
static bool bind_to(int fd, const char *path, struct failure *why)
{
    char beside[sizeof(((struct sockaddr_un *)0)->sun_path)];
    struct sockaddr_un address = {.sun_family = AF_UNIX};
    if ((size_t)snprintf(beside, sizeof(beside), "%s.%d", path, getpid()) >= sizeof(beside))
        return failure_set(why, "%s: the name is too long for a socket", path);
    memcpy(address.sun_path, beside, sizeof(beside));
    unlink(beside);
    if (bind(fd, (struct sockaddr *)&address, sizeof(address)) == 0 && chmod(beside, 0666) == 0 && listen(fd, BACKLOG) == 0 && rename(beside, path) == 0)
        return true;
    failure_errno(why, "%s", path);
    unlink(beside);
    return false;
}

int server_listen(const char *path, struct failure *why)
{
    struct stat status;
    if (lstat(path, &status) == 0 && !S_ISSOCK(status.st_mode)) {
        failure_set(why, "%s: is there already, and no socket", path);
        return -1;
    }
    int fd = socket(AF_UNIX, SOCK_SEQPACKET | SOCK_CLOEXEC | SOCK_NONBLOCK, 0);
    if (fd < 0) {
        failure_errno(why, "%s: making a socket", path);
        return -1;
    }
    if (bind_to(fd, path, why))
        return fd;
    close(fd);
    return -1;
}

#include <errno.h>
#include <fcntl.h>
#include <poll.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

#include "tests/victims/pipes.h"

static int both[2], unnamed, expecting, left, broken;

static int make_fifo(const char *name, int flags)
{
    demand(mkfifo(name, 0600) == 0 || errno == EEXIST, "%s: making it: %s", name, strerror(errno));
    int fd = open(name, flags);
    demand(fd >= 0, "%s: opening it: %s", name, strerror(errno));
    return fd;
}

void fifos_make(void)
{
    both[0] = make_fifo("fifo-both", O_RDONLY | O_NONBLOCK);
    both[1] = make_fifo("fifo-both", O_WRONLY);
    put(both[1], "through a name", 14);
    unnamed = make_fifo("fifo-unnamed", O_RDWR | O_NONBLOCK);
    put(unnamed, "no name", 7);
    demand(unlink("fifo-unnamed") == 0, "removing a FIFO: %s", strerror(errno));
    expecting = make_fifo("fifo-expecting", O_RDONLY | O_NONBLOCK);
    left = make_fifo("fifo-left", O_RDONLY | O_NONBLOCK);
    close(make_fifo("fifo-left", O_WRONLY));
    int reader = make_fifo("fifo-broken", O_RDONLY | O_NONBLOCK);
    broken = make_fifo("fifo-broken", O_WRONLY | O_NONBLOCK);
    demand(fcntl(broken, F_SETPIPE_SZ, 131072) == 131072, "a FIFO's capacity: %s", strerror(errno));
    close(reader);
}

static short state_of(int fd, short wanted)
{
    struct pollfd end = {.fd = fd, .events = wanted};
    demand(poll(&end, 1, 0) >= 0, "poll: %s", strerror(errno));
    return end.revents;
}

static void check_name(int fd, const char *name)
{
    struct stat one, other;
    demand(fstat(fd, &one) == 0 && stat(name, &other) == 0 && one.st_ino == other.st_ino && one.st_dev == other.st_dev, "%s: descriptor %d is another", name, fd);
}

void fifos_check(void)
{
    check_name(both[0], "fifo-both");
    check_name(both[1], "fifo-both");
    check_name(expecting, "fifo-expecting");
    check_name(broken, "fifo-broken");
    demand(unread_in(both[0]) == 14 && unread_in(unnamed) == 7, "not what was unread in a FIFO");
    demand(state_of(expecting, POLLIN) == 0, "a FIFO that nobody has written to shows 0x%x", (unsigned)state_of(expecting, POLLIN));
    demand(state_of(left, POLLIN) == POLLHUP, "a FIFO whose writer is gone shows 0x%x", (unsigned)state_of(left, POLLIN));
    demand(state_of(broken, POLLOUT) == (POLLOUT | POLLERR), "a FIFO whose reader is gone shows 0x%x", (unsigned)state_of(broken, POLLOUT));
    demand(fcntl(broken, F_GETPIPE_SZ) == 131072, "a FIFO has a capacity of %d", fcntl(broken, F_GETPIPE_SZ));
    demand((fcntl(both[0], F_GETFL) & ~0100000) == (O_RDONLY | O_NONBLOCK) && (fcntl(both[1], F_GETFL) & ~0100000) == O_WRONLY, "a FIFO has other flags");
}

void fifos_end(void)
{
    char room[32];
    take(both[0], room, sizeof(room), 14, "a FIFO");
    demand(memcmp(room, "through a name", 14) == 0, "a FIFO: other bytes");
    take(unnamed, room, sizeof(room), 7, "a FIFO without a name");
    demand(memcmp(room, "no name", 7) == 0, "a FIFO without a name: other bytes");
}

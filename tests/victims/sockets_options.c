#include <errno.h>
#include <fcntl.h>
#include <linux/filter.h>
#include <string.h>
#include <sys/socket.h>
#include <sys/time.h>
#include <unistd.h>

#include "tests/victims/sockets.h"

static const struct {
    const char *name;
    int option, value, read; /* what getsockopt(2) gives of it */
} numbers[] = {
    {"SO_SNDBUF", SO_SNDBUF, 50000, 100000}, {"SO_RCVBUF", SO_RCVBUF, 60000, 120000},   {"SO_PASSCRED", SO_PASSCRED, 1, 1},   {"SO_KEEPALIVE", SO_KEEPALIVE, 1, 1},
    {"SO_PRIORITY", SO_PRIORITY, 4, 4},      {"SO_OOBINLINE", SO_OOBINLINE, 1, 1},       {"SO_PEEK_OFF", SO_PEEK_OFF, 3, 3},   {"SO_RCVLOWAT", SO_RCVLOWAT, 7, 7},
    {"SO_REUSEADDR", SO_REUSEADDR, 1, 1},    {"SO_TIMESTAMP", 29 /* SO_TIMESTAMP */, 1, 1},
};
static const struct timeval patience = {.tv_sec = 12, .tv_usec = 500000};
static const struct linger linger = {.l_onoff = 1, .l_linger = 5};
enum { SIGNAL = 40, INSTRUCTIONS = 1 };

void sockets_set_options(int fd)
{
    struct sock_filter code[INSTRUCTIONS] = {BPF_STMT(BPF_RET | BPF_K, 0x1000)};
    const struct sock_fprog filter = {.len = INSTRUCTIONS, .filter = code};
    for (size_t i = 0; i < sizeof(numbers) / sizeof(numbers[0]); i++)
        demand(setsockopt(fd, SOL_SOCKET, numbers[i].option, &numbers[i].value, sizeof(int)) == 0, "%s: setting it: %s", numbers[i].name, strerror(errno));
    demand(setsockopt(fd, SOL_SOCKET, SO_RCVTIMEO, &patience, sizeof(patience)) == 0 && setsockopt(fd, SOL_SOCKET, SO_LINGER, &linger, sizeof(linger)) == 0 &&
               setsockopt(fd, SOL_SOCKET, SO_ATTACH_FILTER, &filter, sizeof(filter)) == 0,
           "setting options: %s", strerror(errno));
    demand(fcntl(fd, F_SETOWN, getpid()) == 0 && fcntl(fd, F_SETSIG, SIGNAL) == 0, "F_SETOWN: %s", strerror(errno));
}

void sockets_check_options(int fd)
{
    struct timeval time = {0};
    struct linger lingers = {0};
    struct sock_filter code[INSTRUCTIONS] = {0};
    socklen_t time_length = sizeof(time), linger_length = sizeof(lingers), instructions = INSTRUCTIONS;
    for (size_t i = 0; i < sizeof(numbers) / sizeof(numbers[0]); i++) {
        int value = -1;
        socklen_t length = sizeof(value);
        demand(getsockopt(fd, SOL_SOCKET, numbers[i].option, &value, &length) == 0 && value == numbers[i].read, "%s is %d", numbers[i].name, value);
    }
    demand(getsockopt(fd, SOL_SOCKET, SO_RCVTIMEO, &time, &time_length) == 0 && time.tv_sec == patience.tv_sec && time.tv_usec == patience.tv_usec, "SO_RCVTIMEO is %ld s",
           (long)time.tv_sec);
    demand(getsockopt(fd, SOL_SOCKET, SO_LINGER, &lingers, &linger_length) == 0 && lingers.l_onoff == 1 && lingers.l_linger == 5, "SO_LINGER is %d", lingers.l_linger);
    demand(getsockopt(fd, SOL_SOCKET, SO_GET_FILTER, code, &instructions) == 0 && instructions == INSTRUCTIONS && code[0].k == 0x1000, "the filter is lost");
    demand(fcntl(fd, F_GETOWN) == getpid() && fcntl(fd, F_GETSIG) == SIGNAL, "who is told of I/O: %d, by signal %d", fcntl(fd, F_GETOWN), fcntl(fd, F_GETSIG));
}

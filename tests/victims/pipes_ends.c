#include <errno.h>
#include <fcntl.h>
#include <poll.h>
#include <signal.h>
#include <stdio.h>
#include <string.h>
#include <sys/stat.h>
#include <sys/syscall.h>
#include <unistd.h>

#include "tests/victims/pipes.h"

enum { COPY = 200, LEFT = 77 };

static int shared[2], again, both, path_only; /* one pipe */
static int ended, broken, lonely;             /* the other end of each is gone: of the last with bytes inside */
static int told[2];
static int told_signal;

static int open_again(int fd, int flags)
{
    char name[32];
    snprintf(name, sizeof(name), "/proc/self/fd/%d", fd);
    int opened = open(name, flags);
    demand(opened >= 0, "%s: opening it again: %s", name, strerror(errno));
    return opened;
}

static void make_shared(void)
{
    make_pipe(shared, O_CLOEXEC);
    again = open_again(shared[0], O_RDONLY | O_NONBLOCK);
    both = open_again(shared[1], O_RDWR | O_APPEND);
    path_only = open_again(shared[0], O_PATH);
    demand(dup2(shared[0], COPY) == COPY && fchmod(shared[0], 0640) == 0, "descriptor %d: %s", COPY, strerror(errno));
}

static void make_broken(void)
{
    int ends[2];
    char bytes[LEFT] = {0};
    make_pipe(ends, 0);
    put(ends[1], "left", 4);
    close(ends[1]);
    ended = ends[0];
    make_pipe(ends, 0);
    close(ends[0]);
    broken = ends[1];
    make_pipe(ends, 0);
    put(ends[1], bytes, sizeof(bytes));
    close(ends[0]);
    lonely = ends[1];
}

static void make_told(void)
{
    sigset_t set;
    struct f_owner_ex owner = {.type = F_OWNER_TID, .pid = (pid_t)syscall(SYS_gettid)};
    told_signal = SIGRTMIN + 2;
    sigemptyset(&set);
    sigaddset(&set, told_signal);
    sigaddset(&set, SIGPIPE);
    sigprocmask(SIG_BLOCK, &set, NULL);
    make_pipe(told, O_NONBLOCK);
    demand(fcntl(told[0], F_SETOWN_EX, &owner) == 0 && fcntl(told[0], F_SETSIG, told_signal) == 0 && fcntl(told[0], F_SETFL, O_NONBLOCK | O_ASYNC) == 0,
           "who is told of a pipe: %s", strerror(errno));
}

void ends_make(void)
{
    make_shared();
    make_broken();
    make_told();
}

static bool are_one(int a, int b)
{
    pid_t self = getpid();
    return syscall(SYS_kcmp, self, self, 0 /* KCMP_FILE */, a, b) == 0;
}

static void check_shared(void)
{
    char byte = 's';
    struct stat one, other;
    demand(fstat(shared[0], &one) == 0 && (one.st_mode & 07777) == 0640, "a pipe's mode is %o", one.st_mode);
    for (const int *fd = (const int[]){shared[1], again, both, path_only, COPY, -1}; *fd >= 0; fd++)
        demand(fstat(*fd, &other) == 0 && other.st_ino == one.st_ino && other.st_dev == one.st_dev, "descriptor %d is another pipe", *fd);
    demand(are_one(shared[0], COPY) && !are_one(shared[0], again) && !are_one(shared[1], both), "open files are shared otherwise");
    demand(fcntl(shared[0], F_GETFD) == FD_CLOEXEC && fcntl(COPY, F_GETFD) == 0 && fcntl(again, F_GETFD) == 0, "closed on exec otherwise");
    demand((fcntl(again, F_GETFL) & ~0100000) == (O_RDONLY | O_NONBLOCK) && (fcntl(both, F_GETFL) & ~0100000) == (O_RDWR | O_APPEND) &&
               fcntl(shared[0], F_GETFL) == O_RDONLY && fcntl(shared[1], F_GETFL) == O_WRONLY && (fcntl(path_only, F_GETFL) & O_PATH) != 0,
           "other flags: %o %o %o %o %o", fcntl(again, F_GETFL), fcntl(both, F_GETFL), fcntl(shared[0], F_GETFL), fcntl(shared[1], F_GETFL),
           fcntl(path_only, F_GETFL));
    demand(read(again, &byte, 1) < 0 && errno == EAGAIN, "something to read, or an end");
    put(both, &byte, 1);
    take(again, &byte, 1, 1, "the same pipe opened again");
}

static short state_of(int fd, short wanted)
{
    struct pollfd end = {.fd = fd, .events = wanted};
    demand(poll(&end, 1, 0) >= 0, "poll: %s", strerror(errno));
    return end.revents;
}

static void check_broken(void)
{
    siginfo_t info;
    sigset_t set;
    const struct timespec none = {0};
    sigemptyset(&set);
    sigaddset(&set, SIGPIPE);
    demand(state_of(ended, POLLIN) == (POLLIN | POLLHUP) && unread_in(ended) == 4, "an end without a writer shows 0x%x", (unsigned)state_of(ended, POLLIN));
    demand(state_of(broken, POLLOUT) == (POLLOUT | POLLERR), "an end without a reader shows 0x%x", (unsigned)state_of(broken, POLLOUT));
    demand(write(broken, "x", 1) < 0 && errno == EPIPE && sigtimedwait(&set, &info, &none) == SIGPIPE, "a write without a reader: %s", strerror(errno));
    demand(unread_in(lonely) == LEFT, "%d bytes in a pipe without a reader", unread_in(lonely));
}

static void check_told(void)
{
    siginfo_t info;
    sigset_t set;
    char byte = 't';
    struct f_owner_ex owner = {0};
    const struct timespec patience = {.tv_sec = 20};
    demand(fcntl(told[0], F_GETOWN_EX, &owner) == 0 && owner.type == F_OWNER_TID && owner.pid == (pid_t)syscall(SYS_gettid) &&
               fcntl(told[0], F_GETSIG) == told_signal && fcntl(told[0], F_GETFL) == (O_RDONLY | O_NONBLOCK | O_ASYNC),
           "somebody else is told, or of something else");
    put(told[1], &byte, 1);
    sigemptyset(&set);
    sigaddset(&set, told_signal);
    int got;
    do
        got = sigtimedwait(&set, &info, &patience);
    while (got < 0 && errno == EINTR);
    demand(got == told_signal && info.si_fd == told[0], "nobody is told of a byte");
    take(told[0], &byte, 1, 1, "what is told of");
    while (sigtimedwait(&set, &info, &(const struct timespec){0}) > 0)
        continue;
}

void ends_check(void)
{
    check_shared();
    check_broken();
    check_told();
}

void ends_end(void)
{
    char room[256];
    take(ended, room, sizeof(room), 4, "an end without a writer");
    take(ended, room, sizeof(room), 0, "an end without a writer, and nothing left");
    int reader = open_again(lonely, O_RDONLY | O_NONBLOCK);
    take(reader, room, sizeof(room), LEFT, "what was left without a reader");
}

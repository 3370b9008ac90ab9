#include "checkpt/listen/standby.h"

#include <errno.h>
#include <fcntl.h>
#include <linux/seccomp.h>
#include <poll.h>
#include <stdbool.h>
#include <string.h>
#include <sys/ioctl.h>
#include <sys/mman.h>
#include <sys/prctl.h>
#include <sys/syscall.h>
#include <unistd.h>

enum { LISTENER = 3, SERVER, FIRST_OTHER, ASIDE = 64, REQUEST_MAX = 512 };
/* Kernels number notifications in turn: those that the server had taken lie this close to the latest that is known. */
enum { REACH = 4096 };

static void pass(uint64_t id)
{
    struct seccomp_notif_resp response = {.id = id, .flags = SECCOMP_USER_NOTIF_FLAG_CONTINUE};
    ioctl(LISTENER, SECCOMP_IOCTL_NOTIF_SEND, &response);
}

/* What the server had taken and not answered. The kernel refuses an answer to anything else. */
static void pass_left(uint64_t latest)
{
    for (uint64_t id = latest - REACH; id != latest + REACH; id++)
        pass(id);
}

/* False when nobody is left who could call. */
static bool wait_for(short events, bool with_server, bool *served)
{
    struct pollfd watched[] = {{.fd = LISTENER, .events = events}, {.fd = with_server ? SERVER : -1, .events = POLLIN}};
    while (poll(watched, 2, -1) < 0)
        ;
    *served = watched[1].revents == 0;
    return (watched[0].revents & (POLLHUP | POLLERR | POLLNVAL)) == 0;
}

static void serve(const uint64_t *latest)
{
    union {
        struct seccomp_notif notification;
        char room[REQUEST_MAX];
    } request;
    bool served, known = __atomic_load_n(latest, __ATOMIC_ACQUIRE) != 0;
    if (known)
        pass_left(*latest);
    while (wait_for(POLLIN, false, &served)) {
        memset(&request, 0, sizeof(request));
        if (ioctl(LISTENER, SECCOMP_IOCTL_NOTIF_RECV, &request) != 0)
            continue;
        pass(request.notification.id);
        if (!known)
            pass_left(request.notification.id);
        known = true;
    }
}

/* Of the server's descriptors it has those two only: nobody shall wait for it at the end of a pipe. */
static bool keep(int listener, int server)
{
    int null = open("/dev/null", O_RDWR | O_CLOEXEC);
    int first = fcntl(listener, F_DUPFD_CLOEXEC, ASIDE), second = fcntl(server, F_DUPFD_CLOEXEC, ASIDE);
    if (null < 0 || first < 0 || second < 0)
        return false;
    for (int fd = STDIN_FILENO; fd <= STDERR_FILENO; fd++)
        dup2(null, fd);
    return dup2(first, LISTENER) >= 0 && dup2(second, SERVER) >= 0 && syscall(SYS_close_range, FIRST_OTHER, ~0u, 0) == 0;
}

static _Noreturn void stand_by(int listener, int server, const uint64_t *latest)
{
    bool served = true;
    prctl(PR_SET_NAME, "ckpt-standby", 0, 0, 0);
    if (!keep(listener, server) || chdir("/") != 0)
        _exit(1);
    while (served)
        if (!wait_for(0, true, &served))
            _exit(0);
    serve(latest);
    _exit(0);
}

uint64_t *standby_start(int listener)
{
    int self = (int)syscall(SYS_pidfd_open, getpid(), 0);
    uint64_t *latest = mmap(NULL, sizeof(*latest), PROT_READ | PROT_WRITE, MAP_SHARED | MAP_ANONYMOUS, -1, 0);
    pid_t child = self >= 0 && latest != MAP_FAILED ? fork() : -1;
    if (child == 0)
        stand_by(listener, self, latest);
    if (self >= 0)
        close(self);
    return child > 0 ? latest : NULL;
}

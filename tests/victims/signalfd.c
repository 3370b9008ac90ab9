/* Signalfds: their masks, what is pending, and a thread that waits in read(2). */
#include <errno.h>
#include <fcntl.h>
#include <poll.h>
#include <pthread.h>
#include <signal.h>
#include <string.h>
#include <sys/signalfd.h>
#include <unistd.h>

#include "tests/victims/victim.h"

static sigset_t set_of(int first, int second)
{
    sigset_t set;
    sigemptyset(&set);
    sigaddset(&set, first);
    if (second != 0)
        sigaddset(&set, second);
    return set;
}

static int made(int first, int second, int flags)
{
    sigset_t set = set_of(first, second);
    int fd = signalfd(-1, &set, flags);
    demand(fd >= 0, "signalfd: %s", strerror(errno));
    return fd;
}

static void queue(int signal, int value)
{
    demand(sigqueue(getpid(), signal, (union sigval){.sival_int = value}) == 0, "signal %d: %s", signal, strerror(errno));
}

static void expect(int fd, int signal, int value)
{
    struct signalfd_siginfo info;
    demand(read(fd, &info, sizeof(info)) == sizeof(info), "reading signal %d: %s", signal, strerror(errno));
    demand((int)info.ssi_signo == signal && info.ssi_int == value, "signal %u with %d instead of %d with %d", info.ssi_signo, info.ssi_int, signal, value);
}

static void expect_nothing(int fd, const char *which)
{
    struct signalfd_siginfo info;
    demand(read(fd, &info, sizeof(info)) < 0 && errno == EAGAIN, "%s: it has read signal %u", which, info.ssi_signo);
}

static volatile int answered;
static void *answer(void *context)
{
    int fd = *(const int *)context;
    for (int round = 1;; round++) {
        expect(fd, SIGRTMIN + 5, round);
        answered = round;
    }
    return NULL;
}

int main(int argc, char **argv)
{
    struct victim victim;
    sigset_t all;
    victim_begin(&victim, argc, argv);
    sigfillset(&all);
    sigprocmask(SIG_SETMASK, &all, NULL);
    int pair = made(SIGUSR1, SIGRTMIN + 1, SFD_NONBLOCK), one = made(SIGTERM, 0, SFD_NONBLOCK | SFD_CLOEXEC), kept = made(SIGRTMIN + 2, 0, SFD_NONBLOCK);
    int waited = made(SIGRTMIN + 5, 0, 0), changed = made(SIGHUP, 0, SFD_NONBLOCK);
    sigset_t later = set_of(SIGUSR2, 0);
    demand(signalfd(changed, &later, 0) == changed, "another mask: %s", strerror(errno));
    pthread_t thread;
    demand(pthread_create(&thread, NULL, answer, &waited) == 0, "no thread");
    queue(SIGRTMIN + 2, 1);
    victim_ready(&victim);
    for (int round = 1; !victim_stopping(); round++) {
        struct pollfd polled[] = {{kept, POLLIN, 0}, {pair, POLLIN, 0}};
        demand(poll(polled, 2, 0) == 1 && polled[0].revents == POLLIN, "what is pending cannot be read");
        expect(kept, SIGRTMIN + 2, round);
        queue(SIGRTMIN + 2, round + 1);
        queue(SIGRTMIN + 1, round);
        queue(SIGUSR1, round);
        queue(SIGTERM, round);
        queue(SIGUSR2, round);
        expect(pair, SIGUSR1, round);
        expect(pair, SIGRTMIN + 1, round);
        expect_nothing(pair, "a pair");
        expect(one, SIGTERM, round);
        expect_nothing(one, "a single signal");
        expect(changed, SIGUSR2, round);
        expect_nothing(changed, "another mask");
        demand(fcntl(one, F_GETFD) == FD_CLOEXEC && fcntl(pair, F_GETFD) == 0, "close-on-exec is not what it was");
        queue(SIGRTMIN + 5, round);
        while (answered != round)
            victim_nap(1);
        victim_progress(&victim);
    }
    return victim_end();
}

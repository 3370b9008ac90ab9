/* Timerfds of every sort. The time left is never more than it was, nor less than the time that went by allows. */
#include <errno.h>
#include <fcntl.h>
#include <poll.h>
#include <pthread.h>
#include <stdio.h>
#include <string.h>
#include <sys/timerfd.h>
#include <time.h>
#include <unistd.h>

#include "tests/victims/victim.h"

enum { PERIOD_MS = 5, UNREAD_ROUNDS = 20, PATIENCE_MS = 60000 };
#define SECOND INT64_C(1000000000)
#define HOUR (3600 * SECOND)

static int64_t now_of(clockid_t clock)
{
    struct timespec now;
    clock_gettime(clock, &now);
    return now.tv_sec * SECOND + now.tv_nsec;
}

static struct timespec timespec_of(int64_t ns)
{
    return (struct timespec){ns / SECOND, ns % SECOND};
}

static int made(clockid_t clock, int flags, int set_flags, int64_t first, int64_t interval)
{
    struct itimerspec value = {timespec_of(interval), timespec_of(first)};
    int fd = timerfd_create(clock, flags);
    demand(fd >= 0 && (first == 0 || timerfd_settime(fd, set_flags, &value, NULL) == 0), "timerfd of clock %d: %s", clock, strerror(errno));
    return fd;
}

static int64_t left(int fd, int64_t interval, const char *which)
{
    struct itimerspec value;
    demand(timerfd_gettime(fd, &value) == 0, "%s: %s", which, strerror(errno));
    demand(value.it_interval.tv_sec * SECOND + value.it_interval.tv_nsec == interval, "%s: its interval is %lld.%09ld s", which, (long long)value.it_interval.tv_sec,
           value.it_interval.tv_nsec);
    return value.it_value.tv_sec * SECOND + value.it_value.tv_nsec;
}

static bool is_readable(int fd, int timeout)
{
    struct pollfd polled = {fd, POLLIN, 0};
    return poll(&polled, 1, timeout) == 1;
}

static uint64_t ticks_of(int fd, const char *which)
{
    uint64_t ticks = 0;
    demand(read(fd, &ticks, sizeof(ticks)) == sizeof(ticks) && ticks > 0, "%s: reading: %s", which, strerror(errno));
    return ticks;
}

/* A line of the kernel's about it: its clock, the flags that it was set with. Only at the end: a file of /proc that is about a descriptor cannot be opened again before the
 * descriptor is there. */
static unsigned told(int fd, const char *format)
{
    char name[48], line[128];
    unsigned value = ~0u;
    snprintf(name, sizeof(name), "/proc/self/fdinfo/%d", fd);
    FILE *file = fopen(name, "re");
    while (file != NULL && fgets(line, sizeof(line), file) != NULL)
        sscanf(line, format, &value);
    if (file != NULL)
        fclose(file);
    return value;
}

/* One that goes on with the time left. */
struct running {
    const char *name;
    clockid_t clock;
    int set_flags;
    int64_t interval;
    int fd;
    int64_t left, at;
};

static void start_running(struct running *r)
{
    bool absolute = (r->set_flags & TFD_TIMER_ABSTIME) != 0;
    r->fd = made(r->clock, 0, r->set_flags, HOUR + (absolute ? now_of(r->clock) : 0), r->interval);
    r->at = victim_now();
    r->left = HOUR;
}

static void check_running(struct running *r)
{
    int64_t before = victim_now(), is_left = left(r->fd, r->interval, r->name), after = victim_now();
    demand(is_left <= r->left && is_left >= r->left - (after - r->at) - SECOND, "%s: %lld ns are left after %lld of %lld", r->name, (long long)is_left,
           (long long)(after - r->at), (long long)r->left);
    r->left = is_left;
    r->at = before;
}

/* One that keeps its moment. */
struct moment {
    const char *name;
    int set_flags;
    int64_t interval, when;
    int fd;
};

static void check_moment(struct moment *m)
{
    int64_t before = now_of(CLOCK_REALTIME), is_left = left(m->fd, m->interval, m->name), after = now_of(CLOCK_REALTIME);
    demand(before + is_left <= m->when + SECOND / 10 && after + is_left >= m->when - SECOND / 10, "%s: it is %lld ns early", m->name,
           (long long)(m->when - before - is_left));
}

static int waited;
static volatile unsigned long woken;
static void *wait_for_ticks(void *context)
{
    (void)context;
    for (;;)
        woken += ticks_of(waited, "the waiter");
    return NULL;
}

int main(int argc, char **argv)
{
    struct victim victim;
    struct running runnings[] = {
        {"a relative one", CLOCK_MONOTONIC, 0, 0, 0, 0, 0},
        {"an absolute one of CLOCK_MONOTONIC", CLOCK_MONOTONIC, TFD_TIMER_ABSTIME, 0, 0, 0, 0},
        {"a relative one of CLOCK_REALTIME", CLOCK_REALTIME, 0, 7 * SECOND, 0, 0, 0},
        {"one of CLOCK_BOOTTIME", CLOCK_BOOTTIME, 0, 8 * SECOND + 9, 0, 0, 0},
    };
    struct moment moments[] = {
        {"an absolute one", TFD_TIMER_ABSTIME, 0, HOUR, 0},
        {"an absolute, periodic one", TFD_TIMER_ABSTIME, 5 * SECOND, 2 * HOUR, 0},
        {"one that is cancelled when the clock is set", TFD_TIMER_ABSTIME | TFD_TIMER_CANCEL_ON_SET, 0, 3 * HOUR, 0},
    };
    victim_begin(&victim, argc, argv);
    for (size_t i = 0; i < sizeof(runnings) / sizeof(runnings[0]); i++)
        start_running(&runnings[i]);
    for (size_t i = 0; i < sizeof(moments) / sizeof(moments[0]); i++) {
        moments[i].when += now_of(CLOCK_REALTIME);
        moments[i].fd = made(CLOCK_REALTIME, TFD_NONBLOCK, moments[i].set_flags, moments[i].when, moments[i].interval);
    }
    int expired = made(CLOCK_MONOTONIC, TFD_NONBLOCK | TFD_CLOEXEC, 0, 1, 0), unset = made(CLOCK_MONOTONIC, TFD_NONBLOCK, 0, 0, 0);
    int unread = made(CLOCK_MONOTONIC, 0, 0, PERIOD_MS * SECOND / 1000, PERIOD_MS * SECOND / 1000);
    int past = made(CLOCK_REALTIME, TFD_NONBLOCK, TFD_TIMER_ABSTIME, now_of(CLOCK_REALTIME), HOUR);
    waited = made(CLOCK_MONOTONIC, 0, 0, SECOND / 1000, SECOND / 1000);
    pthread_t thread;
    demand(pthread_create(&thread, NULL, wait_for_ticks, NULL) == 0, "no thread");
    demand(is_readable(expired, PATIENCE_MS) && is_readable(past, PATIENCE_MS), "one that is over does not expire");
    unsigned rounds = 0;
    victim_ready(&victim);
    while (!victim_stopping()) {
        unsigned long before = woken;
        victim_nap(PERIOD_MS);
        for (size_t i = 0; i < sizeof(runnings) / sizeof(runnings[0]); i++)
            check_running(&runnings[i]);
        for (size_t i = 0; i < sizeof(moments) / sizeof(moments[0]); i++)
            check_moment(&moments[i]);
        demand(is_readable(expired, 0) && left(expired, 0, "one that is over") == 0, "one that is over has lost its tick");
        demand(is_readable(past, 0) && left(past, HOUR, "one of a moment that is over") > 0, "one of a moment that is over has lost its tick");
        demand(!is_readable(unset, 0) && left(unset, 0, "one that was never set") == 0, "one that was never set is set");
        demand(fcntl(expired, F_GETFD) == FD_CLOEXEC && (fcntl(expired, F_GETFL) & O_NONBLOCK) != 0, "its flags are not what they were");
        demand(fcntl(unread, F_GETFD) == 0 && (fcntl(unread, F_GETFL) & O_NONBLOCK) == 0, "its flags are not what they were");
        if (++rounds == UNREAD_ROUNDS) {
            uint64_t ticks = ticks_of(unread, "one that is seldom read");
            demand(ticks >= UNREAD_ROUNDS - 1, "one that is seldom read has %llu ticks after %d periods", (unsigned long long)ticks, UNREAD_ROUNDS);
            rounds = 0;
        }
        demand(rounds == 0 || is_readable(unread, PATIENCE_MS), "one that is seldom read does not expire any more");
        for (int i = 0; woken == before; i++) {
            demand(i < PATIENCE_MS, "the waiter is not woken any more");
            victim_nap(1);
        }
        victim_progress(&victim);
    }
    for (size_t i = 0; i < sizeof(runnings) / sizeof(runnings[0]); i++)
        demand(told(runnings[i].fd, "clockid: %u") == (unsigned)runnings[i].clock, "%s: its clock is %u", runnings[i].name, told(runnings[i].fd, "clockid: %u"));
    for (size_t i = 0; i < sizeof(moments) / sizeof(moments[0]); i++)
        demand(told(moments[i].fd, "settime flags: %o") == (unsigned)moments[i].set_flags, "%s: it was set with flags %o", moments[i].name,
               told(moments[i].fd, "settime flags: %o"));
    demand(ticks_of(expired, "one that is over") == 1, "one that is over had more than one tick");
    return victim_end();
}

/* Epolls: what they watch is what they watched, by the same numbers and with the same data, also where the number has been closed or has become another file's. */
#include <errno.h>
#include <fcntl.h>
#include <pthread.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/epoll.h>
#include <sys/eventfd.h>
#include <sys/timerfd.h>
#include <unistd.h>

#include "tests/victims/victim.h"

enum { TEXT = 8192, MANY = 300, PATIENCE_MS = 60000 };
#define DATA(x) (UINT64_C(0xfeed00000000) | (uint64_t)(x))

static int made_epoll(int flags)
{
    int fd = epoll_create1(flags);
    demand(fd >= 0, "epoll: %s", strerror(errno));
    return fd;
}

static int made(unsigned count)
{
    int fd = eventfd(count, EFD_NONBLOCK);
    demand(fd >= 0, "eventfd: %s", strerror(errno));
    return fd;
}

static void control(int epoll, int operation, int fd, uint32_t events, uint64_t data)
{
    struct epoll_event event = {.events = events, .data.u64 = data};
    demand(epoll_ctl(epoll, operation, fd, &event) == 0, "epoll_ctl %d of %d: %s", operation, fd, strerror(errno));
}

static void put(int fd)
{
    const uint64_t one = 1;
    demand(write(fd, &one, sizeof(one)) == sizeof(one), "writing: %s", strerror(errno));
}

static void take(int fd)
{
    uint64_t count;
    demand(read(fd, &count, sizeof(count)) == sizeof(count), "reading: %s", strerror(errno));
}

/* Demands that exactly this is reported, at once. */
static void expect(int epoll, uint32_t events, uint64_t data, const char *which)
{
    struct epoll_event found[4];
    int count = epoll_wait(epoll, found, 4, 0);
    demand(count == 1, "%s: %d events are reported", which, count);
    demand(found[0].events == events && found[0].data.u64 == data, "%s: events %#x and data %#llx are reported", which, found[0].events,
           (unsigned long long)found[0].data.u64);
}

static void expect_nothing(int epoll, const char *which)
{
    struct epoll_event found;
    int count = epoll_wait(epoll, &found, 1, 0);
    demand(count == 0, "%s: %d events are reported: %#x", which, count, found.events);
}

static int compare_lines(const void *a, const void *b)
{
    return strcmp(*(char *const *)a, *(char *const *)b);
}

/* What the kernel tells of it, in an order of its own; without inodes, which are others after a thaw. */
static void describe(int epoll, char text[TEXT])
{
    char name[48], line[256], *lines[MANY];
    size_t count = 0, length = 0;
    snprintf(name, sizeof(name), "/proc/self/fdinfo/%d", epoll);
    FILE *file = fopen(name, "re");
    demand(file != NULL, "%s: %s", name, strerror(errno));
    while (fgets(line, sizeof(line), file) != NULL && count < MANY) {
        if (strncmp(line, "tfd:", 4) != 0)
            continue;
        line[strcspn(line, "p")] = '\0';
        lines[count++] = strdup(line);
    }
    fclose(file);
    qsort(lines, count, sizeof(lines[0]), compare_lines);
    for (size_t i = 0; i < count; i++) {
        if (length + strlen(lines[i]) + 2 < TEXT)
            length += (size_t)sprintf(text + length, "%s\n", lines[i]);
        free(lines[i]);
    }
}

/* Epolls that only this is done to: what is told of them stays the same. */
struct told {
    int epoll;
    char text[TEXT];
};

static void check_told(const struct told *told)
{
    char now[TEXT] = "";
    describe(told->epoll, now);
    demand(strcmp(now, told->text) == 0, "epoll %d was\n%sand is\n%s", told->epoll, told->text, now);
}

/* epoll_wait(2) gives up when the thread is merely stopped: a freeze has it made again, but one that is killed cannot. */
static bool may_be_interrupted;
static bool is_interrupted(int count)
{
    return may_be_interrupted && count < 0 && errno == EINTR;
}

static int waiter_epoll, question, answer;
static void *wait_for_events(void *context)
{
    struct epoll_event event;
    (void)context;
    for (;;) {
        int count = epoll_wait(waiter_epoll, &event, 1, -1);
        if (is_interrupted(count))
            continue;
        demand(count == 1 && event.data.u64 == DATA(9), "the waiter: %d events: %s", count, count < 0 ? strerror(errno) : "others");
        take(question);
        put(answer);
    }
    return NULL;
}

/* With a timeout that is never over, and a signal mask. */
static void *wait_with_timeout(void *context)
{
    struct epoll_event event;
    int epoll = *(const int *)context;
    int count;
    do
        count = epoll_pwait(epoll, &event, 1, 100000000, &(const sigset_t){0});
    while (is_interrupted(count));
    victim_broken("nothing was to be reported: %d: %s", count, strerror(errno));
}

/* Some of each sort, in one that is only looked at. */
static void make_mixed(struct told *told)
{
    int timer = timerfd_create(CLOCK_MONOTONIC, 0), inner = made_epoll(0), readable = made(1), gone, moved;
    told->epoll = made_epoll(EPOLL_CLOEXEC);
    control(told->epoll, EPOLL_CTL_ADD, made(0), EPOLLIN | EPOLLEXCLUSIVE, DATA(1));
    control(told->epoll, EPOLL_CTL_ADD, timer, EPOLLIN | EPOLLPRI | EPOLLRDHUP, UINT64_MAX);
    control(told->epoll, EPOLL_CTL_ADD, inner, EPOLLIN | EPOLLET, 0);
    control(inner, EPOLL_CTL_ADD, timer, EPOLLIN, DATA(2));
    control(told->epoll, EPOLL_CTL_ADD, readable, EPOLLOUT | EPOLLONESHOT | EPOLLET, DATA(3));
    moved = made(0);
    gone = dup(moved);
    control(told->epoll, EPOLL_CTL_ADD, moved, EPOLLIN, DATA(4));
    control(told->epoll, EPOLL_CTL_ADD, gone, EPOLLIN, DATA(5));
    close(gone);
    gone = dup(readable);
    demand(gone >= 0, "no descriptor");
    control(told->epoll, EPOLL_CTL_ADD, gone, EPOLLIN, DATA(6));
    demand(dup2(made(0), gone) == gone, "no other file: %s", strerror(errno)); /* the number is a third file's now, which is registered too */
    control(told->epoll, EPOLL_CTL_ADD, gone, EPOLLOUT, DATA(7));
    for (int i = 0; i < MANY / 4; i++)
        control(told->epoll, EPOLL_CTL_ADD, made(0), EPOLLIN, DATA(100 + i));
    describe(told->epoll, told->text);
}

int main(int argc, char **argv)
{
    static struct told mixed;
    struct victim victim;
    victim_begin(&victim, argc, argv);
    may_be_interrupted = victim_option(argv, "interrupted", 0) != 0;
    make_mixed(&mixed);
    int level = made_epoll(0), level_fd = made(1), edge = made_epoll(0), edge_fd = made(0), once = made_epoll(0), once_fd = made(1);
    int stale = made_epoll(0), stale_fd = made(1), stale_number = fcntl(stale_fd, F_DUPFD, 1000), outer = made_epoll(0), inner = made_epoll(0), innermost = made(1);
    int quiet = made_epoll(0), unheard = made(0), copy = dup(level);
    control(level, EPOLL_CTL_ADD, level_fd, EPOLLIN, DATA(1));
    control(edge, EPOLL_CTL_ADD, edge_fd, EPOLLIN | EPOLLET, DATA(2));
    control(once, EPOLL_CTL_ADD, once_fd, EPOLLIN | EPOLLONESHOT, DATA(3));
    control(stale, EPOLL_CTL_ADD, stale_number, EPOLLIN, DATA(4));
    close(stale_number);
    control(outer, EPOLL_CTL_ADD, inner, EPOLLIN, DATA(5));
    control(inner, EPOLL_CTL_ADD, innermost, EPOLLIN, DATA(6));
    control(quiet, EPOLL_CTL_ADD, unheard, EPOLLIN, DATA(7));
    expect(once, EPOLLIN, DATA(3), "one shot");
    waiter_epoll = made_epoll(EPOLL_CLOEXEC);
    question = made(0);
    answer = eventfd(0, 0);
    control(waiter_epoll, EPOLL_CTL_ADD, question, EPOLLIN, DATA(9));
    pthread_t threads[2];
    demand(pthread_create(&threads[0], NULL, wait_for_events, NULL) == 0 && pthread_create(&threads[1], NULL, wait_with_timeout, &quiet) == 0, "no thread");
    victim_ready(&victim);
    while (!victim_stopping()) {
        expect(level, EPOLLIN, DATA(1), "a level");
        expect(copy, EPOLLIN, DATA(1), "a level, by another descriptor");
        put(edge_fd);
        expect(edge, EPOLLIN, DATA(2), "an edge");
        take(edge_fd);
        expect_nothing(edge, "an edge that was taken");
        expect_nothing(once, "one shot that was fired");
        control(once, EPOLL_CTL_MOD, once_fd, EPOLLIN | EPOLLONESHOT, DATA(3));
        expect(once, EPOLLIN, DATA(3), "one shot");
        expect(stale, EPOLLIN, DATA(4), "a descriptor that was closed");
        demand(epoll_ctl(stale, EPOLL_CTL_DEL, stale_number, NULL) < 0 && errno == EBADF, "a descriptor that was closed is open");
        demand(dup2(stale_fd, stale_number) == stale_number, "the descriptor again: %s", strerror(errno));
        control(stale, EPOLL_CTL_MOD, stale_number, EPOLLIN, DATA(4));
        close(stale_number);
        expect(outer, EPOLLIN, DATA(5), "an epoll in an epoll");
        expect(inner, EPOLLIN, DATA(6), "an epoll in an epoll, itself");
        demand(fcntl(level, F_GETFD) == 0 && fcntl(waiter_epoll, F_GETFD) == FD_CLOEXEC, "close-on-exec is not what it was");
        put(question);
        take(answer);
        victim_progress(&victim);
    }
    check_told(&mixed); /* only now: a file of /proc that is about a descriptor cannot be opened again before the descriptor is there */
    return victim_end();
}

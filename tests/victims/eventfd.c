/* Eventfds: counts, semaphores, the largest count, flags, one that is shared, and a thread that waits in read(2). */
#include <errno.h>
#include <fcntl.h>
#include <poll.h>
#include <pthread.h>
#include <string.h>
#include <sys/eventfd.h>
#include <unistd.h>

#include "tests/victims/victim.h"

enum { TOKENS = 3 };
static const uint64_t large = UINT64_C(0x100000007), most = UINT64_MAX - 1;

static int made(unsigned count, int flags)
{
    int fd = eventfd(count, flags);
    demand(fd >= 0, "eventfd: %s", strerror(errno));
    return fd;
}

static uint64_t take(int fd, const char *which)
{
    uint64_t count = 0;
    demand(read(fd, &count, sizeof(count)) == sizeof(count), "%s: reading: %s", which, strerror(errno));
    return count;
}

static void put(int fd, uint64_t count, const char *which)
{
    demand(write(fd, &count, sizeof(count)) == sizeof(count), "%s: writing: %s", which, strerror(errno));
}

static void expect(int fd, uint64_t count, const char *which)
{
    uint64_t found = take(fd, which);
    demand(found == count, "%s: %llu instead of %llu", which, (unsigned long long)found, (unsigned long long)count);
}

static void expect_nothing(int fd, const char *which)
{
    uint64_t count;
    demand(read(fd, &count, sizeof(count)) < 0 && errno == EAGAIN, "%s: there is something in it", which);
}

/* Waits all its life: for a question, which it answers. */
struct waiter {
    int question, answer;
};

static void *wait_for_questions(void *context)
{
    const struct waiter *waiter = context;
    for (;;)
        put(waiter->answer, take(waiter->question, "the waiter's question") + 1, "the waiter's answer");
    return NULL;
}

static void check_flags(int fd, int flags, int descriptor_flags, const char *which)
{
    demand((fcntl(fd, F_GETFL) & O_NONBLOCK) == flags, "%s: its flags are %#x", which, fcntl(fd, F_GETFL));
    demand(fcntl(fd, F_GETFD) == descriptor_flags, "%s: its descriptor's flags are %d", which, fcntl(fd, F_GETFD));
}

int main(int argc, char **argv)
{
    struct victim victim;
    victim_begin(&victim, argc, argv);
    int counter = made(1, 0), semaphore = made(TOKENS, EFD_SEMAPHORE | EFD_NONBLOCK), big = made(0, EFD_NONBLOCK | EFD_CLOEXEC), full = made(0, EFD_NONBLOCK);
    int shared = made(0, 0), other = fcntl(shared, F_DUPFD_CLOEXEC, 100), empty = made(0, EFD_NONBLOCK);
    int at_zero = made(7, EFD_NONBLOCK);
    demand(dup2(at_zero, 0) == 0 && close(at_zero) == 0, "an eventfd as descriptor 0: %s", strerror(errno));
    put(big, large, "a large count");
    put(full, most, "the largest count");
    struct waiter waiter = {made(0, 0), made(0, 0)};
    pthread_t thread;
    demand(pthread_create(&thread, NULL, wait_for_questions, &waiter) == 0, "no thread");
    victim_ready(&victim);
    for (uint64_t round = 1; !victim_stopping(); round++) {
        expect(counter, round, "a counter");
        put(counter, round + 1, "a counter");
        for (int i = 0; i < TOKENS; i++)
            expect(semaphore, 1, "a semaphore");
        expect_nothing(semaphore, "a semaphore");
        put(semaphore, TOKENS, "a semaphore");
        expect(big, large, "a large count");
        put(big, large, "a large count");
        struct pollfd polled = {full, POLLIN | POLLOUT, 0};
        demand(poll(&polled, 1, 0) == 1 && polled.revents == POLLIN, "the largest count: poll says %#x", (unsigned)polled.revents);
        expect(full, most, "the largest count");
        put(full, most, "the largest count");
        put(shared, round, "a shared one");
        expect(other, round, "a shared one's other descriptor");
        expect_nothing(empty, "an empty one");
        expect(0, 7, "descriptor 0");
        put(0, 7, "descriptor 0");
        put(waiter.question, round, "the question");
        expect(waiter.answer, round + 1, "the answer");
        check_flags(counter, 0, 0, "a counter");
        check_flags(semaphore, O_NONBLOCK, 0, "a semaphore");
        check_flags(big, O_NONBLOCK, FD_CLOEXEC, "a large count");
        check_flags(other, 0, FD_CLOEXEC, "a shared one's other descriptor");
        victim_progress(&victim);
    }
    return victim_end();
}

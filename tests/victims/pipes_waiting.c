#include <errno.h>
#include <fcntl.h>
#include <poll.h>
#include <pthread.h>
#include <string.h>
#include <unistd.h>

#include "tests/victims/pipes.h"

enum { RECORD = 4096 /* what a write puts there as a whole */ };

struct record {
    uint64_t number;
    char rest[RECORD - sizeof(uint64_t)];
};

static int asked[2], answered[2], polled[2], filled[2];
static uint64_t next_record;

static void start(void *(*work)(void *))
{
    pthread_t thread;
    int error = pthread_create(&thread, NULL, work, NULL);
    demand(error == 0, "a thread: %s", strerror(error));
}

/* A read, write or poll is never seen to be interrupted: no signal is handled here. */
static void *echo(void *unused)
{
    (void)unused;
    for (uint64_t number;;) {
        ssize_t got = read(asked[0], &number, sizeof(number));
        demand(got == sizeof(number), "a read that waits gives %zd: %s", got, strerror(errno));
        put(answered[1], &number, sizeof(number));
    }
    return NULL;
}

static void *watch(void *unused)
{
    (void)unused;
    for (uint64_t number;;) {
        struct pollfd end = {.fd = polled[0], .events = POLLIN};
        demand(poll(&end, 1, -1) == 1 || errno == EINTR, "a poll that waits: %s", strerror(errno));
        while (read(polled[0], &number, sizeof(number)) == sizeof(number))
            put(answered[1], &number, sizeof(number));
    }
    return NULL;
}

static void *fill(void *unused)
{
    static struct record record;
    (void)unused;
    for (record.number = 0;; record.number++) {
        ssize_t done = write(filled[1], &record, sizeof(record));
        demand(done == sizeof(record), "a write that waits gives %zd: %s", done, strerror(errno));
    }
    return NULL;
}

void waiting_make(void)
{
    make_pipe(asked, 0);
    make_pipe(answered, 0);
    make_pipe(polled, O_NONBLOCK);
    make_pipe(filled, 0);
    start(echo);
    start(watch);
    start(fill);
}

static void demand_answer(int writer, uint64_t number, const char *what)
{
    uint64_t answer = 0;
    put(writer, &number, sizeof(number));
    ssize_t got = read(answered[0], &answer, sizeof(answer));
    demand(got == sizeof(answer) && answer == number, "%s: %zd bytes, %lu instead of %lu", what, got, (unsigned long)answer, (unsigned long)number);
}

void waiting_check(void)
{
    struct record record;
    demand_answer(asked[1], next_record, "who waits in read");
    demand_answer(polled[1], next_record + 1, "who waits in poll");
    ssize_t got = read(filled[0], &record, sizeof(record));
    demand(got == sizeof(record) && record.number == next_record, "who waits in write: %zd bytes, record %lu instead of %lu", got, (unsigned long)record.number,
           (unsigned long)next_record);
    next_record++;
}

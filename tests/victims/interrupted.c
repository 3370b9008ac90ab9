/* Threads inside every call that a stop interrupts. Each must wait for its whole time and see no EINTR: nobody sends it a signal. */
#include <errno.h>
#include <fcntl.h>
#include <linux/futex.h>
#include <poll.h>
#include <pthread.h>
#include <semaphore.h>
#include <signal.h>
#include <stdatomic.h>
#include <stdlib.h>
#include <string.h>
#include <sys/file.h>
#include <sys/select.h>
#include <sys/syscall.h>
#include <time.h>
#include <unistd.h>

#include "tests/victims/victim.h"

enum { PATIENCE_MS = 60000 };

struct caller {
    const struct call *call;
    pthread_t thread;
    atomic_ulong beats;
    unsigned long seen;
    struct timespec time;
    int64_t ns;
};

/* Makes the call for the caller's time; returns its result as the kernel gives it: 0 or a number, or -errno. */
struct call {
    const char *name;
    long (*make)(const struct caller *caller);
    long result; /* when the time is over */
};

static long outcome(long result)
{
    return result < 0 ? -errno : result;
}

static struct timespec until(clockid_t clock, const struct timespec *time)
{
    struct timespec end;
    clock_gettime(clock, &end);
    end.tv_sec += time->tv_sec;
    end.tv_nsec += time->tv_nsec;
    end.tv_sec += end.tv_nsec / 1000000000;
    end.tv_nsec %= 1000000000;
    return end;
}

static long do_nanosleep(const struct caller *c)
{
    struct timespec left;
    return outcome(nanosleep(&c->time, &left));
}

static long do_clock_nanosleep(const struct caller *c)
{
    return -clock_nanosleep(CLOCK_MONOTONIC, 0, &c->time, NULL);
}

static long do_absolute(const struct caller *c)
{
    struct timespec end = until(CLOCK_MONOTONIC, &c->time);
    return -clock_nanosleep(CLOCK_MONOTONIC, TIMER_ABSTIME, &end, NULL);
}

static long do_absolute_realtime(const struct caller *c)
{
    struct timespec end = until(CLOCK_REALTIME, &c->time);
    return -clock_nanosleep(CLOCK_REALTIME, TIMER_ABSTIME, &end, NULL);
}

static long do_futex(const struct caller *c)
{
    unsigned word = 0;
    return outcome(syscall(SYS_futex, &word, FUTEX_WAIT, 0, &c->time, NULL, 0));
}

static long do_futex_bitset(const struct caller *c)
{
    unsigned word = 0;
    struct timespec end = until(CLOCK_MONOTONIC, &c->time);
    return outcome(syscall(SYS_futex, &word, FUTEX_WAIT_BITSET_PRIVATE, 0, &end, NULL, FUTEX_BITSET_MATCH_ANY));
}

static long do_poll(const struct caller *c)
{
    return outcome(poll(NULL, 0, (int)(c->ns / 1000000)));
}

static long do_ppoll(const struct caller *c)
{
    sigset_t none;
    sigfillset(&none);
    return outcome(ppoll(NULL, 0, &c->time, &none));
}

static long do_select(const struct caller *c)
{
    struct timeval time = {c->time.tv_sec, c->time.tv_nsec / 1000};
    return outcome(select(0, NULL, NULL, NULL, &time));
}

static long do_pselect(const struct caller *c)
{
    sigset_t none;
    sigfillset(&none);
    return outcome(pselect(0, NULL, NULL, NULL, &c->time, &none));
}

static long do_sigtimedwait(const struct caller *c)
{
    sigset_t one;
    sigemptyset(&one);
    sigaddset(&one, SIGRTMIN + 5);
    return outcome(sigtimedwait(&one, NULL, &c->time));
}

static long do_semaphore(const struct caller *c)
{
    sem_t semaphore;
    struct timespec end = until(CLOCK_REALTIME, &c->time);
    sem_init(&semaphore, 0, 0);
    return outcome(sem_timedwait(&semaphore, &end));
}

static long do_condition(const struct caller *c)
{
    pthread_mutex_t mutex = PTHREAD_MUTEX_INITIALIZER;
    pthread_cond_t condition = PTHREAD_COND_INITIALIZER;
    struct timespec end = until(CLOCK_REALTIME, &c->time);
    pthread_mutex_lock(&mutex);
    return -pthread_cond_timedwait(&condition, &mutex, &end);
}

static const struct call calls[] = {
    {"nanosleep", do_nanosleep, 0},
    {"clock_nanosleep", do_clock_nanosleep, 0},
    {"clock_nanosleep, absolute", do_absolute, 0},
    {"clock_nanosleep, absolute, realtime", do_absolute_realtime, 0},
    {"futex", do_futex, -ETIMEDOUT},
    {"futex, absolute", do_futex_bitset, -ETIMEDOUT},
    {"poll", do_poll, 0},
    {"ppoll", do_ppoll, 0},
    {"select", do_select, 0},
    {"pselect", do_pselect, 0},
    {"sigtimedwait", do_sigtimedwait, -EAGAIN},
    {"sem_timedwait", do_semaphore, -ETIMEDOUT},
    {"pthread_cond_timedwait", do_condition, -ETIMEDOUT},
};
enum { CALLS = sizeof(calls) / sizeof(calls[0]) };

static void *work(void *argument)
{
    struct caller *c = argument;
    for (;;) {
        int64_t before = victim_now();
        long result = c->call->make(c);
        int64_t took = victim_now() - before;
        demand(result == c->call->result, "%s: it gives %ld (%s)", c->call->name, result, result < 0 ? strerror((int)-result) : "no error");
        demand(took >= c->ns - 5000000, "%s: it took %lld ns instead of %lld", c->call->name, (long long)took, (long long)c->ns);
        atomic_fetch_add(&c->beats, 1);
    }
    return NULL;
}

/* Waits that have no end of their own: woken by the first thread once they are to stop. */
struct endless {
    atomic_uint futex;
    atomic_bool stop;
    sem_t semaphore;
    int held, wanted;
};

static void *wait_futex(void *argument)
{
    struct endless *e = argument;
    while (!e->stop)
        if (syscall(SYS_futex, &e->futex, FUTEX_WAIT, 0, NULL, NULL, 0) != 0)
            demand(errno == EAGAIN, "futex without end: %s", strerror(errno));
        else
            demand(e->stop, "futex without end: woken for nothing");
    return e;
}

static void *wait_semaphore(void *argument)
{
    struct endless *e = argument;
    demand(sem_wait(&e->semaphore) == 0, "sem_wait: %s", strerror(errno));
    demand(e->stop, "sem_wait: woken for nothing");
    return e;
}

static void *wait_signal(void *argument)
{
    struct endless *e = argument;
    sigset_t one;
    siginfo_t info;
    sigemptyset(&one);
    sigaddset(&one, SIGRTMIN + 6);
    int number = sigwaitinfo(&one, &info);
    demand(number == SIGRTMIN + 6, "sigwaitinfo: %s", strerror(errno));
    demand(e->stop && info.si_value.sival_int == 4711, "sigwaitinfo: value %d", info.si_value.sival_int);
    return e;
}

static void *wait_lock(void *argument)
{
    struct endless *e = argument;
    demand(flock(e->wanted, LOCK_EX) == 0, "flock: %s", strerror(errno));
    demand(e->stop, "flock: it got the lock while somebody has it");
    return e;
}

/* The terminal is descriptor 0, if there is one: a line `go` comes when it is to stop. */
static void *wait_terminal(void *argument)
{
    struct endless *e = argument;
    char line[16];
    if (isatty(0)) {
        ssize_t n = read(0, line, sizeof(line));
        demand(n > 0, "reading a terminal: %s", n == 0 ? "the end" : strerror(errno));
        demand(n == 3 && memcmp(line, "go\n", 3) == 0, "reading a terminal: %zd bytes", n);
    }
    return e;
}

static void *(*const waits[])(void *) = {wait_futex, wait_semaphore, wait_signal, wait_lock, wait_terminal};
enum { WAITS = sizeof(waits) / sizeof(waits[0]), SIGNALLED = 2 };

static void begin_endless(struct endless *e, pthread_t *threads)
{
    *e = (struct endless){.held = open("lock", O_RDWR | O_CREAT, 0644), .wanted = open("lock", O_RDWR)};
    demand(flock(e->held, LOCK_EX) == 0, "flock: %s", strerror(errno));
    sem_init(&e->semaphore, 0, 0);
    for (int i = 0; i < WAITS; i++)
        demand(pthread_create(&threads[i], NULL, waits[i], e) == 0, "a thread cannot be made");
}

static void end_endless(struct endless *e, pthread_t *threads)
{
    e->stop = true;
    e->futex = 1;
    syscall(SYS_futex, &e->futex, FUTEX_WAKE, 1, NULL, NULL, 0);
    sem_post(&e->semaphore);
    pthread_sigqueue(threads[SIGNALLED], SIGRTMIN + 6, (union sigval){.sival_int = 4711});
    flock(e->held, LOCK_UN);
    for (int i = 0; i < WAITS; i++)
        pthread_join(threads[i], NULL);
}

static void await_beats(struct caller *callers)
{
    for (int i = 0; i < CALLS; i++) {
        for (int patience = 0; atomic_load(&callers[i].beats) == callers[i].seen; patience++) {
            demand(patience < PATIENCE_MS, "%s: it never returns", callers[i].call->name);
            victim_nap(1);
        }
        callers[i].seen = atomic_load(&callers[i].beats);
    }
}

int main(int argc, char **argv)
{
    struct victim victim;
    struct caller callers[CALLS];
    struct endless endless;
    pthread_t threads[WAITS];
    sigset_t blocked;
    victim_begin(&victim, argc, argv);
    long ms = (long)victim_option(argv, "ms", 300);
    sigfillset(&blocked);
    sigdelset(&blocked, SIGTERM);
    pthread_sigmask(SIG_BLOCK, &blocked, NULL);
    begin_endless(&endless, threads);
    for (int i = 0; i < CALLS; i++) {
        callers[i] = (struct caller){.call = &calls[i], .time = {ms / 1000, ms % 1000 * 1000000}, .ns = ms * 1000000};
        demand(pthread_create(&callers[i].thread, NULL, work, &callers[i]) == 0, "a thread cannot be made");
    }
    await_beats(callers);
    victim_ready(&victim);
    while (!victim_stopping()) {
        await_beats(callers);
        victim_progress(&victim);
    }
    end_endless(&endless, threads);
    return victim_end();
}

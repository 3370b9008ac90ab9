/* Seventeen threads that keep each other honest: every kind of lock, thread-local storage, names, sleeping, waiting, reading, vector registers.
 * Timers and signals are the first thread's (threads_signals.c), which also sees to it that nobody stands still. */
#include <errno.h>
#include <fcntl.h>
#include <linux/futex.h>
#include <pthread.h>
#include <sched.h>
#include <signal.h>
#include <stdatomic.h>
#include <stdio.h>
#include <string.h>
#include <sys/prctl.h>
#include <sys/syscall.h>
#include <time.h>
#include <unistd.h>

#include "tests/victims/threads.h"
#include "tests/victims/victim.h"

enum { INPUT_SIZE = 65536, SLEEP_NS = 20000000, PATIENCE_MS = 60000 };

struct pair {
    pthread_mutex_t mutex;
    volatile unsigned long a, b;
};

struct world {
    struct pair normal, recursive, robust, checking, cond;
    pthread_rwlock_t rwlock;
    volatile unsigned long written[16];
    pthread_cond_t filled, emptied;
    atomic_uint futex;
    atomic_bool stop;
};

struct worker {
    const struct role *role;
    struct world *world;
    pthread_t thread;
    atomic_ulong beats;
    unsigned long seen; /* the first thread's: beats at the last round */
};

struct role {
    const char *name;
    void (*round)(struct world *world, const char *name);
};

static __thread struct {
    uint64_t magic;
    const char *name;
    uint8_t filler[3000];
} mark;

static void must(int error, const char *name, const char *call)
{
    demand(error == 0, "thread %s: %s: %s", name, call, strerror(error));
}

static void step(struct pair *pair, const char *name)
{
    demand(pair->a == pair->b, "thread %s: somebody else is inside its lock: %lu and %lu", name, pair->a, pair->b);
    pair->a++;
    sched_yield();
    pair->b++;
}

static void normal(struct world *w, const char *name)
{
    must(pthread_mutex_lock(&w->normal.mutex), name, "locking a normal mutex");
    step(&w->normal, name);
    must(pthread_mutex_unlock(&w->normal.mutex), name, "unlocking a normal mutex");
}

static void recursive(struct world *w, const char *name)
{
    for (int i = 0; i < 3; i++)
        must(pthread_mutex_lock(&w->recursive.mutex), name, "locking a recursive mutex");
    step(&w->recursive, name);
    for (int i = 0; i < 3; i++)
        must(pthread_mutex_unlock(&w->recursive.mutex), name, "unlocking a recursive mutex");
}

static void robust(struct world *w, const char *name)
{
    must(pthread_mutex_lock(&w->robust.mutex), name, "locking a robust mutex");
    step(&w->robust, name);
    must(pthread_mutex_unlock(&w->robust.mutex), name, "unlocking a robust mutex");
}

static void checking(struct world *w, const char *name)
{
    must(pthread_mutex_lock(&w->checking.mutex), name, "locking an error-checking mutex");
    int again = pthread_mutex_lock(&w->checking.mutex);
    demand(again == EDEADLK, "thread %s: an error-checking mutex locked twice gives %d", name, again);
    step(&w->checking, name);
    must(pthread_mutex_unlock(&w->checking.mutex), name, "unlocking an error-checking mutex");
}

static void writer(struct world *w, const char *name)
{
    must(pthread_rwlock_wrlock(&w->rwlock), name, "locking for writing");
    for (size_t i = 0; i < 16; i++)
        w->written[i]++;
    sched_yield();
    must(pthread_rwlock_unlock(&w->rwlock), name, "unlocking after writing");
}

static void reader(struct world *w, const char *name)
{
    must(pthread_rwlock_rdlock(&w->rwlock), name, "locking for reading");
    for (size_t i = 1; i < 16; i++)
        demand(w->written[i] == w->written[0], "thread %s: a writer is inside its lock", name);
    must(pthread_rwlock_unlock(&w->rwlock), name, "unlocking after reading");
}

/* a is what was made, b what was taken: they differ by one at most. */
static void producer(struct world *w, const char *name)
{
    must(pthread_mutex_lock(&w->cond.mutex), name, "locking a condition's mutex");
    while (w->cond.a != w->cond.b && !w->stop)
        must(pthread_cond_wait(&w->emptied, &w->cond.mutex), name, "waiting for a condition");
    w->cond.a += w->cond.a == w->cond.b;
    pthread_cond_signal(&w->filled);
    must(pthread_mutex_unlock(&w->cond.mutex), name, "unlocking a condition's mutex");
}

static void consumer(struct world *w, const char *name)
{
    must(pthread_mutex_lock(&w->cond.mutex), name, "locking a condition's mutex");
    while (w->cond.a == w->cond.b && !w->stop)
        must(pthread_cond_wait(&w->filled, &w->cond.mutex), name, "waiting for a condition");
    demand(w->cond.a - w->cond.b <= 1, "thread %s: %lu were made, %lu taken", name, w->cond.a, w->cond.b);
    w->cond.b = w->cond.a;
    pthread_cond_signal(&w->emptied);
    must(pthread_mutex_unlock(&w->cond.mutex), name, "unlocking a condition's mutex");
}

static void sleeper(struct world *w, const char *name)
{
    const struct timespec time = {.tv_nsec = SLEEP_NS};
    int64_t before = victim_now();
    (void)w;
    demand(nanosleep(&time, NULL) == 0, "thread %s: nanosleep: %s", name, strerror(errno));
    demand(victim_now() - before >= SLEEP_NS, "thread %s: it slept %lld ns instead of %d", name, (long long)(victim_now() - before), SLEEP_NS);
}

/* The first thread counts the word up and wakes. */
static void waiter(struct world *w, const char *name)
{
    unsigned old = atomic_load(&w->futex);
    if (!w->stop && syscall(SYS_futex, &w->futex, FUTEX_WAIT_PRIVATE, old, NULL, NULL, 0) != 0)
        demand(errno == EAGAIN, "thread %s: futex: %s", name, strerror(errno));
    demand(w->stop || atomic_load(&w->futex) != old, "thread %s: it was woken for nothing", name);
}

static void file_reader(struct world *w, const char *name)
{
    static __thread int fd = -1;
    static __thread size_t offset;
    uint64_t found[16], input[16];
    (void)w;
    if (fd < 0)
        fd = open("input", O_RDONLY);
    ssize_t n = read(fd, found, sizeof(found));
    demand(n == (ssize_t)sizeof(found), "thread %s: read gives %zd: %s", name, n, strerror(errno));
    pattern_fill(input, sizeof(input), offset);
    demand(memcmp(found, input, sizeof(input)) == 0, "thread %s: wrong bytes at %zu", name, offset);
    offset = (offset + sizeof(input)) % INPUT_SIZE;
    if (offset == 0)
        demand(lseek(fd, 0, SEEK_SET) == 0, "thread %s: lseek: %s", name, strerror(errno));
}

static const struct role roles[] = {
    {"normal-1", normal},       {"normal-2", normal},     {"recursive-1", recursive}, {"recursive-2", recursive},
    {"robust-1", robust},       {"robust-2", robust},     {"checking-1", checking},   {"checking-2", checking},
    {"writer", writer},         {"reader", reader},       {"producer", producer},     {"consumer", consumer},
    {"sleeper", sleeper},       {"waiter", waiter},       {"file", file_reader},      {"vectors", threads_vectors},
};
enum { WORKERS = sizeof(roles) / sizeof(roles[0]) };

static void check_mark(const char *name)
{
    char comm[16] = "";
    demand(mark.magic == (uint64_t)(uintptr_t)&mark && mark.name == name && mark.filler[2999] == 0xa5, "thread %s: its own storage is lost", name);
    prctl(PR_GET_NAME, comm);
    demand(strcmp(comm, name) == 0, "thread %s: its name is %s", name, comm);
}

/* The C library looks a thread's id up, and then calls the kernel with it. A program that is resumed with new ids between these two has the old one in hand, once; what is kept in
 * memory is right, so that the second time must do. */
static int signal_nothing(pthread_t thread)
{
    int error = pthread_kill(thread, 0);
    return error == ESRCH ? pthread_kill(thread, 0) : error;
}

static void *work(void *argument)
{
    struct worker *worker = argument;
    const char *name = worker->role->name;
    mark.magic = (uint64_t)(uintptr_t)&mark;
    mark.name = name;
    memset(mark.filler, 0xa5, sizeof(mark.filler));
    must(pthread_setname_np(pthread_self(), name), name, "naming");
    while (!worker->world->stop) {
        worker->role->round(worker->world, name);
        check_mark(name);
        must(signal_nothing(pthread_self()), name, "being known to the C library");
        atomic_fetch_add(&worker->beats, 1);
    }
    return worker;
}

static void pair_init(struct pair *pair, int type, int robustness)
{
    pthread_mutexattr_t attributes;
    pthread_mutexattr_init(&attributes);
    pthread_mutexattr_settype(&attributes, type);
    pthread_mutexattr_setrobust(&attributes, robustness);
    pthread_mutex_init(&pair->mutex, &attributes);
    pair->a = pair->b = 0;
}

static void world_init(struct world *w)
{
    memset(w, 0, sizeof(*w));
    pair_init(&w->normal, PTHREAD_MUTEX_NORMAL, PTHREAD_MUTEX_STALLED);
    pair_init(&w->recursive, PTHREAD_MUTEX_RECURSIVE, PTHREAD_MUTEX_STALLED);
    pair_init(&w->robust, PTHREAD_MUTEX_NORMAL, PTHREAD_MUTEX_ROBUST);
    pair_init(&w->checking, PTHREAD_MUTEX_ERRORCHECK, PTHREAD_MUTEX_STALLED);
    pair_init(&w->cond, PTHREAD_MUTEX_NORMAL, PTHREAD_MUTEX_STALLED);
    pthread_rwlock_init(&w->rwlock, NULL);
    pthread_cond_init(&w->filled, NULL);
    pthread_cond_init(&w->emptied, NULL);
}

static void make_input(void)
{
    uint64_t piece[16];
    int fd = open("input", O_WRONLY | O_CREAT | O_TRUNC | O_CLOEXEC, 0644);
    for (size_t offset = 0; offset < INPUT_SIZE; offset += sizeof(piece)) {
        pattern_fill(piece, sizeof(piece), offset);
        demand(write(fd, piece, sizeof(piece)) == (ssize_t)sizeof(piece), "input: writing: %s", strerror(errno));
    }
    close(fd);
}

static void wake(struct world *w)
{
    atomic_fetch_add(&w->futex, 1);
    syscall(SYS_futex, &w->futex, FUTEX_WAKE_PRIVATE, 1, NULL, NULL, 0);
}

/* Counted in naps, not in time: a program may spend years in a file. */
static void await_beats(struct world *w, struct worker *workers)
{
    for (int i = 0; i < WORKERS; i++) {
        for (int patience = 0; atomic_load(&workers[i].beats) == workers[i].seen; patience++) {
            demand(patience < PATIENCE_MS, "thread %s stands still", workers[i].role->name);
            wake(w);
            victim_nap(1);
        }
        workers[i].seen = atomic_load(&workers[i].beats);
        must(signal_nothing(workers[i].thread), workers[i].role->name, "being known to the first thread");
    }
}

static void finish(struct world *w, struct worker *workers)
{
    pthread_mutex_lock(&w->cond.mutex);
    w->stop = true;
    pthread_cond_broadcast(&w->filled);
    pthread_cond_broadcast(&w->emptied);
    pthread_mutex_unlock(&w->cond.mutex);
    for (int i = 0; i < WORKERS; i++) {
        void *result;
        wake(w);
        must(pthread_join(workers[i].thread, &result), workers[i].role->name, "joining");
        demand(result == &workers[i], "thread %s: its result is lost", workers[i].role->name);
    }
}

int main(int argc, char **argv)
{
    struct victim victim;
    struct world world;
    struct worker workers[WORKERS];
    victim_begin(&victim, argc, argv);
    world_init(&world);
    make_input();
    threads_signals_block();
    for (int i = 0; i < WORKERS; i++) {
        workers[i] = (struct worker){.role = &roles[i], .world = &world};
        must(pthread_create(&workers[i].thread, NULL, work, &workers[i]), roles[i].name, "making it");
    }
    threads_signals_begin();
    await_beats(&world, workers);
    victim_ready(&victim);
    while (!victim_stopping()) {
        await_beats(&world, workers);
        threads_signals_check();
        victim_progress(&victim);
    }
    finish(&world, workers);
    threads_signals_end();
    return victim_end();
}

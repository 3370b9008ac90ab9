#include "pool.h"

#include <pthread.h>
#include <sched.h>
#include <signal.h>
#include <stdint.h>
#include <stdlib.h>

struct slot {
    void *job;
    bool done;
};

struct pool {
    pool_work *work;
    void *context;
    pthread_mutex_t lock;
    pthread_cond_t given, done;
    bool stop;
    uint64_t first, next, end; /* taken back before `first`, begun before `next`, given before `end` */
    size_t slot_count;
    struct slot *slots;
    unsigned thread_count;
    struct worker {
        struct pool *pool;
        unsigned number;
        pthread_t thread;
    } workers[POOL_THREADS_MAX];
};

unsigned pool_threads(unsigned wanted)
{
    cpu_set_t cpus;
    if (wanted == 0 && sched_getaffinity(0, sizeof(cpus), &cpus) == 0)
        wanted = (unsigned)CPU_COUNT(&cpus);
    return wanted == 0 ? 1 : wanted < POOL_THREADS_MAX ? wanted : POOL_THREADS_MAX;
}

static void *run(void *argument)
{
    struct worker *worker = argument;
    struct pool *pool = worker->pool;
    pthread_mutex_lock(&pool->lock);
    for (;;) {
        while (pool->next == pool->end && !pool->stop)
            pthread_cond_wait(&pool->given, &pool->lock);
        if (pool->stop)
            break;
        struct slot *slot = &pool->slots[pool->next++ % pool->slot_count];
        pthread_mutex_unlock(&pool->lock);
        pool->work(pool->context, slot->job, worker->number);
        pthread_mutex_lock(&pool->lock);
        slot->done = true;
        pthread_cond_signal(&pool->done);
    }
    pthread_mutex_unlock(&pool->lock);
    return NULL;
}

/* The threads take no signals: those are the program's. */
static void start(struct pool *pool, unsigned threads)
{
    pthread_attr_t attributes;
    sigset_t all;
    sigfillset(&all);
    if (pthread_attr_init(&attributes) != 0)
        return;
    pthread_attr_setsigmask_np(&attributes, &all);
    while (pool->thread_count < threads) {
        struct worker *worker = &pool->workers[pool->thread_count];
        *worker = (struct worker){.pool = pool, .number = pool->thread_count};
        if (pthread_create(&worker->thread, &attributes, run, worker) != 0)
            break;
        pool->thread_count++;
    }
    pthread_attr_destroy(&attributes);
}

struct pool *pool_create(unsigned threads, size_t slots, pool_work *work, void *context)
{
    struct pool *pool = calloc(1, sizeof(*pool));
    struct slot *list = calloc(slots, sizeof(*list));
    if (pool == NULL || list == NULL) {
        free(pool);
        free(list);
        return NULL;
    }
    pool->work = work;
    pool->context = context;
    pool->slots = list;
    pool->slot_count = slots;
    pthread_mutex_init(&pool->lock, NULL);
    pthread_cond_init(&pool->given, NULL);
    pthread_cond_init(&pool->done, NULL);
    if (threads > 1)
        start(pool, threads < POOL_THREADS_MAX ? threads : POOL_THREADS_MAX);
    return pool;
}

void pool_destroy(struct pool *pool)
{
    if (pool == NULL)
        return;
    pthread_mutex_lock(&pool->lock);
    pool->stop = true;
    pthread_cond_broadcast(&pool->given);
    pthread_mutex_unlock(&pool->lock);
    for (unsigned i = 0; i < pool->thread_count; i++)
        pthread_join(pool->workers[i].thread, NULL);
    pthread_mutex_destroy(&pool->lock);
    pthread_cond_destroy(&pool->given);
    pthread_cond_destroy(&pool->done);
    free(pool->slots);
    free(pool);
}

bool pool_has_room(const struct pool *pool)
{
    return pool->end - pool->first < pool->slot_count;
}

size_t pool_outstanding(const struct pool *pool)
{
    return (size_t)(pool->end - pool->first);
}

void pool_give(struct pool *pool, void *job)
{
    struct slot *slot = &pool->slots[pool->end % pool->slot_count];
    if (pool->thread_count == 0) {
        *slot = (struct slot){job, true};
        pool->work(pool->context, job, 0);
        pool->next = ++pool->end;
        return;
    }
    pthread_mutex_lock(&pool->lock);
    *slot = (struct slot){job, false};
    pool->end++;
    pthread_cond_signal(&pool->given);
    pthread_mutex_unlock(&pool->lock);
}

void *pool_take(struct pool *pool)
{
    if (pool->first == pool->end)
        return NULL;
    struct slot *slot = &pool->slots[pool->first % pool->slot_count];
    pthread_mutex_lock(&pool->lock);
    while (!slot->done)
        pthread_cond_wait(&pool->done, &pool->lock);
    pthread_mutex_unlock(&pool->lock);
    pool->first++;
    return slot->job;
}

/* The judge is glibc itself: locks held by this thread are found, the others are not. */
#include <criterion/criterion.h>
#include <pthread.h>
#include <unistd.h>

#include "checkpt/freeze/tid_words.h"

struct found {
    uint64_t address[32];
    size_t count;
};

static void remember(void *context, uint64_t address, pid_t tid)
{
    struct found *found = context;
    cr_assert_eq(tid, gettid());
    cr_assert_lt(found->count, 32u);
    found->address[found->count++] = address;
}

static void init_mutex(pthread_mutex_t *mutex, int type, int robust, int protocol)
{
    pthread_mutexattr_t attributes;
    pthread_mutexattr_init(&attributes);
    pthread_mutexattr_settype(&attributes, type);
    pthread_mutexattr_setrobust(&attributes, robust);
    pthread_mutexattr_setprotocol(&attributes, protocol);
    cr_assert_eq(pthread_mutex_init(mutex, &attributes), 0);
}

struct locks {
    pthread_mutex_t normal, recursive, errorcheck, robust, inherit;
    pthread_rwlock_t written, read;
    char behind[TID_WORDS_OVERLAP];
};

static void init_locks(struct locks *locks)
{
    init_mutex(&locks->normal, PTHREAD_MUTEX_NORMAL, PTHREAD_MUTEX_STALLED, PTHREAD_PRIO_NONE);
    init_mutex(&locks->recursive, PTHREAD_MUTEX_RECURSIVE, PTHREAD_MUTEX_STALLED, PTHREAD_PRIO_NONE);
    init_mutex(&locks->errorcheck, PTHREAD_MUTEX_ERRORCHECK, PTHREAD_MUTEX_STALLED, PTHREAD_PRIO_NONE);
    init_mutex(&locks->robust, PTHREAD_MUTEX_NORMAL, PTHREAD_MUTEX_ROBUST, PTHREAD_PRIO_NONE);
    init_mutex(&locks->inherit, PTHREAD_MUTEX_NORMAL, PTHREAD_MUTEX_STALLED, PTHREAD_PRIO_INHERIT);
    pthread_rwlock_init(&locks->written, NULL);
    pthread_rwlock_init(&locks->read, NULL);
}

static void scan(struct locks *locks, struct found *found)
{
    pid_t tid = gettid();
    struct tid_set set = {&tid, 1};
    tid_words_scan(&set, (uintptr_t)locks, locks, sizeof(*locks), remember, found);
}

Test(tid_words, held_locks_are_found)
{
    static struct locks locks;
    init_locks(&locks);
    pthread_mutex_lock(&locks.normal);
    pthread_mutex_lock(&locks.recursive);
    pthread_mutex_lock(&locks.recursive);
    pthread_mutex_lock(&locks.errorcheck);
    pthread_mutex_lock(&locks.robust);
    pthread_mutex_lock(&locks.inherit);
    pthread_rwlock_wrlock(&locks.written);
    pthread_rwlock_rdlock(&locks.read);
    struct found found = {0};
    scan(&locks, &found);
    const uint64_t expected[] = {
        (uintptr_t)&locks.recursive + 8, (uintptr_t)&locks.errorcheck + 8, (uintptr_t)&locks.robust,     (uintptr_t)&locks.robust + 8,
        (uintptr_t)&locks.inherit,       (uintptr_t)&locks.inherit + 8,    (uintptr_t)&locks.written + 24,
    };
    cr_assert_eq(found.count, 7u);
    for (size_t i = 0; i < 7; i++)
        cr_expect_eq(found.address[i], expected[i]);
}

Test(tid_words, free_locks_are_not)
{
    static struct locks locks;
    init_locks(&locks);
    struct found found = {0};
    scan(&locks, &found);
    cr_assert_eq(found.count, 0u);
}

/* A structure that straddles two pieces is found once, in the piece in which it begins. */
Test(tid_words, pieces_overlap)
{
    static struct locks locks;
    init_locks(&locks);
    pthread_mutex_lock(&locks.recursive);
    pthread_rwlock_wrlock(&locks.written);
    pid_t tid = gettid();
    struct tid_set set = {&tid, 1};
    for (size_t cut = 8; cut + TID_WORDS_OVERLAP < sizeof(locks); cut += 8) {
        struct found found = {0};
        tid_words_scan(&set, (uintptr_t)&locks, &locks, cut + TID_WORDS_OVERLAP, remember, &found);
        tid_words_scan(&set, (uintptr_t)&locks + cut, (char *)&locks + cut, sizeof(locks) - cut, remember, &found);
        cr_assert_eq(found.count, 2u, "cut at %zu: %zu", cut, found.count);
    }
}

/* Worker threads that do jobs in any order and hand them back in the order in which they were given. */
#ifndef CKPTFMT_POOL_H
#define CKPTFMT_POOL_H

#include <stdbool.h>
#include <stddef.h>

enum { POOL_THREADS_MAX = 64 };

/* `worker` numbers the thread, from 0: a place for what a job needs and nobody shares. */
typedef void pool_work(void *context, void *job, unsigned worker);

struct pool;

/* How many threads an option of 0 or more means here. */
unsigned pool_threads(unsigned wanted);
/* With one thread, or where no thread can be started, the jobs are done by pool_give() itself. NULL when memory ran out. */
struct pool *pool_create(unsigned threads, size_t slots, pool_work *work, void *context);
/* Waits for what is being done; jobs not begun are dropped. NULL is allowed. */
void pool_destroy(struct pool *pool);
/* Whether a job can be given before one is taken back. */
bool pool_has_room(const struct pool *pool);
/* How many jobs were given and not taken back. */
size_t pool_outstanding(const struct pool *pool);
void pool_give(struct pool *pool, void *job);
/* The oldest job, when it is done; NULL where none is out. */
void *pool_take(struct pool *pool);

#endif

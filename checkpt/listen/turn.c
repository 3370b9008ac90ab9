#include "checkpt/listen/turn.h"

#include <pthread.h>
#include <stdbool.h>
#include <stddef.h>

/* Like the table of calls there is one of these in the process that serves. */
static struct {
    pthread_mutex_t mutex;
    pthread_cond_t given;
    struct turn *taken;
} turns = {PTHREAD_MUTEX_INITIALIZER, PTHREAD_COND_INITIALIZER, NULL};

static bool is_taken(pid_t process)
{
    const struct turn *turn = turns.taken;
    while (turn != NULL && turn->process != process)
        turn = turn->next;
    return turn != NULL;
}

void turn_take(struct turn *turn, pid_t process)
{
    pthread_mutex_lock(&turns.mutex);
    while (is_taken(process))
        pthread_cond_wait(&turns.given, &turns.mutex);
    *turn = (struct turn){process, turns.taken};
    turns.taken = turn;
    pthread_mutex_unlock(&turns.mutex);
}

void turn_give(struct turn *turn)
{
    struct turn **link = &turns.taken;
    pthread_mutex_lock(&turns.mutex);
    while (*link != turn)
        link = &(*link)->next;
    *link = turn->next;
    pthread_cond_broadcast(&turns.given);
    pthread_mutex_unlock(&turns.mutex);
}

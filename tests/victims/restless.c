/* Threads that come and go all the time, and some that stay: what each was given comes back from it. */
#include <pthread.h>
#include <string.h>

#include "tests/victims/victim.h"

enum { AT_ONCE = 4, STAYING = 3, TURNS = 50 };

struct errand {
    pthread_t thread;
    uint64_t given, result;
};

static _Thread_local uint64_t own;

static void *run_errand(void *argument)
{
    struct errand *errand = argument;
    own = errand->given;
    for (int i = 0; i < 100; i++)
        own = own * 6364136223846793005u + 1;
    errand->result = own;
    return errand;
}

static uint64_t result_of(uint64_t given)
{
    for (int i = 0; i < 100; i++)
        given = given * 6364136223846793005u + 1;
    return given;
}

static void send(uint64_t turn)
{
    struct errand errands[AT_ONCE];
    for (int i = 0; i < AT_ONCE; i++) {
        errands[i] = (struct errand){.given = turn * AT_ONCE + (uint64_t)i};
        int error = pthread_create(&errands[i].thread, NULL, run_errand, &errands[i]);
        demand(error == 0, "a thread: starting it: %s", strerror(error));
    }
    for (int i = 0; i < AT_ONCE; i++) {
        void *back;
        int error = pthread_join(errands[i].thread, &back);
        demand(error == 0 && back == &errands[i], "a thread: waiting for it: %s", strerror(error));
        demand(errands[i].result == result_of(errands[i].given), "a thread was given %llu, and brought something else", (unsigned long long)errands[i].given);
    }
}

static void *stay(void *argument)
{
    pthread_mutex_t *door = argument;
    pthread_mutex_lock(door);
    pthread_mutex_unlock(door);
    return NULL;
}

int main(int argc, char **argv)
{
    struct victim victim;
    pthread_mutex_t door = PTHREAD_MUTEX_INITIALIZER;
    pthread_t staying[STAYING];
    victim_begin(&victim, argc, argv);
    pthread_mutex_lock(&door);
    for (int i = 0; i < STAYING; i++)
        demand(pthread_create(&staying[i], NULL, stay, &door) == 0, "a thread that stays: cannot be started");
    victim_ready(&victim);
    for (uint64_t turn = 0; !victim_stopping(); turn++) {
        send(turn);
        if (turn % TURNS == 0)
            victim_progress(&victim);
    }
    pthread_mutex_unlock(&door);
    for (int i = 0; i < STAYING; i++)
        demand(pthread_join(staying[i], NULL) == 0, "a thread that stays: cannot be waited for");
    return victim_end();
}

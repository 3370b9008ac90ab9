/* What every victim does alike. A victim is an ordinary program that states invariants: it works in the directory given as its first
 * argument, makes the file `ready` there (with its pid) once all that it is about exists, counts its rounds in the file `progress`, and
 * ends when a file `stop` appears: 0 and a file `whole` when everything held, 1 and a file `broken` with a sentence otherwise. */
#ifndef TESTS_VICTIMS_VICTIM_H
#define TESTS_VICTIMS_VICTIM_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

struct victim {
    const char *directory;
    unsigned long rounds;
};

/* Goes to argv[1]. Prints how to use the program and exits 2 when there is none. */
void victim_begin(struct victim *victim, int argc, char **argv);
void victim_ready(const struct victim *victim);

/* One more round in which every invariant held. */
void victim_progress(struct victim *victim);
bool victim_stopping(void);

/* The exit status of a program of which everything held. */
int victim_end(void);

/* Says which invariant does not hold, on stderr and in the file `broken`, and exits 1. Any thread may call it. */
_Noreturn void victim_broken(const char *format, ...) __attribute__((format(printf, 1, 2)));
#define demand(condition, ...) ((condition) ? (void)0 : victim_broken(__VA_ARGS__))

/* The argument NAME=NUMBER, or `otherwise`. */
unsigned long victim_option(char **argv, const char *name, unsigned long otherwise);

/* Nanoseconds of CLOCK_MONOTONIC. */
int64_t victim_now(void);
void victim_nap(long milliseconds);

/* Fills, and demands, a pattern that depends on every byte's offset and on the seed. `bytes` is a multiple of 8. */
void pattern_fill(void *memory, size_t bytes, uint64_t seed);
void pattern_check(const void *memory, size_t bytes, uint64_t seed, const char *what);

#endif

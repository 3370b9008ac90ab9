/* `make bench`: our figures beside the machine's own limits, in one run. */
#ifndef BENCH_BENCH_H
#define BENCH_BENCH_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>
#include <sys/types.h>

/* Where the programs are, and where files may be written. */
struct place {
    const char *bin, *stepper, *directory;
};

/* Milliseconds of CLOCK_MONOTONIC. */
double milliseconds(void);

/* The machine's limits: milliseconds. In a process of its own with so many bytes of memory; negative with a sentence on stderr when it cannot be measured. */
double machine_exec(const struct place *place, size_t bytes);
double machine_fork(const struct place *place, size_t bytes);
double machine_copy(const struct place *place, size_t bytes);
double machine_write(const struct place *place, size_t bytes);

/* A program that was run to its end. */
struct run {
    double milliseconds;
    double rss_mib; /* peak */
    int status;     /* of wait(2) */
};

/* `out`: its stdout; its stderr is ours. Exits 2 with a sentence when it cannot be started. */
pid_t program_start(char *const *arguments, int out);
struct run program_run(char *const *arguments);

/* Ends and reaps it. */
void program_end(pid_t pid);

#endif

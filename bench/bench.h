/* `make bench`: our figures beside the machine's own limits, in one run. */
#ifndef BENCH_BENCH_H
#define BENCH_BENCH_H

#include <limits.h>
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

/* The peer. */
struct criu {
    char program[PATH_MAX];
    char sentence[256]; /* its own, about what failed last; or why it is not there */
    bool works;
};

/* Whether it is installed, and can do anything on this kernel: `criu check`. */
void criu_look(struct criu *criu);
/* Into a directory of its own below `place`; without leave_running the program, a child of ours, is ended. Milliseconds; negative with the sentence where it fails. */
double criu_dump(struct criu *criu, const struct place *place, pid_t pid, bool leave_running);
/* From there, until criu has ended: it leaves the program running, as *pid, and as nobody's child. 0: not known. */
double criu_restore(struct criu *criu, const struct place *place, pid_t *pid);
void criu_clean(const struct place *place);

#endif

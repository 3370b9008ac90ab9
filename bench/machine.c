#include <errno.h>
#include <fcntl.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/mman.h>
#include <sys/wait.h>
#include <unistd.h>

#include "bench/bench.h"

enum { PIECE = 1 << 20, WINDOW = 64 << 20 };

static double fork_once(const struct place *place, const uint8_t *memory, size_t bytes)
{
    (void)place, (void)memory, (void)bytes;
    double before = milliseconds();
    pid_t pid = fork();
    if (pid == 0)
        _exit(0);
    double took = milliseconds() - before;
    waitpid(pid, NULL, 0);
    return took;
}

/* Into memory that is there already, so it is copying and nothing else. */
static double copy_once(const struct place *place, const uint8_t *memory, size_t bytes)
{
    (void)place;
    uint8_t *window = malloc(WINDOW);
    memset(window, 1, WINDOW);
    double before = milliseconds();
    for (size_t i = 0; i < bytes; i += PIECE)
        memcpy(window + i % WINDOW, memory + i, PIECE);
    double took = milliseconds() - before;
    int kept = window[bytes / 2 % WINDOW];
    free(window);
    return kept < 0 ? -1 : took;
}

static double write_once(const struct place *place, const uint8_t *memory, size_t bytes)
{
    char path[4096];
    snprintf(path, sizeof(path), "%s/written", place->directory);
    double before = milliseconds();
    int fd = open(path, O_WRONLY | O_CREAT | O_TRUNC | O_CLOEXEC, 0644);
    bool fine = fd >= 0;
    for (size_t i = 0; fine && i < bytes; i += PIECE)
        fine = write(fd, memory + i, PIECE) == PIECE;
    fine = fine && fsync(fd) == 0;
    double took = milliseconds() - before;
    if (!fine)
        fprintf(stderr, "bench: %s: writing %zu bytes: %s\n", path, bytes, strerror(errno));
    if (fd >= 0)
        close(fd);
    unlink(path);
    return fine ? took : -1;
}

/* Our own memory must stay small: what we start would be charged with it. */
static double in_child(const struct place *place, size_t bytes, double (*measure)(const struct place *, const uint8_t *, size_t))
{
    double *result = mmap(NULL, sizeof(*result), PROT_READ | PROT_WRITE, MAP_SHARED | MAP_ANONYMOUS, -1, 0), took;
    *result = -1;
    pid_t pid = fork();
    if (pid == 0) {
        size_t room = bytes < PIECE ? PIECE : bytes;
        uint8_t *memory = mmap(NULL, room, PROT_READ | PROT_WRITE, MAP_PRIVATE | MAP_ANONYMOUS, -1, 0);
        if (memory == MAP_FAILED)
            _exit(1);
        for (size_t i = 0; i < room; i += sizeof(uint64_t))
            *(uint64_t *)(memory + i) = i * 0x9e3779b97f4a7c15u;
        *result = measure(place, memory, bytes);
        _exit(0);
    }
    waitpid(pid, NULL, 0);
    took = *result;
    munmap(result, sizeof(*result));
    return took;
}

double machine_fork(const struct place *place, size_t bytes)
{
    return in_child(place, bytes, fork_once);
}

double machine_copy(const struct place *place, size_t bytes)
{
    return in_child(place, bytes, copy_once);
}

double machine_write(const struct place *place, size_t bytes)
{
    return in_child(place, bytes, write_once);
}

double machine_exec(const struct place *place, size_t bytes)
{
    char *arguments[] = {(char[]){"/bin/true"}, NULL};
    (void)place, (void)bytes;
    return program_run(arguments).milliseconds;
}

/* What is measured: a program with so many MiB of memory that takes steps. `stepper MIB DIRECTORY`: makes the file `ready`, then writes a byte to stdout at every step, and a
 * line with the nanoseconds to the file `gaps` whenever the step before is longer ago than a tenth of a millisecond: the pause of a freeze is the longest. */
#include <errno.h>
#include <fcntl.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/mman.h>
#include <time.h>
#include <unistd.h>

enum { GAP_NS = 100000 };

static int64_t now(void)
{
    struct timespec time;
    clock_gettime(CLOCK_MONOTONIC, &time);
    return (int64_t)time.tv_sec * 1000000000 + time.tv_nsec;
}

static void append(const char *name, const char *text)
{
    int fd = open(name, O_WRONLY | O_CREAT | O_APPEND | O_CLOEXEC, 0644);
    if (fd < 0 || write(fd, text, strlen(text)) < 0)
        fprintf(stderr, "stepper: %s: %s\n", name, strerror(errno));
    if (fd >= 0)
        close(fd);
}

/* Nothing that could be packed, shared or left out. */
static void fill(uint64_t *words, size_t count)
{
    uint64_t state = 88172645463325252u;
    for (size_t i = 0; i < count; i++) {
        state ^= state << 13;
        state ^= state >> 7;
        words[i] = state ^= state << 17;
    }
}

int main(int argc, char **argv)
{
    size_t bytes = argc == 3 ? strtoul(argv[1], NULL, 10) << 20 : 0;
    if (argc != 3 || chdir(argv[2]) != 0) {
        fprintf(stderr, "usage: stepper MIB DIRECTORY\n");
        return 2;
    }
    uint64_t *memory = bytes == 0 ? NULL : mmap(NULL, bytes, PROT_READ | PROT_WRITE, MAP_PRIVATE | MAP_ANONYMOUS, -1, 0);
    if (memory == MAP_FAILED) {
        fprintf(stderr, "stepper: %zu bytes of memory: %s\n", bytes, strerror(errno));
        return 1;
    }
    fill(memory, bytes / sizeof(*memory));
    append("ready", "\n");
    for (int64_t last = now();;) {
        char text[32];
        if (write(1, "x", 1) != 1)
            return 1;
        int64_t time = now();
        if (time - last > GAP_NS) {
            snprintf(text, sizeof(text), "%lld\n", (long long)(time - last));
            append("gaps", text);
            time = now();
        }
        last = time;
    }
}

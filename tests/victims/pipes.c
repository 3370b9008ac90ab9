/* Pipes of a program's own: whatever can be seen of them holds in every round, and in the end what lay in them all the time is read. */
#include "tests/victims/pipes.h"

#include <errno.h>
#include <fcntl.h>
#include <string.h>
#include <sys/ioctl.h>
#include <unistd.h>

int unread_in(int fd)
{
    int count = -1;
    demand(ioctl(fd, FIONREAD, &count) == 0, "descriptor %d: how much is unread: %s", fd, strerror(errno));
    return count;
}

void make_pipe(int ends[2], int flags)
{
    demand(pipe2(ends, flags) == 0, "making a pipe: %s", strerror(errno));
}

void put(int fd, const void *bytes, size_t length)
{
    ssize_t done = write(fd, bytes, length);
    demand(done == (ssize_t)length, "descriptor %d: writing %zu bytes: %zd: %s", fd, length, done, strerror(errno));
}

void take(int fd, void *room, size_t length, size_t expected, const char *what)
{
    ssize_t done = read(fd, room, length);
    demand(done == (ssize_t)expected, "%s: reading up to %zu bytes gives %zd instead of %zu", what, length, done, expected);
}

/* Its standard input is a pipe that it writes to itself. */
static int make_input(void)
{
    int ends[2];
    make_pipe(ends, 0);
    demand(dup2(ends[0], STDIN_FILENO) == STDIN_FILENO, "a pipe as standard input: %s", strerror(errno));
    close(ends[0]);
    return ends[1];
}

static void check_input(int writer)
{
    char line[8];
    put(writer, "a line\n", 7);
    take(STDIN_FILENO, line, sizeof(line), 7, "standard input");
    demand(memcmp(line, "a line\n", 7) == 0, "standard input: another line");
}

int main(int argc, char **argv)
{
    struct victim victim;
    victim_begin(&victim, argc, argv);
    int input = make_input();
    unread_make();
    ends_make();
    fifos_make();
    waiting_make();
    victim_ready(&victim);
    while (!victim_stopping()) {
        check_input(input);
        unread_check();
        ends_check();
        fifos_check();
        waiting_check();
        victim_progress(&victim);
        victim_nap(1);
    }
    unread_end();
    ends_end();
    fifos_end();
    return victim_end();
}

#include <errno.h>
#include <fcntl.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include "tests/victims/pipes.h"

enum { STREAM = 3000, FULL = 65536, LARGE = 1 << 20, LARGE_UNREAD = LARGE - 8, PAGE = 4096 };

static int stream[2], full[2], large[2], packets[2], mixed[2], small[2], empty[2];

static void fill(int fd, size_t length, uint64_t seed)
{
    char *bytes = malloc(length);
    demand(bytes != NULL, "out of memory");
    pattern_fill(bytes, length, seed);
    put(fd, bytes, length);
    free(bytes);
}

static void drain(int fd, size_t length, uint64_t seed, const char *what)
{
    char *bytes = malloc(length);
    demand(bytes != NULL, "out of memory");
    take(fd, bytes, length, length, what);
    pattern_check(bytes, length, seed, what);
    free(bytes);
}

static void set_flags(int fd, int flags)
{
    demand(fcntl(fd, F_SETFL, flags) == 0, "descriptor %d: setting its flags: %s", fd, strerror(errno));
}

/* A packet behind a stream is one of its own only where nothing of the stream's last page is free; bytes that were spliced take nothing in either. */
static void make_mixed(void)
{
    char byte[PAGE];
    memset(byte, 'p', sizeof(byte));
    make_pipe(mixed, O_NONBLOCK);
    fill(mixed[1], 2 * PAGE, 5);
    set_flags(mixed[1], O_NONBLOCK | O_DIRECT);
    put(mixed[1], byte, 100);
    set_flags(mixed[1], O_NONBLOCK);
    put(mixed[1], byte, 50);
    int file = open("spliced", O_RDWR | O_CREAT | O_TRUNC, 0600);
    loff_t offset = 0;
    put(file, byte, 60);
    demand(splice(file, &offset, mixed[1], NULL, 60, 0) == 60, "splicing: %s", strerror(errno));
    close(file);
    set_flags(mixed[1], O_NONBLOCK | O_DIRECT);
    put(mixed[1], byte, 1);
    put(mixed[1], byte, 30);
}

void unread_make(void)
{
    char bytes[PAGE];
    memset(bytes, 'b', sizeof(bytes));
    make_pipe(empty, 0);
    make_pipe(stream, 0);
    fill(stream[1], STREAM, 1);
    make_pipe(full, O_NONBLOCK);
    fill(full[1], FULL, 2);
    make_pipe(large, 0);
    demand(fcntl(large[1], F_SETPIPE_SZ, LARGE) == LARGE, "a pipe of %d bytes: %s", LARGE, strerror(errno));
    fill(large[1], LARGE_UNREAD, 3);
    make_pipe(small, O_NONBLOCK);
    demand(fcntl(small[1], F_SETPIPE_SZ, PAGE) == PAGE, "a pipe of one page: %s", strerror(errno));
    put(small[1], bytes, 1);
    make_pipe(packets, O_DIRECT);
    put(packets[1], bytes, 1);
    put(packets[1], bytes, PAGE);
    put(packets[1], bytes, 2);
    put(packets[1], bytes, 10);
    put(packets[1], bytes, 1);
    make_mixed();
}

void unread_check(void)
{
    char byte = 'x';
    demand(unread_in(empty[0]) == 0 && unread_in(stream[0]) == STREAM && unread_in(full[0]) == FULL && unread_in(large[0]) == LARGE_UNREAD &&
               unread_in(small[0]) == 1 && unread_in(packets[0]) == 1 + PAGE + 2 + 10 + 1 && unread_in(mixed[0]) == 2 * PAGE + 100 + 50 + 60 + 1 + 30,
           "not what was unread");
    demand(fcntl(stream[0], F_GETPIPE_SZ) == FULL && fcntl(large[0], F_GETPIPE_SZ) == LARGE && fcntl(small[0], F_GETPIPE_SZ) == PAGE, "another capacity");
    demand(write(full[1], &byte, 1) < 0 && errno == EAGAIN, "there is room in a full pipe");
    demand(fcntl(packets[1], F_GETFL) == (O_WRONLY | O_DIRECT) && fcntl(packets[0], F_GETFL) == O_RDONLY && fcntl(full[0], F_GETFL) == (O_RDONLY | O_NONBLOCK) &&
               fcntl(mixed[1], F_GETFL) == (O_WRONLY | O_NONBLOCK | O_DIRECT),
           "other flags");
}

static void end_packets(void)
{
    static const size_t lengths[] = {1, PAGE, 2, 10, 1};
    char room[FULL], byte = 'x';
    put(packets[1], &byte, 1);
    for (size_t i = 0; i < sizeof(lengths) / sizeof(lengths[0]); i++)
        take(packets[0], room, sizeof(room), lengths[i], "a packet");
    take(packets[0], room, sizeof(room), 1, "a packet that came later");
}

/* What a read leaves of a packet is lost. */
static void end_mixed(void)
{
    char room[FULL];
    drain(mixed[0], 2 * PAGE, 5, "a stream before a packet");
    take(mixed[0], room, 10, 10, "a packet behind a stream");
    take(mixed[0], room, 110, 110, "a stream behind a packet");
    take(mixed[0], room, sizeof(room), 1, "a packet of one byte");
    take(mixed[0], room, 5, 5, "the last packet");
    demand(unread_in(mixed[0]) == 0, "%d bytes behind the last packet", unread_in(mixed[0]));
}

/* A page has been filled by one write: the next byte goes into the next page. */
void unread_end(void)
{
    char byte = 'x', pair[2];
    drain(stream[0], STREAM, 1, "a stream");
    drain(full[0], FULL, 2, "a full pipe");
    drain(large[0], LARGE_UNREAD, 3, "a large pipe");
    put(small[1], &byte, 1);
    take(small[0], pair, sizeof(pair), 2, "a pipe of one page");
    end_packets();
    end_mixed();
}

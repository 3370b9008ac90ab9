#include <criterion/criterion.h>
#include <fcntl.h>
#include <string.h>
#include <sys/ioctl.h>
#include <sys/mman.h>
#include <unistd.h>

#include "checkpt/resource/pipe_queue.h"

enum { PAGE = 4096 };

static int ends[2];

static void make(int flags)
{
    cr_assert_eq(pipe2(ends, O_NONBLOCK | flags), 0);
}

static void put(char byte, size_t length, int flags)
{
    char bytes[4 * PAGE];
    memset(bytes, byte, length);
    cr_assert_eq(fcntl(ends[1], F_SETFL, O_NONBLOCK | flags), 0);
    cr_assert_eq(write(ends[1], bytes, length), (ssize_t)length);
}

static void spliced(char byte, size_t length)
{
    char bytes[PAGE];
    loff_t offset = 0;
    int file = memfd_create("spliced", 0);
    memset(bytes, byte, length);
    cr_assert_eq(write(file, bytes, length), (ssize_t)length);
    cr_assert_eq(splice(file, &offset, ends[1], NULL, length, 0), (ssize_t)length);
    close(file);
}

static size_t unread(void)
{
    int count;
    cr_assert_eq(ioctl(ends[0], FIONREAD, &count), 0);
    return (size_t)count;
}

/* What it finds, also when it looks again: nothing is taken. */
static void expect(const char *bytes, size_t count, const struct pipe_packet *packets)
{
    struct failure why = {.sentence = ""};
    size_t length = unread();
    for (int i = 0; i < 2; i++) {
        struct pipe_queue queue;
        cr_assert(pipe_queue_read(&queue, ends[0], &why), "%s", why.sentence);
        cr_assert_eq(queue.length, length);
        for (size_t k = 0; k < length; k++)
            cr_assert_eq(queue.bytes[k], bytes[k]);
        cr_assert_eq(queue.packet_count, count);
        for (size_t k = 0; k < count; k++) {
            cr_assert_eq(queue.packets[k].offset, packets[k].offset);
            cr_assert_eq(queue.packets[k].length, packets[k].length);
        }
        pipe_queue_deinit(&queue);
        cr_assert_eq(unread(), length);
    }
}

Test(pipe_queue, nothing)
{
    make(0);
    expect("", 0, NULL);
    make(O_DIRECT);
    expect("", 0, NULL);
}

Test(pipe_queue, streams)
{
    make(0);
    put('a', 1, 0);
    expect("a", 0, NULL);
    put('b', 2, 0);
    expect("abb", 0, NULL);
    spliced('c', 3);
    put('d', 1, 0);
    expect("abbcccd", 0, NULL);
}

Test(pipe_queue, full)
{
    static char bytes[16 * PAGE];
    memset(bytes, 'f', sizeof(bytes));
    make(0);
    for (int i = 0; i < 4; i++)
        put('f', 4 * PAGE, 0);
    expect(bytes, 0, NULL);
}

Test(pipe_queue, packets)
{
    static const size_t lengths[] = {1, 1, PAGE, 2, 3, 1};
    static char bytes[PAGE + 100];
    struct pipe_packet packets[sizeof(lengths) / sizeof(lengths[0])];
    size_t done = 0;
    make(O_DIRECT);
    for (size_t i = 0; i < sizeof(lengths) / sizeof(lengths[0]); i++) {
        packets[i] = (struct pipe_packet){done, (uint32_t)lengths[i]};
        memset(bytes + done, 'a' + (int)i, lengths[i]);
        put((char)('a' + (int)i), lengths[i], O_DIRECT);
        done += lengths[i];
        expect(bytes, i + 1, packets);
    }
}

Test(pipe_queue, streams_and_packets)
{
    static char bytes[PAGE + 100];
    const struct pipe_packet packets[] = {{PAGE, 3}, {PAGE + 5, 1}, {PAGE + 6, 2}, {PAGE + 12, 1}};
    memset(bytes, 's', PAGE);
    strcpy(bytes + PAGE, "pppttqrrvvvvo");
    make(0);
    put('s', PAGE, 0);
    put('p', 3, O_DIRECT);
    expect(bytes, 1, packets);
    put('t', 1, 0);
    spliced('t', 1);
    expect(bytes, 1, packets);
    put('q', 1, O_DIRECT);
    expect(bytes, 2, packets);
    put('r', 2, O_DIRECT);
    spliced('v', 4);
    expect(bytes, 3, packets);
    put('o', 1, O_DIRECT);
    expect(bytes, 4, packets);
}

Test(pipe_queue, every_slot_taken)
{
    struct pipe_packet packets[16];
    make(O_DIRECT);
    for (uint32_t i = 0; i < 16; i++) {
        packets[i] = (struct pipe_packet){i, 1};
        put('x', 1, O_DIRECT);
    }
    expect("xxxxxxxxxxxxxxxx", 16, packets);
}

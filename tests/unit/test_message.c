/* Packets of checkptd: what one end says the other hears, and what is none of them is refused with nothing left open. */
#include <criterion/criterion.h>
#include <errno.h>
#include <fcntl.h>
#include <string.h>
#include <sys/socket.h>
#include <unistd.h>

#include "checkpt/daemon/message.h"

static int ends[2];

static void connect_ends(void)
{
    cr_assert_eq(socketpair(AF_UNIX, SOCK_SEQPACKET | SOCK_CLOEXEC, 0, ends), 0);
}

static int next_fd(void)
{
    int fd = dup(ends[0]);
    close(fd);
    return fd;
}

Test(message, strings_and_descriptors_arrive, .init = connect_ends)
{
    struct message sent, heard;
    struct failure why;
    const int fds[MESSAGE_FDS] = {ends[0], ends[1]};
    int came[MESSAGE_FDS];
    message_init(&sent, MESSAGE_FINDING);
    size_t length = message_add(&sent, 0, "fd 3");
    length = message_add(&sent, length, "pipe");
    length = message_add(&sent, length, NULL);
    cr_assert(message_send(ends[0], &sent, length, fds, true));
    cr_assert(message_receive(ends[1], &heard, came, 1, &why), "%s", why.sentence);
    const char *at = heard.text;
    cr_expect_str_eq(message_next(&heard, &at), "fd 3");
    cr_expect_str_eq(message_next(&heard, &at), "pipe");
    cr_expect_str_eq(message_next(&heard, &at), "");
    for (int i = 0; i < MESSAGE_FDS; i++)
        cr_expect_eq(fcntl(came[i], F_GETFD), FD_CLOEXEC);
}

Test(message, what_does_not_fit_is_shortened, .init = connect_ends)
{
    struct message sent, heard;
    struct failure why;
    char large[2 * MESSAGE_TEXT_MAX];
    memset(large, 'x', sizeof(large) - 1);
    large[sizeof(large) - 1] = '\0';
    message_init(&sent, MESSAGE_FAILED);
    size_t length = message_add(&sent, message_add(&sent, 0, large), "more");
    cr_assert_eq(length, MESSAGE_TEXT_MAX);
    cr_assert(message_send(ends[0], &sent, length, NULL, true));
    cr_assert(message_receive(ends[1], &heard, NULL, 1, &why), "%s", why.sentence);
    const char *at = heard.text;
    cr_expect_eq(strlen(message_next(&heard, &at)), MESSAGE_TEXT_MAX - 1);
    cr_expect_str_eq(message_next(&heard, &at), "");
}

Test(message, descriptors_that_nobody_asked_for_are_closed, .init = connect_ends)
{
    struct message message;
    struct failure why;
    const int fds[MESSAGE_FDS] = {ends[0], ends[1]};
    int before = next_fd();
    message_init(&message, MESSAGE_END);
    cr_assert(message_send(ends[0], &message, 0, fds, true));
    cr_assert_not(message_receive(ends[1], &message, NULL, 1, &why));
    cr_expect_eq(why.error, EBADMSG);
    cr_expect_eq(next_fd(), before);
}

Test(message, the_end_of_a_connection_is_told, .init = connect_ends)
{
    struct message message;
    struct failure why;
    close(ends[0]);
    cr_assert_not(message_receive(ends[1], &message, NULL, 1, &why));
    cr_expect_eq(why.error, ECONNRESET);
    message_init(&message, MESSAGE_END);
    cr_expect_not(message_send(ends[1], &message, 0, NULL, true));
}

Test(message, an_answer_before_a_reset_is_heard, .init = connect_ends)
{
    struct message message;
    struct failure why;
    message_init(&message, MESSAGE_FREEZE);
    cr_assert(message_send(ends[0], &message, 0, NULL, true));
    message_init(&message, MESSAGE_FAILED);
    cr_assert(message_send(ends[1], &message, 0, NULL, true));
    close(ends[1]); /* with a request that it has not read */
    cr_assert(message_receive(ends[0], &message, NULL, 1, &why), "%s", why.sentence);
    cr_expect_eq(message.kind, MESSAGE_FAILED);
}

Test(message, silence_ends, .init = connect_ends)
{
    struct message message;
    struct failure why;
    cr_assert_not(message_receive(ends[0], &message, NULL, 1, &why));
    cr_expect_eq(why.error, EAGAIN);
}

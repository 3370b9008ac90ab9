/* What goes over a connection with checkptd: packets (SOCK_SEQPACKET), both ends on one machine.
 *
 *     client    MESSAGE_FREEZE, with two descriptors: a pidfd of the program, and what the image goes to
 *     checkptd  any number of MESSAGE_FINDING and MESSAGE_PROGRESS
 *     checkptd  MESSAGE_STORED: the image is whole; asked to end the program, checkptd waits for MESSAGE_END
 *     client    MESSAGE_END: it has its final name
 *     checkptd  MESSAGE_DONE or MESSAGE_FAILED: the last one
 *
 * Every packet is one struct message, cut off behind its text. */
#ifndef CHECKPT_DAEMON_MESSAGE_H
#define CHECKPT_DAEMON_MESSAGE_H

#include <stddef.h>
#include <stdint.h>

#include "checkpt/failure.h"

#define MESSAGE_SOCKET "/run/checkptd.socket"

enum { MESSAGE_MAGIC = 0x64706b63 /* "ckpd" */, MESSAGE_VERSION = 1, MESSAGE_TEXT_MAX = 4096, MESSAGE_FDS = 2 };
enum message_kind { MESSAGE_FREEZE = 1, MESSAGE_FINDING, MESSAGE_PROGRESS, MESSAGE_STORED, MESSAGE_END, MESSAGE_DONE, MESSAGE_FAILED };
enum { MESSAGE_EXITS = 1 }; /* flags: the program ends when the image is safe */

struct message {
    uint32_t magic, version, kind, flags;
    uint32_t mode, level;             /* of struct freeze_options */
    int32_t tid;                      /* of struct freeze_caller */
    int32_t exit_status, error;       /* of struct failure */
    uint32_t unused;                  /* 0 */
    uint64_t resumed_word;            /* of struct freeze_caller */
    uint64_t done, total;             /* MESSAGE_PROGRESS */
    char text[MESSAGE_TEXT_MAX];      /* strings, each with its NUL: MESSAGE_FINDING has three, subject, sentence and way out, the others one */
};

/* One with nothing in it yet. */
void message_init(struct message *message, enum message_kind kind);
/* Appends a string, shortened where it does not fit; NULL: an empty one. `length` is the text's so far; returns the new one. */
size_t message_add(struct message *message, size_t length, const char *string);
/* The string behind `*at`, which moves on behind it; "" where there is none. */
const char *message_next(const struct message *message, const char **at);

/* `fds` NULL: none, else MESSAGE_FDS. False with errno. Never raises SIGPIPE. */
bool message_send(int connection, const struct message *message, size_t text_length, const int *fds, bool wait);
/* Waits `seconds` at most (0: for ever) for one, and its MESSAGE_FDS descriptors where `fds` is not NULL; they are the caller's to close, and closed on exec. What is no message is
 * EBADMSG, what comes too late EAGAIN. A connection that has ended is ECONNRESET. */
bool message_receive(int connection, struct message *message, int *fds, unsigned seconds, struct failure *why);

#endif

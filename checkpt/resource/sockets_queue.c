/* What is unread. MSG_PEEK leaves it where it is, but shows a socket of messages only the first, unless SO_PEEK_OFF says how much to go past; and that is a state of the socket, of the
 * program's, that must not be left behind. So those calls are made inside the program, in one batch that begins with setting it and ends with setting it back: should we be killed
 * meanwhile the program itself runs the batch to its end. What makes recvmsg(2) speak of more than data is turned off for that long, so that MSG_CTRUNC means descriptors in flight. */
#include <errno.h>
#include <limits.h>
#include <stddef.h>
#include <stdlib.h>
#include <string.h>
#include <sys/ioctl.h>
#include <sys/syscall.h>

#include "checkpt/resource/sockets.h"
#include "checkpt/tracee/tracee.h"

enum {
    SLOTS = 8, DATA_AT = 4096, SLOT_SIZE = (TRACEE_SCRATCH_SIZE - DATA_AT) / SLOTS, TALKATIVE_MAX = 12,
    TIMESTAMP_OLD = 29, TIMESTAMPNS_OLD = 35, TIMESTAMPING_OLD = 37, TIMESTAMP_NEW = 63, TIMESTAMPNS_NEW, TIMESTAMPING_NEW, PASSPIDFD = 76, UNIX_INQ = 84,
};

static const int talkative[] = {SO_PASSCRED,  SO_PASSSEC,     PASSPIDFD,        UNIX_INQ,     TIMESTAMP_OLD, TIMESTAMPNS_OLD,
                                TIMESTAMPING_OLD, TIMESTAMP_NEW, TIMESTAMPNS_NEW, TIMESTAMPING_NEW};
_Static_assert(sizeof(talkative) / sizeof(talkative[0]) <= TALKATIVE_MAX, "each has its place");

/* In the scratch area; what was received lies behind it, from DATA_AT on. */
struct area {
    int offset, original;
    uint64_t off;                                /* zeros, for any of the options */
    uint64_t values[TALKATIVE_MAX];
    struct {
        struct msghdr header;
        struct iovec iov;
        char sender[sizeof(struct sockaddr_storage)];
    } slots[SLOTS];
};
_Static_assert(sizeof(struct area) <= DATA_AT, "what is received lies behind");

struct queue {
    struct freeze *freeze;
    uint32_t number;             /* in the program */
    bool has_messages;           /* boundaries count */
    bool ends;                   /* the other side is done: 0 bytes are the end */
    Ckpt__Socket *record;
    struct area area;
    struct tracee_call calls[2 * (TALKATIVE_MAX + 1) + SLOTS];
    size_t count, first;         /* of calls; the first recvmsg */
    uint64_t done;               /* bytes */
    bool is_open;                /* the last message goes on */
    bool is_over;
};

static bool has_descriptors(struct failure *why)
{
    return failure_set(why, "descriptors are on their way through it (SCM_RIGHTS), and cannot be saved; have the program receive them first");
}

static void append(struct queue *q, const void *data, size_t length, const void *sender, size_t sender_length)
{
    struct arena *arena = &q->freeze->model->arena;
    Ckpt__Socket *record = q->record;
    if (!q->is_open) {
        Ckpt__SocketMessage *message = arena_alloc(arena, sizeof(*message));
        ckpt__socket_message__init(message);
        message->sender = (ProtobufCBinaryData){sender_length, arena_copy(arena, sender, sender_length)};
        if ((record->n_messages & (record->n_messages - 1)) == 0)
            record->messages = arena_grow(arena, record->messages, record->n_messages, record->n_messages == 0 ? 1 : 2 * record->n_messages, sizeof(*record->messages));
        record->messages[record->n_messages++] = message;
    }
    ProtobufCBinaryData *all = &record->messages[record->n_messages - 1]->data;
    all->data = arena_grow(arena, all->data, all->len, all->len + length, 1);
    memcpy(all->data + all->len, data, length);
    all->len += length;
}

static void call_setsockopt(struct queue *q, int name, size_t value_at, size_t length)
{
    q->calls[q->count++] = (struct tracee_call){
        .number = SYS_setsockopt, .arguments = {q->number, SOL_SOCKET, (uint64_t)name, tracee_scratch(q->freeze->tracee) + value_at, length}};
}

/* How many of `talkative` are set; with `restore` as they were. */
static size_t call_talkative(struct queue *q, bool restore)
{
    size_t found = 0;
    for (size_t i = 0; i < sizeof(talkative) / sizeof(talkative[0]); i++) {
        const Ckpt__SocketOption *option = sockets_option(q->record, SOL_SOCKET, (uint32_t)talkative[i]);
        if (option == NULL || option->value.len > sizeof(uint64_t))
            continue;
        memcpy(&q->area.values[i], option->value.data, option->value.len);
        call_setsockopt(q, talkative[i], restore ? offsetof(struct area, values) + i * sizeof(uint64_t) : offsetof(struct area, off), option->value.len);
        found++;
    }
    return found;
}

static void call_receive(struct queue *q, size_t slot)
{
    uint64_t scratch = tracee_scratch(q->freeze->tracee), at = scratch + offsetof(struct area, slots) + slot * sizeof(q->area.slots[0]);
    q->area.slots[slot].iov = (struct iovec){.iov_base = (void *)(uintptr_t)(scratch + DATA_AT + slot * SLOT_SIZE), .iov_len = SLOT_SIZE};
    q->area.slots[slot].header = (struct msghdr){
        .msg_name = (void *)(uintptr_t)(at + offsetof(struct area, slots[0].sender) - offsetof(struct area, slots[0])),
        .msg_namelen = sizeof(q->area.slots[slot].sender),
        .msg_iov = (void *)(uintptr_t)(at + offsetof(struct area, slots[0].iov) - offsetof(struct area, slots[0])),
        .msg_iovlen = 1,
    };
    q->calls[q->count++] = (struct tracee_call){.number = SYS_recvmsg, .arguments = {q->number, at, MSG_PEEK | MSG_DONTWAIT}};
}

static void prepare(struct queue *q)
{
    const Ckpt__SocketOption *offset = sockets_option(q->record, SOL_SOCKET, SO_PEEK_OFF);
    q->count = 0;
    q->area = (struct area){.offset = (int)q->done, .original = -1};
    if (offset != NULL && offset->value.len == sizeof(q->area.original))
        memcpy(&q->area.original, offset->value.data, sizeof(q->area.original));
    call_talkative(q, false);
    call_setsockopt(q, SO_PEEK_OFF, offsetof(struct area, offset), sizeof(int));
    q->first = q->count;
    for (size_t i = 0; i < SLOTS; i++)
        call_receive(q, i);
    call_setsockopt(q, SO_PEEK_OFF, offsetof(struct area, original), sizeof(int));
    call_talkative(q, true);
}

static bool take_slot(struct queue *q, size_t slot, const char *data, struct failure *why)
{
    const struct msghdr *header = &q->area.slots[slot].header;
    int64_t result = q->calls[q->first + slot].result;
    q->is_over = result == -EAGAIN || (result == 0 && (!q->has_messages || q->ends));
    if (q->is_over)
        return true;
    if (result < 0) {
        errno = (int)-result;
        return failure_errno(why, "reading what is unread (recvmsg)");
    }
    if ((header->msg_flags & MSG_CTRUNC) != 0)
        return has_descriptors(why);
    size_t sender = header->msg_namelen <= sizeof(q->area.slots[slot].sender) ? header->msg_namelen : 0;
    append(q, data, (size_t)result, q->area.slots[slot].sender, sender);
    q->is_open = !q->has_messages || (header->msg_flags & MSG_TRUNC) != 0;
    q->done += (uint64_t)result;
    return q->done <= INT_MAX || failure_set(why, "more than 2 GiB are unread in it");
}

static bool take(struct queue *q, struct failure *why)
{
    struct tracee *tracee = q->freeze->tracee;
    char *data = malloc(TRACEE_SCRATCH_SIZE - DATA_AT);
    if (data == NULL)
        return failure_set(why, "out of memory");
    bool done = tracee_read(tracee, tracee_scratch(tracee), &q->area, sizeof(q->area), why) &&
                tracee_read(tracee, tracee_scratch(tracee) + DATA_AT, data, TRACEE_SCRATCH_SIZE - DATA_AT, why);
    for (size_t i = 0; i < SLOTS && done && !q->is_over; i++)
        done = take_slot(q, i, data + i * SLOT_SIZE, why);
    free(data);
    return done;
}

static bool read_inside(struct queue *q, struct failure *why)
{
    while (!q->is_over) {
        prepare(q);
        if (!tracee_write(q->freeze->tracee, tracee_scratch(q->freeze->tracee), &q->area, sizeof(q->area), why) ||
            !tracee_calls(q->freeze->tracee, 0, q->calls, q->count, why))
            return false;
        if (q->calls[q->first - 1].result != 0) {
            errno = (int)-q->calls[q->first - 1].result;
            return failure_errno(why, "looking at what is unread (SO_PEEK_OFF)");
        }
        if (!take(q, why))
            return false;
    }
    return true;
}

/* A stream shows all at once, and no state of it changes. */
static bool read_stream(struct queue *q, int fd, struct failure *why)
{
    int waiting = 0;
    if (ioctl(fd, FIONREAD, &waiting) != 0)
        return failure_errno(why, "asking how much is unread (FIONREAD)");
    if (waiting == 0)
        return true;
    char *data = malloc((size_t)waiting);
    if (data == NULL)
        return failure_set(why, "out of memory");
    struct iovec iov = {data, (size_t)waiting};
    struct msghdr header = {.msg_iov = &iov, .msg_iovlen = 1};
    ssize_t got = recvmsg(fd, &header, MSG_PEEK | MSG_DONTWAIT);
    bool done = got == waiting || (header.msg_flags & MSG_CTRUNC) != 0 || failure_set(why, "%zd of the %d bytes that are unread can be read", got, waiting);
    if (done && (header.msg_flags & MSG_CTRUNC) != 0)
        done = has_descriptors(why);
    if (done)
        append(q, data, (size_t)waiting, NULL, 0);
    free(data);
    return done;
}

static bool has_urgent(int fd)
{
    char byte;
    return recv(fd, &byte, sizeof(byte), MSG_OOB | MSG_PEEK | MSG_DONTWAIT) == 1;
}

bool sockets_collect_queue(struct freeze *freeze, uint32_t number, int fd, const struct sockets_look *look, Ckpt__Socket *record, struct failure *why)
{
    struct queue q = {.freeze = freeze, .number = number, .record = record, .has_messages = look->type != SOCK_STREAM};
    q.ends = look->type == SOCK_SEQPACKET && (record->shutdown & 1) != 0;
    if (look->is_listening)
        return true;
    if (!q.has_messages && has_urgent(fd))
        return failure_set(why, "a byte out of band (MSG_OOB) waits in it, and cannot be saved; have the program receive it first");
    bool is_plain = !q.has_messages && sockets_option(record, SOL_SOCKET, SO_PEEK_OFF) == NULL && call_talkative(&q, false) == 0;
    return is_plain ? read_stream(&q, fd, why) : read_inside(&q, why);
}

/* With every descriptor at its number: what was unread is sent again, connections are shut down as they were, and what listened listens. */
#include <limits.h>
#include <stdio.h>
#include <string.h>
#include <sys/syscall.h>
#include <unistd.h>

#include "checkpt/resource/sockets.h"
#include "checkpt/thaw/plan.h"
#include "schemas/record.pb-c.h"

enum { PASSPIDFD = 76, BUF_LOCK = 72, LARGE = 32768 };

struct text {
    char what[160];
};

static const char *about(struct text *text, const struct model *model, const Ckpt__Socket *record, const char *doing)
{
    struct cli_text name = {0};
    sockets_add_name(&name, record);
    snprintf(text->what, sizeof(text->what), "fd %u: %.100s: %s", sockets_number(model, record), cli_text_get(&name), doing);
    cli_text_deinit(&name);
    return text->what;
}

static void set_number(struct plan *plan, const char *what, uint32_t fd, int option, int value)
{
    uint32_t data = plan_data(plan, &value, sizeof(value), sizeof(value));
    PLAN_CALL(plan, what, SYS_setsockopt, PLAN_NUMBER(fd), PLAN_NUMBER(SOL_SOCKET), PLAN_NUMBER(option), PLAN_DATA(data), PLAN_NUMBER(sizeof(value)));
}

static size_t bytes_of(const Ckpt__Socket *record)
{
    size_t bytes = 0;
    for (size_t i = 0; i < record->n_messages; i++)
        bytes += record->messages[i]->data.len;
    return bytes;
}

/* The receiver's wish to know who sent it is heard when it is sent; it is set for good later, since it also gives the sender an address that it may not have had. */
static const int wishes[] = {SO_PASSCRED, PASSPIDFD};

static void plan_wishes(struct plan *plan, const Ckpt__Socket *record, uint32_t to, int value)
{
    for (size_t i = 0; i < sizeof(wishes) / sizeof(wishes[0]); i++)
        if (sockets_option(record, SOL_SOCKET, (uint32_t)wishes[i]) != NULL)
            set_number(plan, "a socket: whether it is told who sends", to, wishes[i], value);
}

void sockets_plan_messages(struct plan *plan, const Ckpt__Socket *record, uint32_t from, uint32_t to)
{
    if (record->n_messages == 0)
        return;
    if (bytes_of(record) > LARGE)
        set_number(plan, "a socket: room for what was unread", from, SO_SNDBUF, INT_MAX / 2);
    plan_wishes(plan, record, to, 1);
    for (size_t i = 0; i < record->n_messages; i++) {
        const ProtobufCBinaryData *data = &record->messages[i]->data;
        PLAN_EXPECT(plan, data->len, "a socket: what was unread in it", SYS_sendto, PLAN_NUMBER(from), PLAN_DATA(plan_data(plan, data->data, data->len, 1)),
                    PLAN_NUMBER(data->len), PLAN_NUMBER(MSG_DONTWAIT | MSG_NOSIGNAL), PLAN_NUMBER(0), PLAN_NUMBER(0));
    }
    plan_wishes(plan, record, to, 0);
}

/* A buffer that was made larger for what its peer has to read is what it was; the kernel doubles what it is told. */
static void plan_room(struct plan *plan, const struct model *model, const Ckpt__Socket *record, uint32_t fd)
{
    const Ckpt__Socket *peer = sockets_peer(model, record);
    const Ckpt__SocketOption *lock = sockets_option(record, SOL_SOCKET, BUF_LOCK);
    struct text text;
    int size;
    socklen_t length = sizeof(size);
    if (peer == NULL || bytes_of(peer) <= LARGE || sockets_option(record, SOL_SOCKET, SO_SNDBUF) != NULL)
        return;
    int fresh = socket((int)record->family, (int)record->type | SOCK_CLOEXEC, (int)record->protocol);
    bool known = fresh >= 0 && getsockopt(fresh, SOL_SOCKET, SO_SNDBUF, &size, &length) == 0;
    if (fresh >= 0)
        close(fresh);
    if (!known)
        return;
    set_number(plan, about(&text, model, record, "the size of its buffer"), fd, SO_SNDBUF, size / 2);
    if (lock == NULL)
        set_number(plan, about(&text, model, record, "the size of its buffer is the kernel's"), fd, BUF_LOCK, 0);
}

static void plan_late_options(struct plan *plan, const struct model *model, const Ckpt__Socket *record, uint32_t fd)
{
    struct text text;
    bool is_late;
    plan_room(plan, model, record, fd);
    for (size_t i = 0; i < record->n_options; i++)
        if (sockets_is_option(record->options[i], &is_late) && is_late)
            sockets_plan_option(plan, about(&text, model, record, "setting an option"), fd, record->options[i]);
}

/* A connection's two ends say the same; shutting down what is shut down already does no harm. */
static void plan_shutdown(struct plan *plan, const struct model *model, const Ckpt__Socket *record, uint32_t fd)
{
    static const int hows[] = {[SOCKETS_NO_RECEIVE] = SHUT_RD, [SOCKETS_NO_SEND] = SHUT_WR, [SOCKETS_NO_RECEIVE | SOCKETS_NO_SEND] = SHUT_RDWR};
    struct text text;
    uint32_t how = record->shutdown & (SOCKETS_NO_RECEIVE | SOCKETS_NO_SEND);
    if (how != 0 && record->state == CKPT__SOCKET__STATE__CONNECTED && (sockets_peer(model, record) != NULL || !sockets_is_pair(model, record)))
        PLAN_CALL(plan, about(&text, model, record, "shutting it down as it was"), SYS_shutdown, PLAN_NUMBER(fd), PLAN_NUMBER(hows[how]));
}

static void plan_listen(struct plan *plan, const struct model *model, const Ckpt__Socket *record, uint32_t fd)
{
    struct text text;
    if (record->state == CKPT__SOCKET__STATE__LISTENING)
        PLAN_CALL(plan, about(&text, model, record, "listening"), SYS_listen, PLAN_NUMBER(fd), PLAN_NUMBER(record->backlog));
}

/* A datagram to a socket that has an address, from one of the program's, or from one that has none. */
static void plan_datagram(struct plan *plan, const struct model *model, const Ckpt__Socket *record, const Ckpt__SocketMessage *message)
{
    const Ckpt__Socket *sender = sockets_of_name(model, &message->sender, record->type);
    const ProtobufCBinaryData *data = &message->data;
    struct plan_arg from = PLAN_NUMBER(sender != NULL ? sockets_number(model, sender) : 0);
    struct text text;
    if (sender == NULL)
        from = PLAN_RESULT(PLAN_CALL(plan, about(&text, model, record, "who sends what was unread"), SYS_socket, PLAN_NUMBER(record->family),
                                     PLAN_NUMBER(record->type | SOCK_CLOEXEC), PLAN_NUMBER(0)));
    PLAN_EXPECT(plan, data->len, about(&text, model, record, "what was unread in it"), SYS_sendto, from, PLAN_DATA(plan_data(plan, data->data, data->len, 1)),
                PLAN_NUMBER(data->len), PLAN_NUMBER(MSG_DONTWAIT | MSG_NOSIGNAL), PLAN_DATA(plan_data(plan, record->name.data, record->name.len, sizeof(uint64_t))),
                PLAN_NUMBER(record->name.len));
    if (sender == NULL)
        PLAN_CALL(plan, about(&text, model, record, "closing who sent it"), SYS_close, from);
}

static void plan_unread(struct plan *plan, const struct model *model, const Ckpt__Socket *record, uint32_t fd)
{
    const Ckpt__Socket *peer = sockets_peer(model, record);
    if (sockets_is_pair(model, record)) {
        if (peer != NULL)
            sockets_plan_messages(plan, record, sockets_number(model, peer), fd);
        return;
    }
    if (record->n_messages == 0)
        return;
    plan_wishes(plan, record, fd, 1);
    for (size_t i = 0; i < record->n_messages; i++)
        if (sockets_can_be_sent(model, record, record->messages[i]))
            plan_datagram(plan, model, record, record->messages[i]);
    plan_wishes(plan, record, fd, 0);
}

/* What takes datagrams of one sender only is told so behind all that was sent to it. */
static void plan_connect(struct plan *plan, const struct model *model, const Ckpt__Socket *record, uint32_t fd)
{
    struct text text;
    if (record->state == CKPT__SOCKET__STATE__CONNECTED && record->remote.len > 0 && !sockets_is_pair(model, record))
        PLAN_CALL(plan, about(&text, model, record, "connecting it"), SYS_connect, PLAN_NUMBER(fd), PLAN_DATA(plan_data(plan, record->remote.data, record->remote.len, sizeof(uint64_t))),
                  PLAN_NUMBER(record->remote.len));
}

/* What is sent comes before all that may keep it from being sent or received. */
bool sockets_plan(struct thaw *thaw, struct failure *why)
{
    static void (*const steps[])(struct plan *plan, const struct model *model, const Ckpt__Socket *record, uint32_t fd) = {
        plan_unread, plan_connect, plan_late_options, plan_shutdown, plan_listen,
    };
    const struct model_objects *all = model_objects(thaw->model, CKPT__KIND__KIND_SOCKET);
    (void)why;
    for (size_t k = 0; k < sizeof(steps) / sizeof(steps[0]); k++)
        for (size_t i = 0; i < all->count; i++) {
            const Ckpt__Socket *record = (const Ckpt__Socket *)all->list[i];
            uint32_t fd = sockets_number(thaw->model, record);
            if (fd != UINT32_MAX)
                steps[k](thaw->plan, thaw->model, record, fd);
        }
    return true;
}

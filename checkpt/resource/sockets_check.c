/* Whether each socket can be made here: it is made, with its options and its address, as far as nobody notices, and closed again. */
#include <errno.h>
#include <limits.h>
#include <netinet/in.h>
#include <stdio.h>
#include <string.h>
#include <sys/un.h>
#include <unistd.h>

#include "checkpt/resource/sockets.h"
#include "schemas/record.pb-c.h"

struct trial {
    struct thaw *thaw;
    struct findings *findings;
    const Ckpt__Socket *record;
    const char *subject;
    int fd;
};

static void refuse(const struct trial *t, const char *way_out, const char *doing, int error)
{
    findings_add(t->findings, VERDICT_REFUSED, t->subject, way_out, "%s: %s", doing, strerror(error));
}

static const char *name_of_option(struct arena *arena, const Ckpt__SocketOption *option)
{
    const char *name = cli_socket_option(option->level, option->name);
    return name != NULL ? name : arena_printf(arena, "option %u of level %u", option->name, option->level);
}

static bool are_options_fine(struct trial *t)
{
    bool is_late;
    for (size_t i = 0; i < t->record->n_options; i++) {
        const Ckpt__SocketOption *option = t->record->options[i];
        const char *name = name_of_option(t->findings->arena, option);
        if (!sockets_is_option(option, &is_late)) {
            findings_add(t->findings, VERDICT_REFUSED, t->subject, NULL, "%s is none that can be set again", name);
            return false;
        }
        if (!sockets_set_option(t->fd, option)) {
            refuse(t, errno == EPERM ? "be root" : NULL, arena_printf(t->findings->arena, "setting %s", name), errno);
            return false;
        }
    }
    return true;
}

static bool is_path_fine(struct trial *t)
{
    char path[128];
    switch (sockets_look_at_path(t->thaw, t->record)) {
    case SOCKETS_IN_USE:
        findings_add(t->findings, VERDICT_REFUSED, t->subject, "end whoever listens there: the program itself, if it runs on", "its address, %s, is in use",
                     sockets_path(t->record, path));
        return false;
    case SOCKETS_TAKEN:
        findings_add(t->findings, VERDICT_REFUSED, t->subject, "put it away", "at its address, %s, there is another file now", sockets_path(t->record, path));
        return false;
    default:
        return true;
    }
}

static const char *way_out_of(int error)
{
    switch (error) {
    case EADDRINUSE:
        return "end whoever has it: the program itself, if it runs on";
    case EADDRNOTAVAIL:
        return "resume it where there is that address";
    case EACCES:
        return "a caller who may use that port";
    default:
        return NULL;
    }
}

/* Several sockets of the program may share an address, so what is tried stays open until all have been. */
static bool is_address_fine(struct trial *t)
{
    char path[128];
    const Ckpt__Socket *record = t->record;
    bool is_accepted = record->state == CKPT__SOCKET__STATE__CONNECTED && sockets_listener(t->thaw->model, &record->name, record->type) != NULL;
    if (record->name.len == 0 || is_accepted)
        return true;
    if (sockets_path(record, path) != NULL)
        return is_path_fine(t);
    if (bind(t->fd, (const struct sockaddr *)record->name.data, (socklen_t)record->name.len) == 0)
        return true;
    refuse(t, way_out_of(errno), "taking its address", errno);
    return false;
}

/* Datagrams are sent to whoever is there; the program's own is not there yet. */
static void try_connection(struct trial *t)
{
    const Ckpt__Socket *record = t->record;
    struct cli_text text = {0};
    bool is_connected = record->state == CKPT__SOCKET__STATE__CONNECTED && record->remote.len > 0;
    if (!is_connected || sockets_is_pair(t->thaw->model, record) || sockets_peer(t->thaw->model, record) != NULL)
        return;
    cli_add_address(&text, record->remote.data, record->remote.len);
    if (connect(t->fd, (const struct sockaddr *)record->remote.data, (socklen_t)record->remote.len) != 0)
        refuse(t, "start who was there", arena_printf(t->findings->arena, "connecting it to %s", cli_text_get(&text)), errno);
    cli_text_deinit(&text);
}

static void tell_lost(const struct trial *t)
{
    size_t lost = 0;
    for (size_t i = 0; i < t->record->n_messages && !sockets_is_pair(t->thaw->model, t->record); i++)
        lost += !sockets_can_be_sent(t->thaw->model, t->record, t->record->messages[i]);
    if (lost > 0)
        findings_add(t->findings, VERDICT_LOST, t->subject, NULL, "%zu datagram%s of others, which nobody had read, %s lost", lost, lost == 1 ? "" : "s",
                     lost == 1 ? "is" : "are");
}

static bool is_kind_known(const Ckpt__Socket *record)
{
    bool is_inet = record->family == AF_INET || record->family == AF_INET6;
    if (record->family == AF_UNIX)
        return record->type == SOCK_STREAM || record->type == SOCK_DGRAM || record->type == SOCK_SEQPACKET;
    return is_inet && ((record->protocol == IPPROTO_TCP && record->type == SOCK_STREAM) || (record->protocol == IPPROTO_UDP && record->type == SOCK_DGRAM));
}

static bool is_address_of(const Ckpt__Socket *record, const ProtobufCBinaryData *address)
{
    sa_family_t family = (sa_family_t)record->family;
    return address->len == 0 || (address->len >= sizeof(family) && address->len <= sizeof(struct sockaddr_storage) && memcmp(address->data, &family, sizeof(family)) == 0);
}

/* The two ends of a connection are of one kind, and name each other. */
static bool is_peer_fine(const struct model *model, const Ckpt__Socket *record)
{
    const Ckpt__Socket *peer = sockets_peer(model, record);
    if (peer == NULL)
        return true;
    bool is_alike = peer != record && peer->family == record->family && peer->type == record->type;
    return is_alike && (record->type == SOCK_DGRAM || (peer->state == CKPT__SOCKET__STATE__CONNECTED && peer->peer == record->file));
}

static bool is_state_fine(const struct model *model, const Ckpt__Socket *record)
{
    bool is_unix = record->family == AF_UNIX, is_datagram = record->type == SOCK_DGRAM;
    switch (record->state) {
    case CKPT__SOCKET__STATE__LISTENING:
        return !is_datagram && record->n_messages == 0 && record->backlog <= INT_MAX;
    case CKPT__SOCKET__STATE__CONNECTED:
        return is_unix ? is_peer_fine(model, record) : is_datagram && record->n_messages == 0;
    case CKPT__SOCKET__STATE__UNCONNECTED:
        return record->n_messages == 0 || (is_unix && is_datagram);
    default:
        return false;
    }
}

static bool is_sane(const struct trial *t)
{
    const Ckpt__Socket *record = t->record;
    bool is_known = is_kind_known(record);
    bool is_fine = is_known && is_address_of(record, &record->name) && is_address_of(record, &record->remote) && is_state_fine(t->thaw->model, record);
    if (!is_known)
        findings_add(t->findings, VERDICT_REFUSED, t->subject, NULL, "sockets of this kind cannot be made");
    else if (!is_fine)
        findings_add(t->findings, VERDICT_REFUSED, t->subject, NULL, "its record contradicts itself, or that of its other end");
    return is_fine;
}

static const char *subject_of(struct arena *arena, const struct model *model, const Ckpt__Socket *record)
{
    struct cli_text name = {0};
    sockets_add_name(&name, record);
    const char *subject = arena_printf(arena, "fd %u: %s", sockets_number(model, record), cli_text_get(&name));
    cli_text_deinit(&name);
    return subject;
}

static int try_socket(struct thaw *thaw, const Ckpt__Socket *record, struct findings *findings)
{
    struct trial t = {.thaw = thaw, .findings = findings, .record = record, .subject = subject_of(findings->arena, thaw->model, record)};
    if (!is_sane(&t))
        return -1;
    t.fd = socket((int)record->family, (int)record->type | SOCK_CLOEXEC, (int)record->protocol);
    if (t.fd < 0)
        refuse(&t, NULL, "making it", errno);
    else if (are_options_fine(&t) && is_address_fine(&t)) {
        try_connection(&t);
        tell_lost(&t);
    }
    return t.fd;
}

void sockets_check(struct thaw *thaw, struct findings *findings)
{
    const struct model_objects *all = model_objects(thaw->model, CKPT__KIND__KIND_SOCKET);
    int *tried = arena_alloc(findings->arena, (all->count + 1) * sizeof(*tried));
    size_t count = 0;
    for (size_t i = 0; i < all->count; i++) {
        const Ckpt__Socket *record = (const Ckpt__Socket *)all->list[i];
        if (sockets_number(thaw->model, record) != UINT32_MAX)
            tried[count++] = try_socket(thaw, record, findings);
    }
    for (size_t i = 0; i < count; i++)
        if (tried[i] >= 0)
            close(tried[i]);
    if (count > 0)
        findings_add(findings, VERDICT_SAVED, "sockets", NULL, "%zu made again", count);
}

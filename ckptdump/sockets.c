#include "ckptdump/objects.h"

#include <inttypes.h>

#include "cli/socket_names.h"
#include "schemas/sockets.pb-c.h"

static void add_connection(struct cli_text *text, struct image *image, const Ckpt__Socket *socket)
{
    const Ckpt__File *peer = image_file(image, socket->peer);
    if (socket->state == CKPT__SOCKET__STATE__LISTENING)
        cli_text_add(text, ", listening, backlog %u", socket->backlog);
    if (socket->state != CKPT__SOCKET__STATE__CONNECTED)
        return;
    cli_text_add(text, ", connected to ");
    if (socket->hung_up)
        cli_text_add(text, "an end that is closed%s", socket->reset ? ", reset" : "");
    else if (socket->remote.len > 0 || peer == NULL)
        cli_add_address(text, socket->remote.data, socket->remote.len);
    else
        cli_text_add_bytes(text, peer->path.data, peer->path.len);
}

static void add_shutdown(struct cli_text *text, uint32_t shutdown)
{
    static const char *const names[] = {"", ", shut down for reading", ", shut down for writing", ", shut down"};
    cli_text_add(text, "%s", names[shutdown & 3]);
}

static void add_unread(struct cli_text *text, const Ckpt__Socket *socket)
{
    uint64_t bytes = 0;
    for (size_t i = 0; i < socket->n_messages; i++)
        bytes += socket->messages[i]->data.len;
    if (socket->n_messages > 0)
        cli_text_add(text, ", %" PRIu64 " bytes in %zu message%s unread", bytes, socket->n_messages, socket->n_messages == 1 ? "" : "s");
}

static void add_options(struct cli_text *text, const Ckpt__Socket *socket)
{
    for (size_t i = 0; i < socket->n_options; i++) {
        const Ckpt__SocketOption *option = socket->options[i];
        const char *name = cli_socket_option(option->level, option->name);
        if (name != NULL) {
            cli_text_add(text, ", %s", name);
        } else {
            cli_text_add(text, ", ");
            cli_add_name(text, cli_socket_levels, option->level);
            cli_text_add(text, " %u", option->name);
        }
    }
}

void add_socket_text(struct cli_text *text, struct image *image, const Ckpt__File *file, const ProtobufCMessage *object)
{
    const Ckpt__Socket *socket = (const Ckpt__Socket *)object;
    (void)file;
    cli_add_socket_kind(text, socket->family, socket->type, socket->protocol);
    if (socket->name.len > 0) {
        cli_text_add(text, ", ");
        cli_add_address(text, socket->name.data, socket->name.len);
    }
    add_connection(text, image, socket);
    add_shutdown(text, socket->shutdown);
    add_unread(text, socket);
    add_options(text, socket);
}

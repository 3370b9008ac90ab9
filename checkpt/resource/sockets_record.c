#include <stddef.h>
#include <string.h>
#include <sys/un.h>

#include "checkpt/resource/sockets.h"
#include "schemas/record.pb-c.h"

Ckpt__Socket *sockets_record(const struct model *model, uint32_t file)
{
    const struct model_objects *all = model_objects(model, CKPT__KIND__KIND_SOCKET);
    for (size_t i = 0; i < all->count; i++) {
        Ckpt__Socket *record = (Ckpt__Socket *)all->list[i];
        if (record->file == file)
            return record;
    }
    return NULL;
}

Ckpt__Socket *sockets_peer(const struct model *model, const Ckpt__Socket *record)
{
    Ckpt__Socket *peer = record->peer != 0 ? sockets_record(model, record->peer) : NULL;
    return peer != NULL && sockets_number(model, peer) != UINT32_MAX ? peer : NULL;
}

bool sockets_is_pair(const struct model *model, const Ckpt__Socket *record)
{
    const Ckpt__Socket *peer = sockets_peer(model, record);
    if (record->family != AF_UNIX || record->state != CKPT__SOCKET__STATE__CONNECTED)
        return false;
    if (record->type == SOCK_DGRAM)
        return peer != NULL ? peer->peer == record->file : record->hung_up || record->peer != 0;
    return true;
}

static bool has_name(const struct model *model, const Ckpt__Socket *record, const ProtobufCBinaryData *name, uint32_t type)
{
    return record->family == AF_UNIX && record->type == type && name->len > 0 && record->name.len == name->len && memcmp(record->name.data, name->data, name->len) == 0 &&
           sockets_number(model, record) != UINT32_MAX;
}

Ckpt__Socket *sockets_of_name(const struct model *model, const ProtobufCBinaryData *name, uint32_t type)
{
    const struct model_objects *all = model_objects(model, CKPT__KIND__KIND_SOCKET);
    for (size_t i = 0; i < all->count; i++)
        if (has_name(model, (const Ckpt__Socket *)all->list[i], name, type))
            return (Ckpt__Socket *)all->list[i];
    return NULL;
}

Ckpt__Socket *sockets_listener(const struct model *model, const ProtobufCBinaryData *name, uint32_t type)
{
    const struct model_objects *all = model_objects(model, CKPT__KIND__KIND_SOCKET);
    for (size_t i = 0; i < all->count; i++) {
        Ckpt__Socket *one = (Ckpt__Socket *)all->list[i];
        if (one->state == CKPT__SOCKET__STATE__LISTENING && has_name(model, one, name, type))
            return one;
    }
    return NULL;
}

uint32_t sockets_number(const struct model *model, const Ckpt__Socket *record)
{
    const Ckpt__Descriptors *all = &model->descriptors;
    for (size_t i = 0; i < all->n_descriptors; i++) {
        const Ckpt__OpenFile *open_file = model_open_file(model, all->descriptors[i]->open_file);
        if (open_file->file == record->file && open_file->inherited == 0)
            return all->descriptors[i]->number;
    }
    return UINT32_MAX;
}

bool sockets_can_be_sent(const struct model *model, const Ckpt__Socket *record, const Ckpt__SocketMessage *message)
{
    bool is_reachable = record->name.len > 0 && (record->path == NULL || !record->path->gone);
    return is_reachable && (message->sender.len == 0 || sockets_of_name(model, &message->sender, record->type) != NULL);
}

void sockets_add_name(struct cli_text *text, const Ckpt__Socket *record)
{
    cli_add_socket_kind(text, record->family, record->type, record->protocol);
    if (record->name.len == 0)
        return;
    cli_text_add(text, " ");
    cli_add_address(text, record->name.data, record->name.len);
}

const char *sockets_path(const Ckpt__Socket *record, char buffer[128])
{
    enum { AT = offsetof(struct sockaddr_un, sun_path) };
    if (record->family != AF_UNIX || record->name.len <= AT || record->name.len - AT >= 128 || record->name.data[AT] == '\0')
        return NULL;
    memcpy(buffer, record->name.data + AT, record->name.len - AT);
    buffer[record->name.len - AT] = '\0';
    return buffer;
}

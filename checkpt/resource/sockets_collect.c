#include <fcntl.h>
#include <netinet/in.h>
#include <netinet/tcp.h>
#include <poll.h>
#include <stddef.h>
#include <string.h>
#include <sys/stat.h>
#include <sys/un.h>
#include <unistd.h>

#include "checkpt/resource/sockets.h"
#include "schemas/record.pb-c.h"

/* The program's directory is where a name begins that is no whole path. */
static bool path_status(const struct freeze *freeze, const char *path, struct stat *status)
{
    if (path[0] == '/')
        return lstat(path, status) == 0;
    int directory = openat(freeze->directory, "cwd", O_PATH | O_DIRECTORY | O_CLOEXEC);
    bool found = directory >= 0 && fstatat(directory, path, status, AT_SYMLINK_NOFOLLOW) == 0;
    if (directory >= 0)
        close(directory);
    return found;
}

static void collect_path(const struct freeze *freeze, const struct proc_unix_socket *known, Ckpt__Socket *record)
{
    char path[128];
    struct stat status;
    if (sockets_path(record, path) == NULL || known == NULL || !known->has_file)
        return;
    Ckpt__SocketPath *file = arena_alloc(&freeze->model->arena, sizeof(*file));
    ckpt__socket_path__init(file);
    file->gone = !path_status(freeze, path, &status) || !S_ISSOCK(status.st_mode) || (uint32_t)status.st_ino != known->file_inode || status.st_dev != known->file_device;
    if (!file->gone) {
        file->device = status.st_dev;
        file->inode = status.st_ino;
        file->mode = status.st_mode;
        file->uid = status.st_uid;
        file->gid = status.st_gid;
    }
    record->path = file;
}

static uint32_t file_of_inode(const struct freeze *freeze, uint64_t inode)
{
    const struct model *model = freeze->model;
    for (size_t i = 0; i < model->file_count && inode != 0; i++)
        if (model->files[i]->type == CKPT__FILE_TYPE__FILE_TYPE_SOCKET && model->files[i]->inode == inode)
            return model->files[i]->id;
    return 0;
}

/* What was unread in the end that was closed makes the next call on this one fail. */
static bool is_reset(int fd)
{
    struct pollfd poll_fd = {.fd = fd};
    return poll(&poll_fd, 1, 0) == 1 && (poll_fd.revents & POLLERR) != 0;
}

static void collect_unix(const struct freeze *freeze, const struct proc_unix_socket *known, int fd, Ckpt__Socket *record)
{
    record->shutdown = known->shutdown;
    record->peer = file_of_inode(freeze, known->peer);
    record->hung_up = known->has_peer && known->peer == 0;
    record->reset = record->hung_up && is_reset(fd);
    if (known->is_listening)
        record->backlog = known->limit;
    else if (known->has_peer)
        record->state = CKPT__SOCKET__STATE__CONNECTED;
    collect_path(freeze, known, record);
}

static void collect_inet(int fd, const struct sockets_look *look, Ckpt__Socket *record)
{
    struct tcp_info info = {0};
    socklen_t length = sizeof(info);
    if (look->is_listening && getsockopt(fd, IPPROTO_TCP, TCP_INFO, &info, &length) == 0)
        record->backlog = info.tcpi_sacked; /* a listening socket's */
    else if (look->is_connected)
        record->state = CKPT__SOCKET__STATE__CONNECTED;
}

static bool collect_look(struct freeze *freeze, const struct proc_fd *fd, int copy, Ckpt__Socket *record, struct failure *why)
{
    struct arena *arena = &freeze->model->arena;
    const struct sockets_survey *survey = sockets_survey(freeze);
    struct sockets_look look;
    if (!sockets_look_at(copy, &look, why))
        return false;
    record->family = (uint32_t)look.family;
    record->type = (uint32_t)look.type;
    record->protocol = (uint32_t)look.protocol;
    record->name = (ProtobufCBinaryData){look.name_length, arena_copy(arena, &look.name, look.name_length)};
    record->remote = (ProtobufCBinaryData){look.remote_length, arena_copy(arena, &look.remote, look.remote_length)};
    if (look.is_listening)
        record->state = CKPT__SOCKET__STATE__LISTENING;
    const struct proc_unix_socket *known = look.family == AF_UNIX ? proc_unix_socket_find(&survey->list, fd->inode) : NULL;
    if (known == NULL && look.family == AF_UNIX)
        return failure_set(why, "the kernel does not tell of it (sock_diag)");
    if (known != NULL)
        collect_unix(freeze, known, copy, record);
    else
        collect_inet(copy, &look, record);
    return sockets_collect_options(copy, record, arena, why) && (look.family != AF_UNIX || sockets_collect_queue(freeze, fd->number, copy, &look, record, why));
}

static bool collect_socket(struct freeze *freeze, const struct proc_fd *fd, uint32_t file, struct failure *why)
{
    Ckpt__Socket *record = arena_alloc(&freeze->model->arena, sizeof(*record));
    int copy = object_duplicate(freeze, fd->number, why);
    if (copy < 0)
        return false;
    ckpt__socket__init(record);
    record->file = file;
    bool done = collect_look(freeze, fd, copy, record, why);
    close(copy);
    if (done)
        model_add_object(freeze->model, CKPT__KIND__KIND_SOCKET, record);
    return done || failure_prepend(why, "fd %u", fd->number);
}

/* Descriptors are in the order of freeze->fds. */
bool sockets_collect(struct freeze *freeze, struct failure *why)
{
    const struct model *model = freeze->model;
    for (size_t i = 0; i < freeze->fd_count && i < model->descriptors.n_descriptors; i++) {
        const Ckpt__OpenFile *open_file = model_open_file(model, model->descriptors.descriptors[i]->open_file);
        if (!S_ISSOCK(freeze->fds[i].mode) || open_file == NULL || open_file->inherited != 0 || sockets_record(model, open_file->file) != NULL)
            continue;
        if (!collect_socket(freeze, &freeze->fds[i], open_file->file, why))
            return false;
    }
    return true;
}

#include "checkpt/proc/unix_sockets.h"

#include <errno.h>
#include <linux/netlink.h>
#include <linux/rtnetlink.h>
#include <linux/sock_diag.h>
#include <linux/unix_diag.h>
#include <netinet/tcp.h>
#include <stdlib.h>
#include <string.h>
#include <sys/socket.h>
#include <sys/sysmacros.h>
#include <unistd.h>

#include "checkpt/proc/array.h"

/* A device number inside the kernel: 12 bits major, 20 bits minor. */
static uint64_t device_of(uint32_t kernels)
{
    return makedev(kernels >> 20, kernels & 0xfffff);
}

static void read_attribute(const struct rtattr *attribute, struct proc_unix_socket *socket)
{
    const void *data = RTA_DATA(attribute);
    size_t length = RTA_PAYLOAD(attribute);
    struct unix_diag_vfs file;
    struct unix_diag_rqlen queue;
    if (attribute->rta_type == UNIX_DIAG_PEER && length >= sizeof(socket->peer)) {
        socket->has_peer = true;
        memcpy(&socket->peer, data, sizeof(socket->peer));
    } else if (attribute->rta_type == UNIX_DIAG_SHUTDOWN && length >= sizeof(socket->shutdown)) {
        memcpy(&socket->shutdown, data, sizeof(socket->shutdown));
    } else if (attribute->rta_type == UNIX_DIAG_VFS && length >= sizeof(file)) {
        memcpy(&file, data, sizeof(file));
        socket->has_file = true;
        socket->file_inode = file.udiag_vfs_ino;
        socket->file_device = device_of(file.udiag_vfs_dev);
    } else if (attribute->rta_type == UNIX_DIAG_RQLEN && length >= sizeof(queue)) {
        memcpy(&queue, data, sizeof(queue));
        socket->waiting = queue.udiag_rqueue;
        socket->limit = queue.udiag_wqueue;
    }
}

static void read_socket(const struct nlmsghdr *header, struct proc_array *array)
{
    const struct unix_diag_msg *message = NLMSG_DATA(header);
    struct proc_unix_socket *socket = proc_array_add(array);
    *socket = (struct proc_unix_socket){.inode = message->udiag_ino, .is_listening = message->udiag_state == TCP_LISTEN};
    unsigned left = (unsigned)NLMSG_PAYLOAD(header, sizeof(*message));
    for (const struct rtattr *a = (const void *)((const char *)message + NLMSG_ALIGN(sizeof(*message))); RTA_OK(a, left); a = RTA_NEXT(a, left))
        read_attribute(a, socket);
}

/* Returns 1 where more is to come, 0 at the end, -errno. */
static int read_some(int fd, struct proc_array *array)
{
    enum { ROOM = 32768 };
    char buffer[ROOM] __attribute__((aligned(8)));
    ssize_t got = recv(fd, buffer, sizeof(buffer), 0);
    if (got < 0)
        return errno == EINTR ? 1 : -errno;
    unsigned left = (unsigned)got;
    for (const struct nlmsghdr *h = (const void *)buffer; NLMSG_OK(h, left); h = NLMSG_NEXT(h, left)) {
        bool is_last = (h->nlmsg_flags & NLM_F_MULTI) == 0;
        if (h->nlmsg_type == NLMSG_DONE)
            return 0;
        if (h->nlmsg_type == NLMSG_ERROR)
            return ((const struct nlmsgerr *)NLMSG_DATA(h))->error;
        if (h->nlmsg_type == SOCK_DIAG_BY_FAMILY && h->nlmsg_len >= NLMSG_LENGTH(sizeof(struct unix_diag_msg)))
            read_socket(h, array);
        if (is_last)
            return 0;
    }
    return got > 0 ? 1 : -EPROTO;
}

/* One socket, or with inode 0 all. 0, or -errno. */
static int ask(int fd, uint32_t inode, struct proc_array *array)
{
    const struct {
        struct nlmsghdr header;
        struct unix_diag_req request;
    } question = {
        .header = {.nlmsg_len = sizeof(question), .nlmsg_type = SOCK_DIAG_BY_FAMILY, .nlmsg_flags = (uint16_t)(NLM_F_REQUEST | (inode == 0 ? NLM_F_DUMP : 0))},
        .request = {.sdiag_family = AF_UNIX, .udiag_states = ~0u, .udiag_ino = inode, .udiag_show = UDIAG_SHOW_PEER | UDIAG_SHOW_RQLEN | UDIAG_SHOW_VFS,
                    .udiag_cookie = {~0u, ~0u}},
    };
    int result = send(fd, &question, sizeof(question), 0) == sizeof(question) ? 1 : -errno;
    while (result > 0)
        result = read_some(fd, array);
    return result;
}

static int compare(const void *a, const void *b)
{
    uint32_t x = ((const struct proc_unix_socket *)a)->inode, y = ((const struct proc_unix_socket *)b)->inode;
    return (x > y) - (x < y);
}

static bool has(const struct proc_array *array, uint32_t inode)
{
    const struct proc_unix_socket *list = array->elements;
    for (size_t i = 0; i < array->count; i++)
        if (list[i].inode == inode)
            return true;
    return false;
}

/* One at a time the kernel goes through all for each; all at once it may leave one out, when others come and go meanwhile. */
static int ask_all(int fd, const uint64_t *inodes, size_t count, struct proc_array *array)
{
    enum { FEW = 128 };
    int result = count > FEW ? ask(fd, 0, array) : 0;
    for (size_t i = 0; i < count && result == 0; i++) {
        result = has(array, (uint32_t)inodes[i]) ? 0 : ask(fd, (uint32_t)inodes[i], array);
        if (result == -ENOENT)
            result = 0;
    }
    return result;
}

bool proc_unix_sockets(const uint64_t *inodes, size_t count, struct arena *arena, struct proc_unix_sockets *sockets, struct failure *why)
{
    struct proc_array array = {.element = sizeof(struct proc_unix_socket)};
    int fd = socket(AF_NETLINK, SOCK_RAW | SOCK_CLOEXEC, NETLINK_SOCK_DIAG);
    int result = fd < 0 ? -errno : ask_all(fd, inodes, count, &array);
    if (fd >= 0)
        close(fd);
    if (result < 0) {
        proc_array_drop(&array);
        errno = -result;
        return failure_errno(why, "asking the kernel which sockets are connected (sock_diag)");
    }
    sockets->list = proc_array_keep(&array, arena, &sockets->count);
    qsort(sockets->list, sockets->count, sizeof(*sockets->list), compare);
    return true;
}

const struct proc_unix_socket *proc_unix_socket_find(const struct proc_unix_sockets *sockets, uint64_t inode)
{
    const struct proc_unix_socket key = {.inode = (uint32_t)inode};
    return sockets->count > 0 ? bsearch(&key, sockets->list, sockets->count, sizeof(key), compare) : NULL;
}

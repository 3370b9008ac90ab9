#include "checkpt/resource/sockets.h"

#include <netinet/in.h>
#include <netinet/tcp.h>
#include <stdio.h>
#include <sys/ioctl.h>
#include <sys/stat.h>
#include <unistd.h>

#include "checkpt/resource/sharers.h"

static bool is_one(const struct proc_fd *fd)
{
    return S_ISSOCK(fd->mode);
}

/* Both ends are the program's, and nobody else's. */
static bool is_own(const struct freeze *freeze, const struct proc_fd *fd)
{
    const struct sockets_survey *survey = sockets_survey(freeze);
    const struct proc_unix_socket *own = survey->is_known ? proc_unix_socket_find(&survey->list, fd->inode) : NULL;
    const struct proc_fd *peer = own != NULL && own->peer != 0 ? sockets_fd(freeze, own->peer) : NULL;
    return peer != NULL && sharers_find(freeze, fd) == NULL && sharers_find(freeze, peer) == NULL;
}

static bool is_its(const Ckpt__File *file)
{
    return file->type == CKPT__FILE_TYPE__FILE_TYPE_SOCKET;
}

const struct object sockets_object = {
    .name = "sockets",
    .saved = "made anew, with what is unread; SO_PEERCRED names the resumed process",
    .is_one = is_one,
    .is_own = is_own,
    .fate = sockets_fate,
    .is_its = is_its,
    .make = sockets_make,
};

static void tell_waiting(struct findings *findings, const char *subject, unsigned waiting)
{
    bool one = waiting == 1;
    if (waiting > 0)
        findings_add(findings, VERDICT_LOST, subject, NULL, "%u connection%s to it that %s to be accepted %s lost", waiting, one ? "" : "s", one ? "waits" : "wait", one ? "is" : "are");
}

static void explain_inet(const struct freeze *freeze, const struct proc_fd *fd, const char *subject, struct findings *findings)
{
    struct sockets_look look = {0};
    struct failure ignored;
    struct tcp_info info = {0};
    socklen_t length = sizeof(info);
    int unread = 0, copy = object_duplicate(freeze, fd->number, &ignored);
    if (copy < 0)
        return;
    if (sockets_look_at(copy, &look, &ignored) && look.is_listening && getsockopt(copy, IPPROTO_TCP, TCP_INFO, &info, &length) == 0)
        tell_waiting(findings, subject, info.tcpi_unacked); /* of a listening socket: who waits */
    else if (look.protocol == IPPROTO_UDP && ioctl(copy, FIONREAD, &unread) == 0 && unread > 0)
        findings_add(findings, VERDICT_LOST, subject, NULL, "datagrams that it has not read yet are lost");
    close(copy);
}

/* What is told besides: who waits is not kept waiting. */
static void explain(struct freeze *freeze, struct findings *findings)
{
    const struct sockets_survey *survey = NULL;
    for (size_t i = 0; i < freeze->fd_count; i++) {
        const struct proc_fd *fd = &freeze->fds[i];
        char subject[32];
        if (!S_ISSOCK(fd->mode) || fd->number < FILES_STANDARD)
            continue;
        survey = survey == NULL ? sockets_survey(freeze) : survey;
        const struct proc_unix_socket *own = survey->is_known ? proc_unix_socket_find(&survey->list, fd->inode) : NULL;
        snprintf(subject, sizeof(subject), "fd %u", fd->number);
        if (own == NULL)
            explain_inet(freeze, fd, subject, findings);
        else if (own->is_listening)
            tell_waiting(findings, subject, own->waiting);
    }
}

const struct resource_ops sockets_resource = {
    .name = "sockets", .beside_memory = true,
    .explain = explain,
    .collect = sockets_collect,
    .check = sockets_check,
    .plan = sockets_plan,
};

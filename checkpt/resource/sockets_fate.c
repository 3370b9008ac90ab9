/* What becomes of a socket: saved, as far as nobody else is at its other end or has it as well. */
#include <errno.h>
#include <fcntl.h>
#include <netinet/in.h>
#include <string.h>
#include <sys/un.h>
#include <unistd.h>

#include "checkpt/proc/holders.h"
#include "checkpt/proc/tcp_peer.h"
#include "checkpt/resource/sharers.h"
#include "checkpt/resource/sockets.h"

static const char close_first[] = "have the program close it first";

static struct files_fate refused(const char *noun, const char *reason, const char *way_out)
{
    return (struct files_fate){.kind = FILES_REFUSED, .noun = noun, .reason = reason, .way_out = way_out};
}

static const char *text_of(struct arena *arena, struct cli_text *text)
{
    const char *copy = arena_printf(arena, "%s", cli_text_get(text));
    cli_text_deinit(text);
    return copy;
}

static const char *noun_of(const struct sockets_look *look, struct arena *arena)
{
    struct cli_text text = {0};
    cli_add_socket_kind(&text, (uint32_t)look->family, (uint32_t)look->type, (uint32_t)look->protocol);
    if (look->name_length > 0) {
        cli_text_add(&text, " ");
        cli_add_address(&text, &look->name, look->name_length);
    }
    return text_of(arena, &text);
}

/* "connected to 10.0.0.1:80, which is not frozen with it", "connected to /run/x.sock of redis-server, process 4711, …" */
static const char *connected_to(const struct freeze *freeze, const struct sockets_look *look, uint64_t peer, struct arena *arena)
{
    struct cli_text text = {0};
    struct proc_holder holder;
    const struct proc_fd *own = peer != 0 ? sockets_fd(freeze, peer) : NULL;
    cli_text_add(&text, "connected to ");
    if (look->remote_length > 0)
        cli_add_address(&text, &look->remote, look->remote_length);
    else
        cli_text_add(&text, "a socket");
    if (own != NULL) {
        cli_text_add(&text, ", its own fd %u, and connections of that kind are not saved yet", own->number);
        return text_of(arena, &text);
    }
    if (peer != 0 && proc_socket_holder(peer, freeze->pid, &holder)) {
        cli_text_add(&text, " of ");
        cli_text_escape(&text, holder.comm, strlen(holder.comm));
        cli_text_add(&text, ", process %d", holder.pid);
    }
    cli_text_add(&text, ", which is not frozen with it");
    return text_of(arena, &text);
}

static bool is_kind_saved(const struct sockets_look *look)
{
    bool is_inet = look->family == AF_INET || look->family == AF_INET6;
    if (look->family == AF_UNIX)
        return look->type == SOCK_STREAM || look->type == SOCK_DGRAM || look->type == SOCK_SEQPACKET;
    return is_inet && (look->protocol == IPPROTO_TCP || look->protocol == IPPROTO_UDP);
}

/* Datagrams: by the address, if there is one, whoever is there; or as a pair. */
static bool can_connect_again(const struct freeze *freeze, const struct proc_fd *fd, const struct proc_unix_socket *own,
                              const struct sockets_look *look)
{
    bool is_own = own->peer != 0 && sockets_fd(freeze, own->peer) != NULL;
    const struct proc_unix_socket *peer = is_own ? proc_unix_socket_find(&sockets_survey(freeze)->list, own->peer) : NULL;
    return own->peer == 0 || look->remote_length > 0 || (peer != NULL && peer->peer == fd->inode);
}

static struct files_fate fate_of_unix(const struct freeze *freeze, const struct sockets_survey *survey, const struct proc_fd *fd, const struct sockets_look *look,
                                      const char *noun, struct arena *arena)
{
    const struct proc_unix_socket *own = survey->is_known ? proc_unix_socket_find(&survey->list, fd->inode) : NULL;
    bool is_stream = look->type != SOCK_DGRAM;
    if (!survey->is_known)
        return refused(noun, arena_printf(arena, "%s", survey->why.sentence), close_first);
    if (own == NULL)
        return refused(noun, "of another network namespace, or the kernel does not tell of it (CONFIG_UNIX_DIAG)", close_first);
    if (!own->has_peer || look->is_listening)
        return object_saved(&sockets_object, noun);
    if (own->peer == 0 && is_stream && own->shutdown != (SOCKETS_NO_RECEIVE | SOCKETS_NO_SEND))
        return refused(noun, "its connection has not been accepted yet", "try again when it has been");
    if (!is_stream && can_connect_again(freeze, fd, own, look))
        return object_saved(&sockets_object, noun);
    if (own->peer != 0 && (sockets_fd(freeze, own->peer) == NULL || !is_stream))
        return refused(noun, connected_to(freeze, look, own->peer, arena), "have the program close its connections first");
    return object_saved(&sockets_object, noun);
}

static struct files_fate fate_of_tcp(const struct freeze *freeze, const struct sockets_look *look, const char *noun, struct arena *arena)
{
    if (look->is_connecting)
        return refused(noun, "it is connecting", "try again when it has");
    if (look->is_over)
        return refused(noun, "its connection has ended", close_first);
    if (look->is_connected)
        return refused(noun, connected_to(freeze, look, proc_tcp_peer(&look->name, &look->remote), arena), "have the program close its connections first");
    return object_saved(&sockets_object, noun);
}

static struct files_fate fate_of_look(const struct freeze *freeze, const struct proc_fd *fd, const struct sockets_look *look, struct arena *arena)
{
    const struct sockets_survey *survey = sockets_survey(freeze);
    const struct sharer *sharer = sharers_find(freeze, fd);
    const char *noun = noun_of(look, arena);
    if (!is_kind_saved(look))
        return refused(noun, "sockets of this kind are not saved", close_first);
    if (sharer != NULL)
        return refused(noun, arena_printf(arena, "%s, process %d, has it open as well, and what processes share is not saved yet", sharer->name, sharer->pid),
                       "end that process, or have it close the socket");
    if (look->family == AF_UNIX)
        return fate_of_unix(freeze, survey, fd, look, noun, arena);
    if (look->protocol == IPPROTO_TCP)
        return fate_of_tcp(freeze, look, noun, arena);
    return object_saved(&sockets_object, noun);
}

/* Who freezes for others looks at nothing of a running program's yet: it is found out when it stands still. */
struct files_fate sockets_fate(const struct freeze *freeze, const struct proc_fd *fd, struct arena *arena)
{
    struct sockets_look look;
    struct failure why;
    if ((fd->flags & O_PATH) != 0)
        return refused("socket", "only its place in the file system is open (O_PATH)", close_first);
    int copy = object_duplicate(freeze, fd->number, &why);
    if (copy < 0 && freeze->tracee == NULL && (why.error == EPERM || why.error == EACCES))
        return object_saved(&sockets_object, "socket");
    bool is_known = copy >= 0 && sockets_look_at(copy, &look, &why);
    if (copy >= 0)
        close(copy);
    return is_known ? fate_of_look(freeze, fd, &look, arena) : refused("socket", arena_printf(arena, "%s", why.sentence), close_first);
}

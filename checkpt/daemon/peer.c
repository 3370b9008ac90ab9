#include "checkpt/daemon/peer.h"

#include <errno.h>
#include <fcntl.h>
#include <poll.h>
#include <stdlib.h>
#include <sys/resource.h>
#include <sys/socket.h>
#include <sys/stat.h>
#include <sys/syscall.h>
#include <unistd.h>

#include "checkpt/proc/proc.h"

#ifndef SO_PEERPIDFD
#define SO_PEERPIDFD 77 /* Linux 6.5 */
#endif
enum { SECCOMP_OFF = 0 };

static bool find_groups(int connection, gid_t own, struct peer *peer, struct failure *why)
{
    socklen_t size = 0;
    if (getsockopt(connection, SOL_SOCKET, SO_PEERGROUPS, NULL, &size) != 0 && errno != ERANGE)
        return failure_errno(why, "asking for the groups of process %d", peer->pid);
    peer->groups = malloc(size + sizeof(gid_t));
    if (peer->groups == NULL)
        return failure_set(why, "no memory for the groups of process %d", peer->pid);
    peer->groups[0] = own;
    if (size > 0 && getsockopt(connection, SOL_SOCKET, SO_PEERGROUPS, peer->groups + 1, &size) != 0)
        return failure_errno(why, "asking for the groups of process %d", peer->pid);
    peer->group_count = 1 + size / sizeof(gid_t);
    return true;
}

/* The directory may be that of another process with the number of one that is gone: then the pidfd says so. */
static bool is_alive(const struct peer *peer)
{
    struct pollfd ended = {.fd = peer->pidfd, .events = POLLIN};
    return peer->pidfd >= 0 && poll(&ended, 1, 0) == 0;
}

static void find_process(int connection, struct peer *peer)
{
    socklen_t size = sizeof(peer->pidfd);
    struct failure ignored;
    if (getsockopt(connection, SOL_SOCKET, SO_PEERPIDFD, &peer->pidfd, &size) != 0)
        peer->pidfd = errno == ENOPROTOOPT ? (int)syscall(SYS_pidfd_open, peer->pid, 0) : -1;
    if (!proc_open(peer->pid, &peer->directory, &ignored))
        peer->directory = -1;
}

bool peer_look(int connection, struct peer *peer, struct failure *why)
{
    struct ucred credentials;
    socklen_t size = sizeof(credentials);
    *peer = (struct peer){.pidfd = -1, .directory = -1};
    if (getsockopt(connection, SOL_SOCKET, SO_PEERCRED, &credentials, &size) != 0)
        return failure_errno(why, "asking who it is");
    peer->pid = credentials.pid;
    peer->user = credentials.uid;
    if (!find_groups(connection, credentials.gid, peer, why))
        return false;
    find_process(connection, peer);
    if (peer->pid > 0 && peer->directory >= 0 && is_alive(peer))
        return true;
    failure_set(why, "who asks has gone, or is in another PID namespace");
    why->error = EPERM;
    return false;
}

void peer_deinit(struct peer *peer)
{
    free(peer->groups);
    if (peer->pidfd >= 0)
        close(peer->pidfd);
    if (peer->directory >= 0)
        close(peer->directory);
    *peer = (struct peer){.pidfd = -1, .directory = -1};
}

static bool refuse(const char *sentence, struct failure *why)
{
    failure_set(why, "%s", sentence);
    why->error = EPERM;
    return false;
}

static bool shares(const struct peer *peer, const char *namespace, const char *own)
{
    struct stat theirs, ours;
    return fstatat(peer->directory, namespace, &theirs, 0) == 0 && stat(own, &ours) == 0 && theirs.st_dev == ours.st_dev && theirs.st_ino == ours.st_ino;
}

bool peer_is_free(const struct peer *peer, struct failure *why)
{
    struct arena arena = {0};
    struct proc_status status;
    if (!shares(peer, "ns/user", "/proc/self/ns/user") || !shares(peer, "ns/pid", "/proc/self/ns/pid"))
        return refuse("who asks is in a user or PID namespace of its own: checkptd does nothing for those", why);
    bool known = proc_status(peer->directory, "status", &arena, &status, why);
    arena_deinit(&arena);
    if (!known)
        return false;
    return status.seccomp == SECCOMP_OFF || refuse("who asks is under a seccomp filter: checkptd does nothing for sandboxes", why);
}

uint64_t peer_file_limit(const struct peer *peer)
{
    uint64_t soft[16], hard[16];
    struct failure ignored;
    return proc_limits(peer->directory, soft, hard, &ignored) ? soft[RLIMIT_FSIZE] : 0;
}

/* Who is at the other end of a connection, as the kernel knows it. */
#ifndef CHECKPT_DAEMON_PEER_H
#define CHECKPT_DAEMON_PEER_H

#include <stddef.h>
#include <stdint.h>
#include <sys/types.h>

#include "checkpt/failure.h"

struct peer {
    pid_t pid;
    uid_t user;
    gid_t *groups;        /* the effective one first, then the supplementary ones */
    size_t group_count;
    int pidfd;            /* -1: it is gone, or the kernel has none */
    int directory;        /* in /proc; -1: not open */
};

/* From the socket: they are those of the moment when it connected, whatever it has become since. `peer` is to be given to peer_deinit() in any case. */
bool peer_look(int connection, struct peer *peer, struct failure *why);
void peer_deinit(struct peer *peer);

/* What a sandbox forbids nobody outside does for who is in it: false where the peer is in namespaces other than ours, or under a seccomp filter. */
bool peer_is_free(const struct peer *peer, struct failure *why);
/* The limit of a file's size that it has; ~0: none. */
uint64_t peer_file_limit(const struct peer *peer);

#endif

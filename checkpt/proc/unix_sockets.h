/* AF_UNIX sockets of this network namespace, as sock_diag(7) tells of them to whoever asks: what no file of /proc says is who is connected to whom. */
#ifndef CHECKPT_PROC_UNIX_SOCKETS_H
#define CHECKPT_PROC_UNIX_SOCKETS_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "checkpt/arena.h"
#include "checkpt/failure.h"

struct proc_unix_socket {
    uint32_t inode;               /* 0: in no descriptor: not accepted yet */
    uint32_t peer;                /* inode of the socket at the other end; 0: it is closed, or not accepted yet */
    bool has_peer;
    bool is_listening;
    uint8_t shutdown;             /* bit 0: receives no more; bit 1: sends no more */
    uint32_t waiting, limit;      /* bytes to be received, of datagrams only the first's; listening: connections to be accepted, and the backlog */
    bool has_file;                /* its name is a path: */
    uint32_t file_inode;          /* the inode's low 32 bits */
    uint64_t file_device;         /* as makedev() encodes it */
};

struct proc_unix_sockets {
    struct proc_unix_socket *list; /* by inode */
    size_t count;
};

/* Those of these inodes that are AF_UNIX sockets, perhaps others too. One that is missing is of another sort or namespace, or the kernel does not tell (CONFIG_UNIX_DIAG). */
bool proc_unix_sockets(const uint64_t *inodes, size_t count, struct arena *arena, struct proc_unix_sockets *sockets, struct failure *why);
/* NULL: there is none. */
const struct proc_unix_socket *proc_unix_socket_find(const struct proc_unix_sockets *sockets, uint64_t inode);

#endif

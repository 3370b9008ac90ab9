/* Which socket of this host is at the other end of a TCP connection, as /proc/net lists them to everybody. */
#ifndef CHECKPT_PROC_TCP_PEER_H
#define CHECKPT_PROC_TCP_PEER_H

#include <stdint.h>
#include <sys/socket.h>

/* Its inode; 0: it is on another host, or has no descriptor. */
uint64_t proc_tcp_peer(const struct sockaddr_storage *local, const struct sockaddr_storage *remote);

#endif

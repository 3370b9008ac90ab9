/* Names of what sockets are: families, types, options, addresses. Numbers are the kernel's, as images have them. */
#ifndef CLI_SOCKET_NAMES_H
#define CLI_SOCKET_NAMES_H

#include "cli/names.h"
#include "cli/text.h"

extern const struct cli_name cli_socket_families[]; /* AF_* */
extern const struct cli_name cli_socket_types[];    /* SOCK_* */
extern const struct cli_name cli_socket_levels[];   /* SOL_* */

/* "SO_KEEPALIVE", "TCP_NODELAY"; NULL where there is none. */
const char *cli_socket_option(uint32_t level, uint32_t name);
/* Adds "127.0.0.1:80", "[::1]:80", "/run/x.sock", "@abstract", escaped; "no address" where it has none. `address` is a struct sockaddr of any kind, and length. */
void cli_add_address(struct cli_text *text, const void *address, size_t length);
/* Adds "unix stream socket", "tcp socket", "udp socket (IPv6)", "AF_NETLINK SOCK_RAW socket". */
void cli_add_socket_kind(struct cli_text *text, uint32_t family, uint32_t type, uint32_t protocol);

#endif

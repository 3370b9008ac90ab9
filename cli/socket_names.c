#include "cli/socket_names.h"

#include <arpa/inet.h>
#include <linux/tcp.h>
#include <linux/udp.h>
#include <netinet/in.h>
#include <stddef.h>
#include <string.h>
#include <sys/socket.h>
#include <sys/un.h>

#define NAME(constant) {(uint64_t)(constant), #constant}

const struct cli_name cli_socket_families[] = {
    NAME(AF_UNIX), NAME(AF_INET), NAME(AF_INET6), NAME(AF_NETLINK), NAME(AF_PACKET), NAME(AF_BLUETOOTH), NAME(AF_VSOCK), NAME(AF_XDP), NAME(AF_ALG), NAME(AF_CAN),
    NAME(AF_TIPC), NAME(AF_SMC), NAME(AF_QIPCRTR), {0, NULL},
};

const struct cli_name cli_socket_types[] = {
    NAME(SOCK_STREAM), NAME(SOCK_DGRAM), NAME(SOCK_RAW), NAME(SOCK_RDM), NAME(SOCK_SEQPACKET), NAME(SOCK_DCCP), NAME(SOCK_PACKET), {0, NULL},
};

const struct cli_name cli_socket_levels[] = {
    NAME(SOL_SOCKET), {IPPROTO_IP, "SOL_IP"}, {IPPROTO_IPV6, "SOL_IPV6"}, {IPPROTO_TCP, "SOL_TCP"}, {IPPROTO_UDP, "SOL_UDP"}, {0, NULL},
};

static const struct cli_name socket_options[] = {
    NAME(SO_DEBUG), NAME(SO_REUSEADDR), NAME(SO_DONTROUTE), NAME(SO_BROADCAST), NAME(SO_SNDBUF), NAME(SO_RCVBUF), NAME(SO_KEEPALIVE), NAME(SO_OOBINLINE),
    NAME(SO_NO_CHECK), NAME(SO_PRIORITY), NAME(SO_LINGER), NAME(SO_REUSEPORT), NAME(SO_PASSCRED), NAME(SO_RCVLOWAT), NAME(SO_RCVTIMEO), NAME(SO_SNDTIMEO),
    NAME(SO_BINDTODEVICE), NAME(SO_ATTACH_FILTER), {29, "SO_TIMESTAMP"}, {32, "SO_SNDBUFFORCE"}, {33, "SO_RCVBUFFORCE"}, NAME(SO_PASSSEC), {35, "SO_TIMESTAMPNS"},
    NAME(SO_MARK), {37, "SO_TIMESTAMPING"}, NAME(SO_RXQ_OVFL), NAME(SO_WIFI_STATUS), NAME(SO_PEEK_OFF), NAME(SO_NOFCS), NAME(SO_LOCK_FILTER), NAME(SO_SELECT_ERR_QUEUE),
    NAME(SO_BUSY_POLL), NAME(SO_MAX_PACING_RATE), NAME(SO_ZEROCOPY), NAME(SO_TXTIME), {63, "SO_TIMESTAMP_NEW"}, {64, "SO_TIMESTAMPNS_NEW"}, {65, "SO_TIMESTAMPING_NEW"},
    {69, "SO_PREFER_BUSY_POLL"}, {70, "SO_BUSY_POLL_BUDGET"}, {72, "SO_BUF_LOCK"}, {74, "SO_TXREHASH"}, {75, "SO_RCVMARK"}, {76, "SO_PASSPIDFD"}, {82, "SO_RCVPRIORITY"},
    {83, "SO_PASSRIGHTS"}, {84, "SO_INQ"}, {0, NULL},
};

static const struct cli_name ip_options[] = {
    NAME(IP_TOS), NAME(IP_TTL), NAME(IP_OPTIONS), NAME(IP_RECVOPTS), NAME(IP_RETOPTS), NAME(IP_PKTINFO), NAME(IP_MTU_DISCOVER), NAME(IP_RECVERR), NAME(IP_RECVTTL),
    NAME(IP_RECVTOS), NAME(IP_FREEBIND), NAME(IP_PASSSEC), NAME(IP_TRANSPARENT), NAME(IP_RECVORIGDSTADDR), NAME(IP_MINTTL), NAME(IP_NODEFRAG), NAME(IP_CHECKSUM),
    NAME(IP_BIND_ADDRESS_NO_PORT), NAME(IP_RECVFRAGSIZE), {26, "IP_RECVERR_RFC4884"}, NAME(IP_MULTICAST_IF), NAME(IP_MULTICAST_TTL), NAME(IP_MULTICAST_LOOP),
    NAME(IP_MULTICAST_ALL), NAME(IP_UNICAST_IF), {51, "IP_LOCAL_PORT_RANGE"}, {0, NULL},
};

static const struct cli_name ipv6_options[] = {
    NAME(IPV6_UNICAST_HOPS), NAME(IPV6_MULTICAST_IF), NAME(IPV6_MULTICAST_HOPS), NAME(IPV6_MULTICAST_LOOP), NAME(IPV6_MTU_DISCOVER), NAME(IPV6_RECVERR), NAME(IPV6_V6ONLY),
    NAME(IPV6_MULTICAST_ALL), {31, "IPV6_RECVERR_RFC4884"}, {33, "IPV6_FLOWINFO_SEND"}, NAME(IPV6_RECVPKTINFO), NAME(IPV6_RECVHOPLIMIT), NAME(IPV6_RECVHOPOPTS),
    NAME(IPV6_RECVRTHDR), NAME(IPV6_RECVDSTOPTS), NAME(IPV6_RECVPATHMTU), NAME(IPV6_DONTFRAG), NAME(IPV6_RECVTCLASS), NAME(IPV6_TCLASS), NAME(IPV6_AUTOFLOWLABEL),
    NAME(IPV6_ADDR_PREFERENCES), {73, "IPV6_MINHOPCOUNT"}, {74, "IPV6_RECVORIGDSTADDR"}, NAME(IPV6_TRANSPARENT), NAME(IPV6_UNICAST_IF), {77, "IPV6_RECVFRAGSIZE"},
    {78, "IPV6_FREEBIND"}, {0, NULL},
};

static const struct cli_name tcp_options[] = {
    NAME(TCP_NODELAY), NAME(TCP_MAXSEG), NAME(TCP_CORK), NAME(TCP_KEEPIDLE), NAME(TCP_KEEPINTVL), NAME(TCP_KEEPCNT), NAME(TCP_SYNCNT), NAME(TCP_LINGER2),
    NAME(TCP_DEFER_ACCEPT), NAME(TCP_WINDOW_CLAMP), NAME(TCP_CONGESTION), NAME(TCP_THIN_LINEAR_TIMEOUTS), NAME(TCP_USER_TIMEOUT), NAME(TCP_FASTOPEN),
    NAME(TCP_NOTSENT_LOWAT), NAME(TCP_SAVE_SYN), NAME(TCP_FASTOPEN_CONNECT), {34, "TCP_FASTOPEN_NO_COOKIE"}, {36, "TCP_INQ"}, {37, "TCP_TX_DELAY"}, {0, NULL},
};

static const struct cli_name udp_options[] = {
    NAME(UDP_CORK), NAME(UDP_NO_CHECK6_TX), NAME(UDP_NO_CHECK6_RX), {103, "UDP_SEGMENT"}, {104, "UDP_GRO"}, {0, NULL},
};

const char *cli_socket_option(uint32_t level, uint32_t name)
{
    static const struct {
        uint32_t level;
        const struct cli_name *names;
    } levels[] = {
        {SOL_SOCKET, socket_options}, {IPPROTO_IP, ip_options}, {IPPROTO_IPV6, ipv6_options}, {IPPROTO_TCP, tcp_options}, {IPPROTO_UDP, udp_options},
    };
    for (size_t i = 0; i < sizeof(levels) / sizeof(levels[0]); i++)
        if (levels[i].level == level)
            return cli_name(levels[i].names, name);
    return NULL;
}

static void add_unix(struct cli_text *text, const char *address, size_t length)
{
    enum { HEADER = offsetof(struct sockaddr_un, sun_path) };
    const char *path = address + HEADER;
    size_t size = length > HEADER ? length - HEADER : 0;
    if (size == 0)
        cli_text_add(text, "no address");
    else if (path[0] != '\0')
        cli_text_escape(text, path, strnlen(path, size));
    else {
        cli_text_add(text, "@");
        cli_text_escape(text, path + 1, size - 1);
    }
}

void cli_add_address(struct cli_text *text, const void *address, size_t length)
{
    char host[INET6_ADDRSTRLEN];
    struct sockaddr_in inet;
    struct sockaddr_in6 inet6;
    sa_family_t family = AF_UNSPEC;
    if (length >= sizeof(family))
        memcpy(&family, address, sizeof(family));
    if (family == AF_UNIX) {
        add_unix(text, address, length);
    } else if (family == AF_INET && length >= sizeof(inet)) {
        memcpy(&inet, address, sizeof(inet));
        cli_text_add(text, "%s:%u", inet_ntop(AF_INET, &inet.sin_addr, host, sizeof(host)), ntohs(inet.sin_port));
    } else if (family == AF_INET6 && length >= sizeof(inet6)) {
        memcpy(&inet6, address, sizeof(inet6));
        cli_text_add(text, "[%s]:%u", inet_ntop(AF_INET6, &inet6.sin6_addr, host, sizeof(host)), ntohs(inet6.sin6_port));
    } else if (length == 0) {
        cli_text_add(text, "no address");
    } else {
        cli_text_add(text, "an address of ");
        cli_add_name(text, cli_socket_families, family);
    }
}

void cli_add_socket_kind(struct cli_text *text, uint32_t family, uint32_t type, uint32_t protocol)
{
    static const char *const units[] = {[SOCK_STREAM] = "stream", [SOCK_DGRAM] = "datagram", [SOCK_SEQPACKET] = "seqpacket"};
    bool is_inet = family == AF_INET || family == AF_INET6;
    if (family == AF_UNIX && type < sizeof(units) / sizeof(units[0]) && units[type] != NULL) {
        cli_text_add(text, "unix %s socket", units[type]);
    } else if (is_inet && (protocol == IPPROTO_TCP || protocol == IPPROTO_UDP)) {
        cli_text_add(text, "%s socket%s", protocol == IPPROTO_TCP ? "tcp" : "udp", family == AF_INET6 ? " (IPv6)" : "");
    } else {
        cli_add_name(text, cli_socket_families, family);
        cli_text_add(text, " ");
        cli_add_name(text, cli_socket_types, type);
        cli_text_add(text, " socket");
    }
}

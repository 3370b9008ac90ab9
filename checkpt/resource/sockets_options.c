/* Options: a table of those that can be read and set again. A socket's are held against those of a new one of its kind, so that what a kernel sets by itself is none. */
#include <errno.h>
#include <linux/filter.h>
#include <linux/tcp.h>
#include <linux/udp.h>
#include <netinet/in.h>
#include <stddef.h>
#include <stdio.h>
#include <string.h>
#include <sys/syscall.h>
#include <unistd.h>

#include "checkpt/resource/sockets.h"
#include "checkpt/thaw/plan.h"

/* Newer than some C library's headers, or without a name there. */
enum {
    TIMESTAMP_OLD = 29, TIMESTAMPNS_OLD = 35, TIMESTAMPING_OLD = 37, TIMESTAMP_NEW = 63, TIMESTAMPNS_NEW, TIMESTAMPING_NEW, SNDBUFFORCE = 32, RCVBUFFORCE, PREFER_BUSY_POLL = 69,
    BUSY_POLL_BUDGET, BUF_LOCK = 72, TXREHASH = 74, RCVMARK, PASSPIDFD, RCVPRIORITY = 82, PASSRIGHTS, UNIX_INQ, GET_FILTER = 26,
    RECVERR_RFC4884 = 26, LOCAL_PORT_RANGE = 51, V6_RECVERR_RFC4884 = 31, V6_FLOWINFO_SEND = 33, V6_MINHOPCOUNT = 73, V6_RECVORIGDSTADDR, V6_RECVFRAGSIZE = 77, V6_FREEBIND,
    FASTOPEN_NO_COOKIE = 34, TX_DELAY = 37, TCP_INQUEUE = 36, SEGMENT = 103, GRO,
};
enum { VALUE_MAX = 64, SEND_LOCKED = 1, RECEIVE_LOCKED = 2 /* SO_BUF_LOCK's */ };

/* In the order in which they are set: IP_TOS changes the priority, buffers their locks, and a locked filter lets no other in. */
enum { GROUP_MAX = 40 };
static const struct group {
    uint32_t level;
    bool is_late;
    uint8_t names[GROUP_MAX]; /* up to 0 */
} groups[] = {
    {SOL_SOCKET, false, {
        SO_DEBUG, SO_REUSEADDR, SO_REUSEPORT, SO_BINDTODEVICE, SO_DONTROUTE, SO_BROADCAST, SO_KEEPALIVE, SO_OOBINLINE, SO_NO_CHECK, SO_LINGER,
        SO_RCVTIMEO, SO_SNDTIMEO, TIMESTAMP_OLD, TIMESTAMPNS_OLD, TIMESTAMPING_OLD, TIMESTAMP_NEW, TIMESTAMPNS_NEW, TIMESTAMPING_NEW,
        SO_PASSSEC, SO_MARK, SO_RXQ_OVFL, SO_WIFI_STATUS, SO_NOFCS, SO_SELECT_ERR_QUEUE, SO_BUSY_POLL, PREFER_BUSY_POLL, BUSY_POLL_BUDGET,
        SO_MAX_PACING_RATE, SO_ZEROCOPY, SO_TXTIME, TXREHASH, RCVMARK, RCVPRIORITY, UNIX_INQ}},
    {IPPROTO_IP, false, {
        IP_TOS, IP_TTL, IP_OPTIONS, IP_RECVOPTS, IP_RETOPTS, IP_PKTINFO, IP_MTU_DISCOVER, IP_RECVERR, IP_RECVTTL, IP_RECVTOS, IP_FREEBIND,
        IP_PASSSEC, IP_TRANSPARENT, IP_RECVORIGDSTADDR, IP_MINTTL, IP_NODEFRAG, IP_CHECKSUM, IP_BIND_ADDRESS_NO_PORT, IP_RECVFRAGSIZE,
        RECVERR_RFC4884, IP_MULTICAST_IF, IP_MULTICAST_TTL, IP_MULTICAST_LOOP, IP_MULTICAST_ALL, IP_UNICAST_IF, LOCAL_PORT_RANGE}},
    {IPPROTO_IPV6, false, {
        IPV6_V6ONLY, IPV6_UNICAST_HOPS, IPV6_MULTICAST_IF, IPV6_MULTICAST_HOPS, IPV6_MULTICAST_LOOP, IPV6_MULTICAST_ALL, IPV6_MTU_DISCOVER,
        IPV6_RECVERR, V6_RECVERR_RFC4884, V6_FLOWINFO_SEND, IPV6_RECVPKTINFO, IPV6_RECVHOPLIMIT, IPV6_RECVHOPOPTS, IPV6_RECVRTHDR,
        IPV6_RECVDSTOPTS, IPV6_RECVPATHMTU, IPV6_DONTFRAG, IPV6_RECVTCLASS, IPV6_TCLASS, IPV6_AUTOFLOWLABEL, IPV6_ADDR_PREFERENCES,
        V6_MINHOPCOUNT, V6_RECVORIGDSTADDR, IPV6_TRANSPARENT, IPV6_UNICAST_IF, V6_RECVFRAGSIZE, V6_FREEBIND}},
    {IPPROTO_TCP, false, {
        TCP_NODELAY, TCP_MAXSEG, TCP_CORK, TCP_KEEPIDLE, TCP_KEEPINTVL, TCP_KEEPCNT, TCP_SYNCNT, TCP_LINGER2, TCP_DEFER_ACCEPT,
        TCP_WINDOW_CLAMP, TCP_CONGESTION, TCP_THIN_LINEAR_TIMEOUTS, TCP_USER_TIMEOUT, TCP_FASTOPEN, TCP_NOTSENT_LOWAT, TCP_SAVE_SYN,
        TCP_FASTOPEN_CONNECT, FASTOPEN_NO_COOKIE, TCP_INQUEUE, TX_DELAY}},
    {IPPROTO_UDP, false, {UDP_NO_CHECK6_TX, UDP_NO_CHECK6_RX, SEGMENT, GRO}},
    {IPPROTO_UDP, true, {UDP_CORK}},
    {SOL_SOCKET, false, {SO_PRIORITY}},
    {SOL_SOCKET, true, {
        SO_SNDBUF, SO_RCVBUF, BUF_LOCK, SO_RCVLOWAT, SO_PASSCRED, PASSPIDFD, PASSRIGHTS, SO_PEEK_OFF, SO_ATTACH_FILTER, SO_LOCK_FILTER}},
};

struct entry {
    uint32_t level, name;
};

static bool is_size(const struct entry *entry)
{
    return entry->level == SOL_SOCKET && (entry->name == SO_SNDBUF || entry->name == SO_RCVBUF);
}

/* What the kernel made of a buffer that nobody has set a size for is its own business. */
static bool is_set_by_program(int fd, const struct entry *entry)
{
    int locks;
    socklen_t length = sizeof(locks);
    if (!is_size(entry) || getsockopt(fd, SOL_SOCKET, BUF_LOCK, &locks, &length) != 0)
        return true;
    return (locks & (entry->name == SO_SNDBUF ? SEND_LOCKED : RECEIVE_LOCKED)) != 0;
}

static void add(Ckpt__Socket *record, struct arena *arena, const struct entry *entry, const void *value, size_t length)
{
    Ckpt__SocketOption *option = arena_alloc(arena, sizeof(*option));
    ckpt__socket_option__init(option);
    option->level = entry->level;
    option->name = entry->name;
    option->value = (ProtobufCBinaryData){length, arena_copy(arena, value, length)};
    record->options = arena_grow(arena, record->options, record->n_options, record->n_options + 1, sizeof(*record->options));
    record->options[record->n_options++] = option;
}

/* The kernel doubles what it is told of a buffer's size. */
static void collect_option(int fd, int fresh, const struct entry *entry, Ckpt__Socket *record, struct arena *arena)
{
    char value[VALUE_MAX] = {0}, usual[VALUE_MAX] = {0};
    socklen_t length = sizeof(value), usual_length = sizeof(usual);
    if (getsockopt(fd, (int)entry->level, (int)entry->name, value, &length) != 0)
        return;
    if (getsockopt(fresh, (int)entry->level, (int)entry->name, usual, &usual_length) != 0)
        usual_length = 0;
    if ((length == usual_length && memcmp(value, usual, length) == 0) || !is_set_by_program(fd, entry))
        return;
    if (is_size(entry)) {
        int size;
        memcpy(&size, value, sizeof(size));
        size /= 2;
        memcpy(value, &size, sizeof(size));
    }
    add(record, arena, entry, value, length);
}

/* Its length is in instructions. One that is no classic program cannot be read: EACCES. */
static bool collect_filter(int fd, const struct entry *entry, Ckpt__Socket *record, struct arena *arena, struct failure *why)
{
    socklen_t count = 0;
    if (getsockopt(fd, SOL_SOCKET, GET_FILTER, NULL, &count) != 0)
        return errno == EACCES || errno == EPERM ? failure_set(why, "it has an eBPF filter, which nobody can read") : true;
    if (count == 0)
        return true;
    struct sock_filter *code = arena_alloc(arena, count * sizeof(*code));
    if (getsockopt(fd, SOL_SOCKET, GET_FILTER, code, &count) != 0)
        return failure_errno(why, "reading its filter");
    add(record, arena, entry, code, count * sizeof(*code));
    return true;
}

static bool collect_group(int fd, int fresh, const struct group *group, Ckpt__Socket *record, struct arena *arena, struct failure *why)
{
    for (size_t i = 0; i < GROUP_MAX && group->names[i] != 0; i++) {
        const struct entry entry = {group->level, group->names[i]};
        if (entry.level != SOL_SOCKET || entry.name != SO_ATTACH_FILTER)
            collect_option(fd, fresh, &entry, record, arena);
        else if (!collect_filter(fd, &entry, record, arena, why))
            return false;
    }
    return true;
}

bool sockets_collect_options(int fd, Ckpt__Socket *record, struct arena *arena, struct failure *why)
{
    int fresh = socket((int)record->family, (int)record->type | SOCK_CLOEXEC, (int)record->protocol);
    bool done = true;
    if (fresh < 0)
        return failure_errno(why, "making a socket of the same kind, to see how it differs from a new one");
    for (size_t i = 0; i < sizeof(groups) / sizeof(groups[0]) && done; i++)
        done = collect_group(fd, fresh, &groups[i], record, arena, why);
    close(fresh);
    return done;
}

const Ckpt__SocketOption *sockets_option(const Ckpt__Socket *record, uint32_t level, uint32_t name)
{
    for (size_t i = 0; i < record->n_options; i++)
        if (record->options[i]->level == level && record->options[i]->name == name)
            return record->options[i];
    return NULL;
}

bool sockets_is_option(const Ckpt__SocketOption *option, bool *is_late)
{
    for (size_t i = 0; i < sizeof(groups) / sizeof(groups[0]); i++)
        for (size_t k = 0; k < GROUP_MAX && groups[i].names[k] != 0; k++)
            if (groups[i].level == option->level && groups[i].names[k] == option->name) {
                *is_late = groups[i].is_late;
                return true;
            }
    return false;
}

static bool is_filter(const Ckpt__SocketOption *option)
{
    return option->level == SOL_SOCKET && option->name == SO_ATTACH_FILTER;
}

/* A buffer may be larger than this host lets everybody have. */
static int name_of(const Ckpt__SocketOption *option)
{
    static const struct {
        uint32_t name;
        int force;
        const char *limit;
    } sizes[] = {{SO_SNDBUF, SNDBUFFORCE, "/proc/sys/net/core/wmem_max"}, {SO_RCVBUF, RCVBUFFORCE, "/proc/sys/net/core/rmem_max"}};
    int size, name = (int)option->name;
    for (size_t i = 0; i < sizeof(sizes) / sizeof(sizes[0]); i++) {
        FILE *file = option->level == SOL_SOCKET && option->name == sizes[i].name && option->value.len == sizeof(size) ? fopen(sizes[i].limit, "re") : NULL;
        int most;
        if (file == NULL)
            continue;
        memcpy(&size, option->value.data, sizeof(size));
        if (fscanf(file, "%d", &most) == 1 && size > most)
            name = sizes[i].force;
        fclose(file);
    }
    return name;
}

void sockets_plan_option(struct plan *plan, const char *what, uint32_t fd, const Ckpt__SocketOption *option)
{
    uint32_t data = plan_data(plan, option->value.data, option->value.len, sizeof(uint64_t));
    size_t length = option->value.len;
    if (is_filter(option)) {
        const struct sock_fprog program = {.len = (unsigned short)(option->value.len / sizeof(struct sock_filter))};
        uint32_t code = data;
        data = plan_data(plan, &program, sizeof(program), sizeof(uint64_t));
        plan_pointer(plan, data, offsetof(struct sock_fprog, filter), code, 0);
        length = sizeof(program);
    }
    PLAN_CALL(plan, what, SYS_setsockopt, PLAN_NUMBER(fd), PLAN_NUMBER(option->level), PLAN_NUMBER(name_of(option)), PLAN_DATA(data), PLAN_NUMBER(length));
}

bool sockets_set_option(int fd, const Ckpt__SocketOption *option)
{
    struct sock_fprog program = {.len = (unsigned short)(option->value.len / sizeof(struct sock_filter)), .filter = (void *)option->value.data};
    if (is_filter(option))
        return setsockopt(fd, SOL_SOCKET, SO_ATTACH_FILTER, &program, sizeof(program)) == 0;
    return setsockopt(fd, (int)option->level, name_of(option), option->value.data, (socklen_t)option->value.len) == 0;
}

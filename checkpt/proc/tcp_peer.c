#include "checkpt/proc/tcp_peer.h"

#include <fcntl.h>
#include <inttypes.h>
#include <netinet/in.h>
#include <stdbool.h>
#include <stdio.h>
#include <string.h>
#include <unistd.h>

#include "checkpt/proc/lines.h"

/* An IPv4 address in its IPv6 form, so that either may be compared with either. */
struct end {
    struct in6_addr address;
    unsigned port;
};

static struct in6_addr mapped(uint32_t inet)
{
    struct in6_addr address = {.s6_addr = {[10] = 0xff, [11] = 0xff}};
    memcpy(&address.s6_addr[12], &inet, sizeof(inet));
    return address;
}

static struct end end_of(const struct sockaddr_storage *address)
{
    const struct sockaddr_in *inet = (const void *)address;
    const struct sockaddr_in6 *inet6 = (const void *)address;
    if (address->ss_family == AF_INET)
        return (struct end){mapped(inet->sin_addr.s_addr), ntohs(inet->sin_port)};
    return (struct end){inet6->sin6_addr, ntohs(inet6->sin6_port)};
}

/* "0100007F:1F90": one word, or four, as they lie in memory. */
static bool parse_end(const char *text, struct end *end)
{
    uint32_t words[4];
    if (sscanf(text, "%8" SCNx32 "%8" SCNx32 "%8" SCNx32 "%8" SCNx32 ":%4x", &words[0], &words[1], &words[2], &words[3], &end->port) == 5) {
        memcpy(&end->address, words, sizeof(end->address));
        return true;
    }
    if (sscanf(text, "%8" SCNx32 ":%4x", &words[0], &end->port) != 2)
        return false;
    end->address = mapped(words[0]);
    return true;
}

static bool same(const struct end *a, const struct end *b)
{
    return a->port == b->port && IN6_ARE_ADDR_EQUAL(&a->address, &b->address);
}

static uint64_t find(int proc, const char *name, const struct end *local, const struct end *remote)
{
    struct proc_lines lines;
    struct failure ignored;
    uint64_t found = 0;
    if (!proc_lines_open(&lines, proc, name, &ignored))
        return 0;
    for (const char *line; found == 0 && (line = proc_lines_next(&lines)) != NULL;) {
        char its_local[48], its_remote[48];
        struct end here, there;
        uint64_t inode;
        if (sscanf(line, " %*u: %47s %47s %*x %*x:%*x %*x:%*x %*x %*u %*u %" SCNu64, its_local, its_remote, &inode) == 3 && parse_end(its_local, &here) &&
            parse_end(its_remote, &there) && same(&here, remote) && same(&there, local))
            found = inode;
    }
    proc_lines_close(&lines);
    return found;
}

uint64_t proc_tcp_peer(const struct sockaddr_storage *local, const struct sockaddr_storage *remote)
{
    struct end here = end_of(local), there = end_of(remote);
    int proc = open("/proc/self/net", O_RDONLY | O_DIRECTORY | O_CLOEXEC);
    if (proc < 0)
        return 0;
    uint64_t inode = find(proc, "tcp", &here, &there);
    if (inode == 0)
        inode = find(proc, "tcp6", &here, &there);
    close(proc);
    return inode;
}

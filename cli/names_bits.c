#include <fcntl.h>
#include <inttypes.h>
#include <linux/mman.h>
#include <signal.h>
#include <sys/epoll.h>
#include <sys/inotify.h>
#include <sys/mman.h>

#include "cli/names.h"

#define NAME(constant) {(uint64_t)(constant), #constant}

const struct cli_name cli_protections[] = {
    NAME(PROT_READ), NAME(PROT_WRITE), NAME(PROT_EXEC), {0x8, "PROT_SEM"}, NAME(PROT_GROWSDOWN), NAME(PROT_GROWSUP), {0, NULL},
};

/* MAP_SHARED_VALIDATE is both low bits: it must come first. */
const struct cli_name cli_map_flags[] = {
    {0x3, "MAP_SHARED_VALIDATE"}, NAME(MAP_SHARED), NAME(MAP_PRIVATE), NAME(MAP_FIXED), NAME(MAP_ANONYMOUS), NAME(MAP_32BIT),
    NAME(MAP_GROWSDOWN), NAME(MAP_DENYWRITE), NAME(MAP_EXECUTABLE), NAME(MAP_LOCKED), NAME(MAP_NORESERVE), NAME(MAP_POPULATE),
    NAME(MAP_NONBLOCK), NAME(MAP_STACK), NAME(MAP_HUGETLB), {0x80000, "MAP_SYNC"}, NAME(MAP_FIXED_NOREPLACE), {0, NULL},
};

const struct cli_name cli_signal_flags[] = {
    {0x04000000, "SA_RESTORER"}, NAME(SA_ONSTACK), NAME(SA_RESTART), NAME(SA_NODEFER), NAME(SA_RESETHAND), NAME(SA_SIGINFO), NAME(SA_NOCLDSTOP),
    NAME(SA_NOCLDWAIT), {0x800, "SA_EXPOSE_TAGBITS"}, {0, NULL},
};

const struct cli_name cli_stack_flags[] = {NAME(SS_ONSTACK), NAME(SS_DISABLE), {0x80000000, "SS_AUTODISARM"}, {0, NULL}};

const struct cli_name cli_epoll_events[] = {
    NAME(EPOLLIN), NAME(EPOLLPRI), NAME(EPOLLOUT), NAME(EPOLLERR), NAME(EPOLLHUP), NAME(EPOLLRDNORM), NAME(EPOLLRDBAND), NAME(EPOLLWRNORM), NAME(EPOLLWRBAND),
    NAME(EPOLLMSG), NAME(EPOLLRDHUP), NAME(EPOLLEXCLUSIVE), NAME(EPOLLWAKEUP), NAME(EPOLLONESHOT), {0x80000000, "EPOLLET"}, {0, NULL},
};

const struct cli_name cli_inotify_events[] = {
    NAME(IN_ACCESS), NAME(IN_MODIFY), NAME(IN_ATTRIB), NAME(IN_CLOSE_WRITE), NAME(IN_CLOSE_NOWRITE), NAME(IN_OPEN), NAME(IN_MOVED_FROM), NAME(IN_MOVED_TO),
    NAME(IN_CREATE), NAME(IN_DELETE), NAME(IN_DELETE_SELF), NAME(IN_MOVE_SELF), NAME(IN_EXCL_UNLINK), {0x80000000, "IN_ONESHOT"}, {0, NULL},
};

/* O_SYNC and O_TMPFILE contain another flag's bit: they come first. Values of x86-64, which are the image's. */
static const struct cli_name open_flags[] = {
    {04010000, "O_SYNC"}, {020200000, "O_TMPFILE"}, NAME(O_CREAT), NAME(O_EXCL), NAME(O_NOCTTY), NAME(O_TRUNC), NAME(O_APPEND), NAME(O_NONBLOCK),
    NAME(O_DSYNC), NAME(O_ASYNC), NAME(O_DIRECT), {0100000, "O_LARGEFILE"}, NAME(O_DIRECTORY), NAME(O_NOFOLLOW), NAME(O_NOATIME), NAME(O_CLOEXEC),
    NAME(O_PATH), {0, NULL},
};

static void add_bits(struct cli_text *text, const struct cli_name *table, uint64_t bits, const char *bar)
{
    for (; table->name != NULL; table++) {
        if ((bits & table->value) != table->value)
            continue;
        cli_text_add(text, "%s%s", bar, table->name);
        bits &= ~table->value;
        bar = "|";
    }
    if (bits != 0)
        cli_text_add(text, "%s0x%" PRIx64, bar, bits);
}

void cli_add_bits(struct cli_text *text, const struct cli_name *table, uint64_t bits, const char *none)
{
    if (bits == 0)
        cli_text_add(text, "%s", none);
    else
        add_bits(text, table, bits, "");
}

void cli_add_open_flags(struct cli_text *text, uint64_t flags)
{
    static const char *const modes[] = {"O_RDONLY", "O_WRONLY", "O_RDWR", "O_ACCMODE"};
    cli_text_add(text, "%s", modes[flags & O_ACCMODE]);
    if ((flags & ~(uint64_t)O_ACCMODE) != 0)
        add_bits(text, open_flags, flags & ~(uint64_t)O_ACCMODE, "|");
}

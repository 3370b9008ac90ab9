#include "cli/names.h"

#include <errno.h>
#include <inttypes.h>
#include <sched.h>
#include <signal.h>
#include <string.h>
#include <sys/resource.h>
#include <sys/time.h>
#include <time.h>

#include "cli/options.h"

#define NAME(constant) {(uint64_t)(constant), #constant}

const struct cli_name cli_clocks[] = {
    NAME(CLOCK_REALTIME), NAME(CLOCK_MONOTONIC), NAME(CLOCK_PROCESS_CPUTIME_ID), NAME(CLOCK_THREAD_CPUTIME_ID), NAME(CLOCK_MONOTONIC_RAW),
    NAME(CLOCK_REALTIME_COARSE), NAME(CLOCK_MONOTONIC_COARSE), NAME(CLOCK_BOOTTIME), NAME(CLOCK_REALTIME_ALARM), NAME(CLOCK_BOOTTIME_ALARM),
    NAME(CLOCK_TAI), {0, NULL},
};

const struct cli_name cli_limits[] = {
    NAME(RLIMIT_CPU), NAME(RLIMIT_FSIZE), NAME(RLIMIT_DATA), NAME(RLIMIT_STACK), NAME(RLIMIT_CORE), NAME(RLIMIT_RSS), NAME(RLIMIT_NPROC),
    NAME(RLIMIT_NOFILE), NAME(RLIMIT_MEMLOCK), NAME(RLIMIT_AS), NAME(RLIMIT_LOCKS), NAME(RLIMIT_SIGPENDING), NAME(RLIMIT_MSGQUEUE),
    NAME(RLIMIT_NICE), NAME(RLIMIT_RTPRIO), NAME(RLIMIT_RTTIME), {0, NULL},
};

const struct cli_name cli_policies[] = {
    NAME(SCHED_OTHER), NAME(SCHED_FIFO), NAME(SCHED_RR), NAME(SCHED_BATCH), NAME(SCHED_IDLE), {6, "SCHED_DEADLINE"}, {7, "SCHED_EXT"}, {0, NULL},
};

const struct cli_name cli_interval_timers[] = {NAME(ITIMER_REAL), NAME(ITIMER_VIRTUAL), NAME(ITIMER_PROF), {0, NULL}};

const struct cli_name cli_notifications[] = {NAME(SIGEV_SIGNAL), NAME(SIGEV_NONE), NAME(SIGEV_THREAD), NAME(SIGEV_THREAD_ID), {0, NULL}};

#define CODE(name) {(uint32_t)name, #name}
const struct cli_name cli_signal_codes[] = {CODE(SI_USER), CODE(SI_KERNEL), CODE(SI_QUEUE), CODE(SI_TIMER), CODE(SI_MESGQ), CODE(SI_ASYNCIO), CODE(SI_SIGIO), CODE(SI_TKILL),
                                            CODE(SI_DETHREAD), CODE(SI_ASYNCNL), {0, NULL}};

/* Those that a program meets; the last four never leave the kernel but for a stopped system call's result. */
const struct cli_name cli_errors[] = {
    NAME(EPERM), NAME(ENOENT), NAME(ESRCH), NAME(EINTR), NAME(EIO), NAME(ENXIO), NAME(E2BIG), NAME(ENOEXEC), NAME(EBADF), NAME(ECHILD),
    NAME(EAGAIN), NAME(ENOMEM), NAME(EACCES), NAME(EFAULT), NAME(ENOTBLK), NAME(EBUSY), NAME(EEXIST), NAME(EXDEV), NAME(ENODEV), NAME(ENOTDIR),
    NAME(EISDIR), NAME(EINVAL), NAME(ENFILE), NAME(EMFILE), NAME(ENOTTY), NAME(ETXTBSY), NAME(EFBIG), NAME(ENOSPC), NAME(ESPIPE), NAME(EROFS),
    NAME(EMLINK), NAME(EPIPE), NAME(EDOM), NAME(ERANGE), NAME(EDEADLK), NAME(ENAMETOOLONG), NAME(ENOLCK), NAME(ENOSYS), NAME(ENOTEMPTY),
    NAME(ELOOP), NAME(ENODATA), NAME(ETIME), NAME(EOVERFLOW), NAME(EBADFD), NAME(ENOTSOCK), NAME(EMSGSIZE), NAME(EPROTO), NAME(EOPNOTSUPP),
    NAME(EADDRINUSE), NAME(EADDRNOTAVAIL), NAME(ENETUNREACH), NAME(ECONNABORTED), NAME(ECONNRESET), NAME(ENOBUFS), NAME(EISCONN),
    NAME(ENOTCONN), NAME(ETIMEDOUT), NAME(ECONNREFUSED), NAME(EHOSTUNREACH), NAME(EALREADY), NAME(EINPROGRESS), NAME(ESTALE), NAME(EDQUOT),
    NAME(ECANCELED), NAME(EOWNERDEAD), NAME(ENOTRECOVERABLE), {512, "ERESTARTSYS"}, {513, "ERESTARTNOINTR"}, {514, "ERESTARTNOHAND"},
    {516, "ERESTART_RESTARTBLOCK"}, {0, NULL},
};

static const struct cli_name signals[] = {
    NAME(SIGHUP), NAME(SIGINT), NAME(SIGQUIT), NAME(SIGILL), NAME(SIGTRAP), NAME(SIGABRT), NAME(SIGBUS), NAME(SIGFPE), NAME(SIGKILL),
    NAME(SIGUSR1), NAME(SIGSEGV), NAME(SIGUSR2), NAME(SIGPIPE), NAME(SIGALRM), NAME(SIGTERM), NAME(SIGSTKFLT), NAME(SIGCHLD), NAME(SIGCONT),
    NAME(SIGSTOP), NAME(SIGTSTP), NAME(SIGTTIN), NAME(SIGTTOU), NAME(SIGURG), NAME(SIGXCPU), NAME(SIGXFSZ), NAME(SIGVTALRM), NAME(SIGPROF),
    NAME(SIGWINCH), NAME(SIGIO), NAME(SIGPWR), NAME(SIGSYS), {0, NULL},
};

enum { KERNEL_SIGRTMIN = 32, KERNEL_SIGNALS = 64 };

const char *cli_name(const struct cli_name *table, uint64_t value)
{
    for (; table->name != NULL; table++)
        if (table->value == value)
            return table->name;
    return NULL;
}

bool cli_name_value(const struct cli_name *table, const char *prefix, const char *name, uint64_t *value)
{
    size_t length = strlen(prefix);
    if (strncasecmp(name, prefix, length) == 0)
        name += length;
    for (; table->name != NULL; table++)
        if (strcasecmp(table->name + length, name) == 0) {
            *value = table->value;
            return true;
        }
    return false;
}

void cli_add_name(struct cli_text *text, const struct cli_name *table, uint64_t value)
{
    const char *name = cli_name(table, value);
    if (name != NULL)
        cli_text_add(text, "%s", name);
    else
        cli_text_add(text, "%" PRId64, (int64_t)value);
}

void cli_add_signal(struct cli_text *text, uint64_t signal)
{
    const char *name = cli_name(signals, signal);
    if (name != NULL)
        cli_text_add(text, "%s", name);
    else if (signal == KERNEL_SIGRTMIN)
        cli_text_add(text, "SIGRTMIN");
    else if (signal > KERNEL_SIGRTMIN && signal <= KERNEL_SIGNALS)
        cli_text_add(text, "SIGRT_%" PRIu64, signal - KERNEL_SIGRTMIN);
    else
        cli_text_add(text, "0x%" PRIx64, signal);
}

bool cli_signal_number(const char *text, uint64_t *signal)
{
    const char *rest = strncasecmp(text, "SIG", 3) == 0 ? text + 3 : text;
    if (cli_name_value(signals, "SIG", rest, signal))
        return true;
    uint64_t number;
    if (strcasecmp(rest, "RTMIN") == 0)
        number = KERNEL_SIGRTMIN;
    else if (strncasecmp(rest, "RT_", 3) == 0 && cli_number(rest + 3, &number) && number > 0 && number <= KERNEL_SIGNALS - KERNEL_SIGRTMIN)
        number += KERNEL_SIGRTMIN;
    else if (!cli_number(text, &number) || number == 0 || number > KERNEL_SIGNALS)
        return false;
    *signal = number;
    return true;
}

void cli_add_signal_names(struct cli_text *text)
{
    for (const struct cli_name *name = signals; name->name != NULL; name++)
        cli_text_add(text, "%s, ", name->name);
    cli_text_add(text, "SIGRTMIN and SIGRT_1 to SIGRT_%d", KERNEL_SIGNALS - KERNEL_SIGRTMIN);
}

void cli_add_signal_set(struct cli_text *text, uint64_t mask)
{
    bool inverted = __builtin_popcountll(mask) >= KERNEL_SIGNALS * 2 / 3;
    uint64_t listed = inverted ? ~mask : mask;
    const char *space = "";
    cli_text_add(text, inverted ? "~[" : "[");
    for (uint64_t signal = 1; signal <= KERNEL_SIGNALS; signal++) {
        if ((listed >> (signal - 1) & 1) == 0)
            continue;
        struct cli_text name = {0};
        cli_add_signal(&name, signal);
        cli_text_add(text, "%s%s", space, cli_text_get(&name) + 3);
        cli_text_deinit(&name);
        space = " ";
    }
    cli_text_add(text, "]");
}

const char *cli_error_name(int64_t error)
{
    return cli_name(cli_errors, (uint64_t)(error < 0 ? -error : error));
}

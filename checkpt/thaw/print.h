/* A plan as text: one call per line, as strace(1) would show it. What a call's arguments are is a table (print_calls.c), how each kind of argument
 * looks is another (print_kinds.c). */
#ifndef CHECKPT_THAW_PRINT_H
#define CHECKPT_THAW_PRINT_H

#include <stdio.h>

#include "checkpt/thaw/plan_state.h"

enum print_kind {
    PRINT_ANY,         /* small numbers decimal, large ones hexadecimal, data as text or bytes */
    PRINT_HEX, PRINT_DECIMAL, PRINT_OCTAL, PRINT_DESCRIPTOR, PRINT_DIRECTORY, PRINT_STRING, PRINT_BYTES,
    PRINT_PROTECTION, PRINT_MAP_FLAGS, PRINT_REMAP_FLAGS, PRINT_ADVICE, PRINT_OPEN_FLAGS, PRINT_CLONE_FLAGS, PRINT_MEMFD_FLAGS, PRINT_CLOSE_RANGE_FLAGS,
    PRINT_SIGNAL, PRINT_HOW, PRINT_SIGNAL_SET, PRINT_SIGNAL_ACTION, PRINT_SIGNAL_INFO, PRINT_SIGNAL_EVENT, PRINT_SIGNAL_STACK,
    PRINT_CLOCK, PRINT_ITIMER, PRINT_TIMER_FLAGS, PRINT_ITIMERVAL, PRINT_ITIMERSPEC, PRINT_TIMESPEC, PRINT_RESOURCE, PRINT_LIMIT, PRINT_PRCTL,
    PRINT_ARCH_PRCTL, PRINT_FCNTL, PRINT_WHENCE, PRINT_FUTEX, PRINT_RSEQ_FLAGS, PRINT_POLICY, PRINT_IOVEC, PRINT_CLONE_ARGS, PRINT_WORDS, PRINT_LOCK,
    PRINT_EVENTFD_FLAGS, PRINT_TIMERFD_FLAGS, PRINT_TIMERFD_SET_FLAGS, PRINT_SIGNALFD_FLAGS, PRINT_EPOLL_FLAGS, PRINT_EPOLL_OPERATION, PRINT_EPOLL_EVENT,
    PRINT_INOTIFY_FLAGS, PRINT_INOTIFY_MASK, PRINT_IOCTL, PRINT_FAMILY, PRINT_SOCKET_TYPE, PRINT_SOCKET_LEVEL, PRINT_SOCKET_OPTION, PRINT_MESSAGE_FLAGS, PRINT_SHUTDOWN,
    PRINT_ADDRESS,
    PRINT_KINDS
};

enum print_result { PRINT_RESULT_NUMBER, PRINT_RESULT_FD, PRINT_RESULT_TID, PRINT_RESULT_ID, PRINT_RESULT_ADDRESS, PRINT_RESULTS };

struct print_call {
    long number;
    const char *name;
    uint8_t kinds[PLAN_ARGUMENTS];
    uint8_t result;    /* what a result is called that later calls use */
};

struct printer {
    const struct plan *plan;
    FILE *out;
    uint32_t *names;   /* by slot: the number in "fd#N"; 0 where nobody uses the result */
    const struct plan_step *step; /* being printed */
};

/* The call of a number, or NULL. */
const struct print_call *print_call_find(long number);
void print_argument(struct printer *printer, enum print_kind kind, const struct plan_arg *arg);
void print_result_name(struct printer *printer, uint32_t slot);

/* Data behind an argument: its bytes as they lie in the sealed plan; NULL and 0 where the argument is not data. */
const void *print_data(const struct printer *printer, const struct plan_arg *arg, size_t *length);

/* Names of single values, and of bits. */
enum print_names {
    NAMES_PROTECTION, NAMES_MAP, NAMES_REMAP, NAMES_OPEN, NAMES_CLONE, NAMES_MEMFD, NAMES_CLOSE_RANGE, NAMES_SA, NAMES_SS, NAMES_TIMER, NAMES_RSEQ, NAMES_LOCK,
    NAMES_ADVICE, NAMES_HOW, NAMES_CLOCK, NAMES_ITIMER, NAMES_RESOURCE, NAMES_PRCTL, NAMES_ARCH_PRCTL, NAMES_FCNTL, NAMES_WHENCE, NAMES_FUTEX, NAMES_POLICY,
    NAMES_SIGEV, NAMES_EFD, NAMES_TFD, NAMES_TFD_TIMER, NAMES_SFD, NAMES_EPOLL_CREATE, NAMES_EPOLL_CTL, NAMES_EPOLL, NAMES_INOTIFY_INIT, NAMES_INOTIFY, NAMES_IOCTL,
    NAMES_FAMILY, NAMES_SOCKET, NAMES_SOL, NAMES_MSG, NAMES_SHUT,
    NAMES_COUNT
};
void print_bits(FILE *out, enum print_names names, uint64_t value);
void print_name(FILE *out, enum print_names names, uint64_t value);

void print_text(FILE *out, const void *text, size_t length); /* quoted and escaped, cut where it is long */
void print_signal(FILE *out, uint64_t number);
void print_signal_set(FILE *out, uint64_t set);

/* Structures (print_structs.c): `data` holds at least the structure, or these print its bytes. */
typedef void print_struct(struct printer *printer, const void *data, size_t length);
print_struct print_signal_action, print_signal_info, print_signal_event, print_signal_stack, print_itimerval, print_itimerspec, print_timespec,
    print_limit, print_iovec, print_clone_args, print_words, print_bytes, print_epoll_event, print_address;

#endif

/* Names of the kernel's numbers, as strace writes them. */
#ifndef CLI_NAMES_H
#define CLI_NAMES_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "cli/text.h"

struct cli_name {
    uint64_t value;
    const char *name; /* NULL ends a table */
};

/* Values, each with one name. */
extern const struct cli_name cli_clocks[];          /* CLOCK_* */
extern const struct cli_name cli_limits[];          /* RLIMIT_* */
extern const struct cli_name cli_policies[];        /* SCHED_* */
extern const struct cli_name cli_interval_timers[]; /* ITIMER_* */
extern const struct cli_name cli_notifications[];   /* SIGEV_* */
extern const struct cli_name cli_signal_codes[];    /* SI_*, as 32 bits: what every signal may have */
extern const struct cli_name cli_errors[];          /* E* */
/* Bits. */
extern const struct cli_name cli_protections[];     /* PROT_* */
extern const struct cli_name cli_map_flags[];       /* MAP_*; MAP_SHARED or MAP_PRIVATE first */
extern const struct cli_name cli_signal_flags[];    /* SA_* */
extern const struct cli_name cli_stack_flags[];     /* SS_* */
extern const struct cli_name cli_epoll_events[];    /* EPOLL* */
extern const struct cli_name cli_inotify_events[];  /* IN_* */

/* The name, or NULL. */
const char *cli_name(const struct cli_name *table, uint64_t value);
/* The value of a name in any case, with or without the table's common prefix ("RLIMIT_"). False where it is none. */
bool cli_name_value(const struct cli_name *table, const char *prefix, const char *name, uint64_t *value);
/* Adds the name, or the number: "CLOCK_MONOTONIC", "99". */
void cli_add_name(struct cli_text *text, const struct cli_name *table, uint64_t value);
/* Adds "A|B|0x40": the names of the set bits, then what has no name; `none` where no bit is set. */
void cli_add_bits(struct cli_text *text, const struct cli_name *table, uint64_t bits, const char *none);
/* "O_RDWR|O_APPEND": the access mode, then the bits. */
void cli_add_open_flags(struct cli_text *text, uint64_t flags);
/* "SIGINT", "SIGRT_3" (SIGRTMIN is 32, as strace and the kernel count); "0x99" where it is none. */
void cli_add_signal(struct cli_text *text, uint64_t signal);
/* The signal of a name as above, with or without its "SIG", in any case, or of a number from 1 to 64. False where it is none. */
bool cli_signal_number(const char *text, uint64_t *signal);
/* Adds "SIGHUP, SIGINT, … SIGSYS, SIGRTMIN and SIGRT_1 to SIGRT_32". */
void cli_add_signal_names(struct cli_text *text);
/* "[INT TERM RT_1]"; "~[…]" where more than half are set; bit n-1 is signal n. */
void cli_add_signal_set(struct cli_text *text, uint64_t mask);
/* "ENOENT" for 2 or -2; NULL. */
const char *cli_error_name(int64_t error);

#endif

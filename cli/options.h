/* Option tables: one table feeds parsing, --help and shell completion.
 *
 *     struct settings { bool exact; const char *output; };
 *     static const struct cli_option options[] = {
 *         {.name = "bytes", .type = CLI_FLAG, .offset = offsetof(struct settings, exact), .help = "sizes as exact numbers"},
 *         {.name = "output", .letter = 'o', .type = CLI_STRING, .offset = offsetof(struct settings, output),
 *          .metavar = "FILE", .help = "where to write"},
 *         {0},
 *     };
 *
 * Long options take "--name VALUE" or "--name=VALUE", letters "-o VALUE" or "-oVALUE"; "--" ends the options. A long name may be
 * shortened as far as it stays unambiguous. --help and --version are understood everywhere. */
#ifndef CLI_OPTIONS_H
#define CLI_OPTIONS_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>
#include <stdio.h>

/* Exit statuses of all three programs. */
enum cli_exit {
    CLI_FINE = 0,   /* it worked */
    CLI_FAILED = 1, /* it did not work, the file is damaged, or the two differ */
    CLI_MISUSE = 2, /* wrong use, or trouble reading at all */
};

/* What cli_parse() returns when there is something to do; otherwise it returns an exit status. */
#define CLI_GO (-1)

enum cli_type {
    CLI_FLAG,   /* bool: set to true */
    CLI_STRING, /* const char *: the value, borrowed from argv; the last one counts */
    CLI_NUMBER, /* uint64_t: decimal or 0x… */
    CLI_LIST,   /* struct cli_list: every value in order */
    CLI_ACTION, /* struct cli_actions: every option of this type, in the order given among all of them; without a metavar it takes no value */
};

/* Values of a repeated option, in the order given. */
struct cli_list {
    const char **values; /* borrowed from argv; the array is freed by cli_list_deinit() */
    size_t count;
};
void cli_list_deinit(struct cli_list *list);

struct cli_option;
struct cli_action {
    const struct cli_option *option;
    const char *value; /* borrowed from argv; NULL: none */
};
struct cli_actions {
    struct cli_action *list; /* freed by cli_actions_deinit() */
    size_t count;
};
void cli_actions_deinit(struct cli_actions *actions);

struct cli_option {
    const char *name;    /* without dashes; NULL ends the table */
    char letter;         /* 0: none */
    enum cli_type type;
    size_t offset;       /* of the setting in the caller's struct */
    bool optional;       /* the value may be left out, and is then "" (CLI_ACTION: NULL; CLI_NUMBER: left alone); given as --name=VALUE only */
    const char *metavar; /* "FILE"; NULL for flags. FILE and OUT complete to files, PID to processes */
    const char *choices; /* "stop fork auto": the only values allowed; NULL: any */
    const char *help;    /* one line, no full stop */
    const char *group;   /* heading in --help, given at the group's first option; NULL: goes on */
};

struct cli_command {
    const char *name;     /* subcommand; NULL in a program without subcommands */
    const char *alias;    /* another spelling: "-r" for thaw; NULL */
    const char *operands; /* "FILE…", as in the usage line; NULL: none */
    const char *summary;  /* one line, no full stop */
    const struct cli_option *options; /* may be NULL */
    size_t operands_min, operands_max; /* operands_max 0: none allowed; SIZE_MAX: any number */
    bool stop_at_operand; /* options end at the first operand: `checkpt run CMD ARG…` */
    int id;               /* the caller's */
};

struct cli_program {
    const char *name;
    const char *summary;
    const struct cli_command *commands;
    size_t command_count;
    const char *epilogue; /* printed at the end of --help; NULL */
};

struct cli_arguments {
    const struct cli_command *command;
    char **operands; /* the tail of argv, permuted; NULL-terminated */
    size_t operand_count;
};

/* Parses argv into `settings` (zeroed or defaulted by the caller) and `arguments`. Permutes argv. Returns CLI_GO, or the exit
 * status after it has printed help or version (CLI_FINE) or a complaint (CLI_MISUSE). */
int cli_parse(const struct cli_program *program, int argc, char **argv, void *settings, struct cli_arguments *arguments);

void cli_print_help(FILE *out, const struct cli_program *program, const struct cli_command *command);
void cli_print_version(FILE *out, const struct cli_program *program);
/* A bash completion script made from the tables; `program --print-completion` prints it (build time only, not in --help). */
void cli_print_completion(FILE *out, const struct cli_program *program);

/* Decimal, 0x… or 0… number; the whole text. False where it is none or too large. */
bool cli_number(const char *text, uint64_t *number);

#endif

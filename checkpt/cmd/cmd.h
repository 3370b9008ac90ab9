/* The subcommands of checkpt: each in the file of its name, with its table of options. How to add one: its file, its settings here, a line in main.c's table. */
#ifndef CHECKPT_CMD_CMD_H
#define CHECKPT_CMD_CMD_H

#include <stdbool.h>
#include <sys/types.h>

#include "cli/options.h"

struct settings {
    /* freeze */
    const char *output, *mode, *compress, *chunk, *parent;
    bool exit;
    /* thaw, and check as it would be */
    const char *changed, *stdio, *credentials;
    bool pid, copy, verify, redacted_ok, incomplete_ok;
    /* check */
    bool plan;
    /* explain, check and resident */
    bool json;
    /* run */
    const char *character;
    struct cli_list modules;
    bool capability_mode;
    /* resident */
    bool list, remove_all, force;
    const char *remove, *drop;
};

extern const struct cli_option freeze_options[], thaw_options[], explain_options[], check_options[], run_options[], resident_options[];

/* Each returns the exit status; cmd_thaw() does so only where it did not become the program. */
int cmd_freeze(const struct settings *settings, const struct cli_arguments *arguments);
int cmd_thaw(const struct settings *settings, const struct cli_arguments *arguments);
int cmd_explain(const struct settings *settings, const struct cli_arguments *arguments);
int cmd_check(const struct settings *settings, const struct cli_arguments *arguments);
/* Does not return where the program was started. */
int cmd_run(const struct settings *settings, const struct cli_arguments *arguments);
int cmd_exec(const struct settings *settings, const struct cli_arguments *arguments);
int cmd_resident(const struct settings *settings, const struct cli_arguments *arguments);
/* `checkpt --call …` and its like, for libcheckpt and the listener only: see call.c. True where `argv` is one of them; *status is the exit status then. */
bool cmd_call(int argc, char **argv, int *status);
int cmd_sysctl(const struct settings *settings, const struct cli_arguments *arguments);

#endif

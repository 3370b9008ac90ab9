#include "checkpt/freeze/freeze.h"

#include <stdio.h>
#include <string.h>

#include "checkpt/cmd/tell.h"
#include "cli/text.h"

const struct cli_option freeze_options[] = {
    {.name = "output", .letter = 'o', .type = CLI_STRING, .offset = offsetof(struct settings, output), .metavar = "FILE",
     .help = "where to write; NAME.ckpt in this directory otherwise"},
    {.name = "exit", .type = CLI_FLAG, .offset = offsetof(struct settings, exit), .help = "end the program once the file is safe on disk"},
    {.name = "mode", .type = CLI_STRING, .offset = offsetof(struct settings, mode), .metavar = "MODE", .choices = "auto stop fork",
     .help = "copy while it stands still, or from a snapshot"},
    {0},
};

/* The modes of struct freeze_options. */
static int mode_of(const char *name)
{
    static const char *const names[] = {"auto", "stop", "fork"};
    int mode = 0;
    while (name != NULL && strcmp(name, names[mode]) != 0)
        mode++;
    return mode;
}

int cmd_freeze(const struct settings *settings, const struct cli_arguments *arguments)
{
    char subject[TELL_SUBJECT], written[FREEZE_NAME_MAX];
    struct failure why = {0};
    struct freeze_request request = {
        .pid = tell_pid(arguments),
        .output = settings->output,
        .options = {.exit = settings->exit, .mode = mode_of(settings->mode)},
        .refused = tell_refused,
        .context = subject,
    };
    if (request.pid == 0)
        return CLI_MISUSE;
    tell_process(subject, request.pid);
    if (!freeze_program(&request, written, &why))
        return tell_failure(subject, &why);
    if (settings->output == NULL) {
        cli_print_escaped(stdout, written, strlen(written));
        putchar('\n');
    }
    return CLI_FINE;
}

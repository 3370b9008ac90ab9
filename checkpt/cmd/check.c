#include <stdio.h>

#include "checkpt/cmd/tell.h"
#include "checkpt/cmd/thaw.h"
#include "cli/complain.h"

const struct cli_option check_options[] = {
    {.name = "plan", .type = CLI_FLAG, .offset = offsetof(struct settings, plan), .help = "print the system calls that the thaw would make"},
    {.name = "json", .type = CLI_FLAG, .offset = offsetof(struct settings, json), .help = "as JSON"},
    THAW_OPTIONS{0},
};

/* A plan is only printed where nothing is in the way; then it is all that is printed. */
int cmd_check(const struct settings *settings, const struct cli_arguments *arguments)
{
    struct thaw_options options = thaw_options_of(settings);
    const char *path = arguments->operands[0];
    struct failure why = {0};
    struct arena arena = {0};
    struct findings findings = {.arena = &arena};
    if (settings->plan && settings->json) {
        cli_complain("checkpt", NULL, "--json: --plan has no such form; leave one of them out");
        return CLI_MISUSE;
    }
    struct input input;
    struct tell_progress line;
    const struct progress progress = tell_progress_of(&line, path);
    int result = CLI_FINE;
    options.progress = &progress;
    if (!thaw_open_operand(&path, &input, &options, &why) || !thaw_check(path, &options, &findings, settings->plan ? stdout : NULL, &why))
        result = tell_failure(path, &why);
    else if (!settings->plan || findings.refused > 0)
        result = tell_findings(settings, 0, path, &findings);
    input_close(&input);
    arena_deinit(&arena);
    return result;
}

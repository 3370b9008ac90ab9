#include "checkpt/cmd/thaw.h"

#include <string.h>

#include "checkpt/cmd/tell.h"

const struct cli_option thaw_options[] = {THAW_OPTIONS{0}};

static enum changed_policy policy_of(const char *name)
{
    static const char *const names[] = {[CHANGED_REFUSE] = "refuse", [CHANGED_IGNORE] = "ignore", [CHANGED_TRUNCATE] = "truncate"};
    enum changed_policy policy = CHANGED_REFUSE;
    while (name != NULL && strcmp(name, names[policy]) != 0)
        policy++;
    return policy;
}

struct thaw_options thaw_options_of(const struct settings *settings)
{
    return (struct thaw_options){.keep_pid = settings->pid, .copy = settings->copy, .verify = settings->verify, .redacted_ok = settings->redacted_ok,
                                  .changed = policy_of(settings->changed)};
}

int cmd_thaw(const struct settings *settings, const struct cli_arguments *arguments)
{
    const struct thaw_options options = thaw_options_of(settings);
    char *path = arguments->operands[0];
    struct failure why = {.exit_status = CLI_FAILED};
    thaw_program(path, &options, tell_refused, path, &why);
    return tell_failure(path, &why);
}

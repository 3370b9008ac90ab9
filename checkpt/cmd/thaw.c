#include "checkpt/cmd/thaw.h"

#include <limits.h>
#include <stdio.h>
#include <string.h>

#include "checkpt/cmd/tell.h"
#include "checkpt/policy/policy.h"

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
                                  .incomplete_ok = settings->incomplete_ok,
                                  .credentials_of_image = settings->credentials != NULL && strcmp(settings->credentials, "image") == 0,
                                  .stdio_of_image = settings->stdio != NULL && strcmp(settings->stdio, "image") == 0, .changed = policy_of(settings->changed)};
}

bool thaw_open_operand(const char **path, struct input *input, struct thaw_options *options, struct failure *why)
{
    *input = (struct input){.fd = -1};
    if (strcmp(*path, "-") != 0)
        return true;
    *path = "standard input";
    if (!input_open(input, why))
        return false;
    options->descriptor = &input->fd;
    options->copy = options->copy || input->is_stream;
    return true;
}

int cmd_thaw(const struct settings *settings, const struct cli_arguments *arguments)
{
    struct thaw_options options = thaw_options_of(settings);
    const char *path = arguments->operands[0];
    char subject[PATH_MAX];
    struct input input = {.fd = -1};
    struct failure why = {.exit_status = CLI_FAILED};
    bool is_open = policy_permits_me(&why) && thaw_open_operand(&path, &input, &options, &why);
    snprintf(subject, sizeof(subject), "%s", path);
    struct tell_progress line;
    const struct progress progress = tell_progress_of(&line, subject);
    options.progress = &progress;
    if (is_open)
        thaw_program(path, &options, tell_refused, subject, &why);
    input_close(&input);
    return tell_failure(path, &why);
}

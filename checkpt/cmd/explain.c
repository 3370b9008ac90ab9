#include "checkpt/cmd/tell.h"
#include "checkpt/freeze/freeze.h"

const struct cli_option explain_options[] = {
    {.name = "json", .type = CLI_FLAG, .offset = offsetof(struct settings, json), .help = "as JSON"},
    {0},
};

int cmd_explain(const struct settings *settings, const struct cli_arguments *arguments)
{
    char subject[TELL_SUBJECT];
    struct failure why = {0};
    struct arena arena = {0};
    struct findings findings = {.arena = &arena};
    pid_t pid = tell_pid(arguments);
    if (pid == 0)
        return CLI_MISUSE;
    int result = freeze_explain(pid, &findings, &why) ? tell_findings(settings, pid, NULL, &findings)
                                                      : tell_failure(tell_process(subject, pid), &why);
    arena_deinit(&arena);
    return result;
}

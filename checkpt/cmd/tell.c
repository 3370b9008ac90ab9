#include "checkpt/cmd/tell.h"

#include <limits.h>
#include <stdio.h>
#include <string.h>

#include "cli/complain.h"
#include "cli/json.h"
#include "cli/report.h"

pid_t tell_pid(const struct cli_arguments *arguments)
{
    const char *text = arguments->operands[0];
    uint64_t number;
    if (strspn(text, "0123456789") == strlen(text) && cli_number(text, &number) && number > 0 && number <= INT_MAX)
        return (pid_t)number;
    cli_complain("checkpt", arguments->command->name, "%s: not the number of a process", text);
    cli_suggest_help("checkpt", arguments->command->name);
    return 0;
}

const char *tell_process(char subject[TELL_SUBJECT], pid_t pid)
{
    snprintf(subject, TELL_SUBJECT, "process %d", pid);
    return subject;
}

int tell_failure(const char *subject, const struct failure *why)
{
    size_t length = strlen(subject);
    bool named = strncmp(why->sentence, subject, length) == 0 && why->sentence[length] == ':';
    if (why->sentence[0] != '\0')
        cli_complain("checkpt", named ? NULL : subject, "%s", why->sentence);
    return why->exit_status;
}

void tell_refused(void *context, const struct finding *finding)
{
    const char *way_out = finding->way_out;
    bool named = strcmp(finding->subject, context) == 0;
    cli_complain("checkpt", named ? NULL : context, "%s: %s%s%s", finding->subject, finding->sentence, way_out != NULL ? "; way out: " : "",
                 way_out != NULL ? way_out : "");
}

static void show(void *context, const char *doing, uint64_t done, uint64_t total)
{
    struct tell_progress *progress = context;
    if (doing == NULL) {
        cli_progress_finish(&progress->line);
        return;
    }
    snprintf(progress->what, sizeof(progress->what), "%s: %s", progress->subject, doing);
    cli_progress_update(&progress->line, done, total);
}

struct progress tell_progress_of(struct tell_progress *progress, const char *subject)
{
    progress->subject = subject;
    cli_progress_init(&progress->line, "checkpt", progress->what);
    return (struct progress){.tell = show, .context = progress};
}

static const enum cli_verdict verdicts[] = {
    [VERDICT_SAVED] = CLI_KEPT,
    [VERDICT_CHANGED] = CLI_CHANGED,
    [VERDICT_LOST] = CLI_LOST,
    [VERDICT_REFUSED] = CLI_OBSTACLE,
};

static void print_json(pid_t pid, const char *path, const struct findings *findings)
{
    struct cli_json json;
    cli_json_init(&json, stdout);
    cli_json_object(&json, NULL);
    if (pid != 0)
        cli_json_int(&json, "pid", pid);
    else
        cli_json_text(&json, "file", path, strlen(path));
    cli_json_bool(&json, "possible", findings->refused == 0);
    cli_json_list(&json, "findings");
    for (size_t i = 0; i < findings->count; i++) {
        const struct finding *finding = &findings->list[i];
        cli_json_object(&json, NULL);
        cli_json_string(&json, "verdict", cli_verdict_name(verdicts[finding->verdict]));
        cli_json_text(&json, "subject", finding->subject, strlen(finding->subject));
        cli_json_text(&json, "sentence", finding->sentence, strlen(finding->sentence));
        if (finding->way_out != NULL)
            cli_json_text(&json, "wayOut", finding->way_out, strlen(finding->way_out));
        cli_json_end_object(&json);
    }
    cli_json_end_list(&json);
    cli_json_end_object(&json);
    cli_json_finish(&json);
}

int tell_findings(const struct settings *settings, pid_t pid, const char *path, const struct findings *findings)
{
    if (settings->json) {
        print_json(pid, path, findings);
        return findings->refused == 0 ? CLI_FINE : CLI_FAILED;
    }
    struct cli_report report;
    cli_report_init(&report, stdout);
    for (size_t i = 0; i < findings->count; i++) {
        const struct finding *finding = &findings->list[i];
        cli_report_line(&report, verdicts[finding->verdict], finding->subject, finding->sentence, finding->way_out);
    }
    return cli_report_finish(&report);
}

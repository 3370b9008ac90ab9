#include "cli/report.h"

#include <string.h>

#include "cli/options.h"
#include "cli/text.h"

void cli_report_init(struct cli_report *report, FILE *out)
{
    *report = (struct cli_report){.out = out};
}

void cli_report_line(struct cli_report *report, enum cli_verdict verdict, const char *subject, const char *sentence, const char *way_out)
{
    static const char marks[] = {[CLI_KEPT] = ' ', [CLI_CHANGED] = '~', [CLI_OBSTACLE] = '!'};
    report->counts[verdict]++;
    fprintf(report->out, "%c ", marks[verdict]);
    if (subject != NULL) {
        cli_print_escaped(report->out, subject, strlen(subject));
        fputs(": ", report->out);
    }
    cli_print_escaped(report->out, sentence, strlen(sentence));
    fputc('\n', report->out);
    if (way_out != NULL) {
        fputs("    ", report->out);
        cli_print_escaped(report->out, way_out, strlen(way_out));
        fputc('\n', report->out);
    }
}

int cli_report_finish(struct cli_report *report)
{
    unsigned count = report->counts[CLI_OBSTACLE];
    if (count == 0)
        fputs("nothing stands in the way\n", report->out);
    else
        fprintf(report->out, "%u thing%s in the way\n", count, count == 1 ? " stands" : "s stand");
    return count == 0 ? CLI_FINE : CLI_FAILED;
}

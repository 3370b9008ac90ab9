#include "cli/report.h"

#include "cli/options.h"

static const struct {
    char mark;
    const char *name;
} verdicts[] = {
    [CLI_KEPT] = {' ', "kept"},
    [CLI_CHANGED] = {'~', "changed"},
    [CLI_LOST] = {'-', "lost"},
    [CLI_OBSTACLE] = {'!', "refused"},
};

const char *cli_verdict_name(enum cli_verdict verdict)
{
    return verdicts[verdict].name;
}

void cli_report_init(struct cli_report *report, FILE *out)
{
    static const struct cli_column columns[] = {{"", false}, {"", false}, {"", false}, {NULL, false}};
    *report = (struct cli_report){.counts = {0}};
    cli_table_init(&report->table, out, columns);
}

void cli_report_line(struct cli_report *report, enum cli_verdict verdict, const char *subject, const char *sentence, const char *way_out)
{
    report->counts[verdict]++;
    cli_table_cell(&report->table, "%c %s", verdicts[verdict].mark, verdicts[verdict].name);
    cli_table_cell(&report->table, "%s", subject != NULL ? subject : "");
    cli_table_cell(&report->table, "%s%s%s", sentence, way_out != NULL ? "; way out: " : "", way_out != NULL ? way_out : "");
}

int cli_report_finish(struct cli_report *report)
{
    unsigned count = report->counts[CLI_OBSTACLE];
    FILE *out = report->table.out;
    cli_table_deinit(&report->table);
    if (count == 0)
        fputs("nothing stands in the way\n", out);
    else
        fprintf(out, "%u thing%s in the way\n", count, count == 1 ? " stands" : "s stand");
    return count == 0 ? CLI_FINE : CLI_FAILED;
}

/* The lines of `checkpt explain` and `checkpt check`: what is fine, what changes, what is lost, what stands in the way, and the way out. */
#ifndef CLI_REPORT_H
#define CLI_REPORT_H

#include <stdio.h>

#include "cli/table.h"

enum cli_verdict {
    CLI_KEPT,     /* "  kept": saved, or as it should be */
    CLI_CHANGED,  /* "~ changed": replaced or different afterwards */
    CLI_LOST,     /* "- lost": not there afterwards */
    CLI_OBSTACLE, /* "! refused": stands in the way */
};

struct cli_report {
    struct cli_table table;
    unsigned counts[CLI_OBSTACLE + 1];
};

/* The word for it: "kept". Static. */
const char *cli_verdict_name(enum cli_verdict verdict);

void cli_report_init(struct cli_report *report, FILE *out);
/* A line of verdict, subject, and sentence with the way out where there is one; aligned, and escaped. `subject` and `way_out` may be NULL. */
void cli_report_line(struct cli_report *report, enum cli_verdict verdict, const char *subject, const char *sentence, const char *way_out);
/* The last line: "nothing stands in the way" or "2 things stand in the way", and the exit status that goes with it. */
int cli_report_finish(struct cli_report *report);

#endif

/* The lines of `checkpt explain` and `checkpt check`: what is fine, what changes, what stands in the way, and the way out. */
#ifndef CLI_REPORT_H
#define CLI_REPORT_H

#include <stdio.h>

enum cli_verdict {
    CLI_KEPT,     /* "  fd 3: /tmp/x: …": saved, or as it should be */
    CLI_CHANGED,  /* "~ …": replaced or different afterwards */
    CLI_OBSTACLE, /* "! …": stands in the way */
};

struct cli_report {
    FILE *out;
    unsigned counts[CLI_OBSTACLE + 1];
};

void cli_report_init(struct cli_report *report, FILE *out);
/* A line of "subject: sentence"; `way_out`, where there is one, on a line of its own below. All are escaped. */
void cli_report_line(struct cli_report *report, enum cli_verdict verdict, const char *subject, const char *sentence, const char *way_out);
/* The last line: "nothing stands in the way" or "2 things stand in the way", and the exit status that goes with it. */
int cli_report_finish(struct cli_report *report);

#endif

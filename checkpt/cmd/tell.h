/* What the subcommands tell: why something failed, what stands in the way, what was found. */
#ifndef CHECKPT_CMD_TELL_H
#define CHECKPT_CMD_TELL_H

#include "checkpt/cmd/cmd.h"
#include "checkpt/progress.h"
#include "checkpt/resource/resource.h"
#include "cli/progress.h"

/* The process that the first operand names; 0 after a complaint (exit status 2). */
pid_t tell_pid(const struct cli_arguments *arguments);

/* Bytes for a subject; "process 4711". */
enum { TELL_SUBJECT = 32 };
const char *tell_process(char subject[TELL_SUBJECT], pid_t pid);

/* "checkpt: SUBJECT: SENTENCE" on stderr, and the exit status. The engine names the subject itself where it knows it. */
int tell_failure(const char *subject, const struct failure *why);

/* A complaint about one thing that is in the way, or gets lost, with the way out; `context` is the subject, a string. */
void tell_refused(void *context, const struct finding *finding);

/* A line about long work on a terminal: "checkpt: SUBJECT: copying memory: 1.2 GiB of 4.0 GiB, 30 %". `subject` is borrowed, and so is the line. */
struct tell_progress {
    struct cli_progress line;
    const char *subject;
    char what[4096 + 32];
};
struct progress tell_progress_of(struct tell_progress *progress, const char *subject);

/* The findings about a process, or (pid 0) about the file `path`, on stdout, as lines or as JSON; returns the exit status. */
int tell_findings(const struct settings *settings, pid_t pid, const char *path, const struct findings *findings);

#endif

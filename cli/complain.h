/* Diagnostics on stderr: "program: subject: what it was doing: why". */
#ifndef CLI_COMPLAIN_H
#define CLI_COMPLAIN_H

#include <stdbool.h>

/* One line. `subject` is a file name, "pid 123", or NULL. Control characters in the subject and the text come out escaped. */
void cli_complain(const char *program, const char *subject, const char *format, ...) __attribute__((format(printf, 3, 4)));

/* The line "Try 'program --help' …" that follows a misuse. */
void cli_suggest_help(const char *program, const char *command);

/* Flushes stdout. False, with a complaint, where not all of it could be written; a reader that went away (EPIPE) is no reason to complain. */
bool cli_finish_output(const char *program);

#endif

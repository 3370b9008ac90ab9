#include "cli/complain.h"

#include <errno.h>
#include <stdarg.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "cli/text.h"

void cli_complain(const char *program, const char *subject, const char *format, ...)
{
    char *sentence = NULL;
    va_list args;
    va_start(args, format);
    if (vasprintf(&sentence, format, args) < 0)
        sentence = NULL;
    va_end(args);
    const char *why = sentence != NULL ? sentence : format;
    struct cli_text line = {0};
    cli_text_add(&line, "%s: ", program);
    if (subject != NULL) {
        cli_text_escape(&line, subject, strlen(subject));
        cli_text_add(&line, ": ");
    }
    cli_text_escape(&line, why, strlen(why));
    fflush(stdout);
    fprintf(stderr, "%s\n", cli_text_get(&line));
    cli_text_deinit(&line);
    free(sentence);
}

void cli_suggest_help(const char *program, const char *command)
{
    fprintf(stderr, "Try '%s%s%s --help' for the options.\n", program, command != NULL ? " " : "", command != NULL ? command : "");
}

bool cli_finish_output(const char *program)
{
    bool bad = ferror(stdout) != 0;
    errno = 0;
    if (fflush(stdout) == 0 && !bad)
        return true;
    if (errno != EPIPE)
        cli_complain(program, "standard output", "writing: %s", errno != 0 ? strerror(errno) : "an earlier write failed");
    return false;
}

#include "checkpt/freeze/freeze.h"

#include <fcntl.h>
#include <signal.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

#include "checkpt/cmd/tell.h"
#include "checkpt/daemon/ask.h"
#include "checkpt/policy/policy.h"
#include "cli/complain.h"
#include "cli/text.h"

const struct cli_option freeze_options[] = {
    {.name = "output", .letter = 'o', .type = CLI_STRING, .offset = offsetof(struct settings, output), .metavar = "FILE",
     .help = "where to write; NAME.ckpt in this directory otherwise, - for standard output"},
    {.name = "exit", .type = CLI_FLAG, .offset = offsetof(struct settings, exit), .help = "end the program once the file is safe on disk"},
    {.name = "compress", .type = CLI_STRING, .optional = true, .offset = offsetof(struct settings, compress), .metavar = "LEVEL",
     .help = "compress pages, at a level from 1 to 22 (1)"},
    {.name = "chunk", .type = CLI_STRING, .offset = offsetof(struct settings, chunk), .metavar = "SIZE", .choices = "64K 128K 256K 512K 1M 2M 4M 8M 16M",
     .help = "what memory is cut into: small chunks make later --parent images small, large ones compress well"},
    {.name = "parent", .type = CLI_STRING, .offset = offsetof(struct settings, parent), .metavar = "FILE",
     .help = "write only pages that differ from those of this image"},
    {.name = "mode", .type = CLI_STRING, .offset = offsetof(struct settings, mode), .metavar = "MODE", .choices = "auto stop fork",
     .help = "copy while it stands still, or from a snapshot"},
    {0},
};

/* The modes of struct freeze_options. */
static int mode_of(const char *name)
{
    static const char *const names[] = {"auto", "stop", "fork"};
    int mode = 0;
    while (name != NULL && strcmp(name, names[mode]) != 0)
        mode++;
    return mode;
}

/* 0 without --chunk. */
static uint32_t chunk_size_of(const char *name)
{
    if (name == NULL)
        return 0;
    uint32_t number = (uint32_t)strtoul(name, NULL, 10);
    return number << (name[strlen(name) - 1] == 'M' ? 20 : 10);
}

/* Of zstd; 0 without --compress, and -1 after a complaint. */
static int level_of(const char *text)
{
    enum { MOST = 22 };
    uint64_t level = 1;
    if (text == NULL)
        return 0;
    if (text[0] == '\0' || (cli_number(text, &level) && level >= 1 && level <= MOST))
        return (int)level;
    cli_complain("checkpt", NULL, "--compress=%s: not a level from 1 to %d", text, MOST);
    return -1;
}

/* An image that nobody redirected is of no use on a screen, and what a file has already is not written over. */
static bool is_fit(int fd)
{
    struct stat status;
    int flags = fcntl(fd, F_GETFL);
    if (isatty(fd)) {
        cli_complain("checkpt", "standard output", "a terminal: an image goes to a pipe or a file");
        return false;
    }
    if (flags >= 0 && (flags & O_APPEND) != 0 && fstat(fd, &status) == 0 && S_ISREG(status.st_mode) && status.st_size > 0) {
        cli_complain("checkpt", "standard output", "a file that is appended to, and not empty: an image must begin the file");
        return false;
    }
    return true;
}

int cmd_freeze(const struct settings *settings, const struct cli_arguments *arguments)
{
    char subject[TELL_SUBJECT], written[FREEZE_NAME_MAX];
    struct failure why = {0};
    const int standard_output = STDOUT_FILENO;
    const int level = level_of(settings->compress);
    struct freeze_request request = {
        .pid = tell_pid(arguments),
        .output = settings->output,
        .options = {.exit = settings->exit, .mode = mode_of(settings->mode), .level = (unsigned)level, .chunk_size = chunk_size_of(settings->chunk),
                    .parent = settings->parent},
        .refused = tell_refused,
        .context = subject,
    };
    if (settings->output != NULL && strcmp(settings->output, "-") == 0) {
        if (!is_fit(standard_output))
            return CLI_MISUSE;
        request.descriptor = &standard_output;
        signal(SIGPIPE, SIG_IGN);
    }
    if (level < 0 || request.pid == 0)
        return CLI_MISUSE;
    if (settings->chunk != NULL && settings->parent != NULL) {
        cli_complain("checkpt", NULL, "--chunk goes with no --parent: its chunks decide");
        return CLI_MISUSE;
    }
    tell_process(subject, request.pid);
    struct tell_progress line;
    const struct progress progress = tell_progress_of(&line, subject);
    request.progress = &progress;
    bool done = policy_permits_me(&why) && ask_freeze(&request, written, &why);
    progress_end(&progress);
    if (!done)
        return tell_failure(subject, &why);
    if (settings->output == NULL) {
        cli_print_escaped(stdout, written, strlen(written));
        putchar('\n');
    }
    return CLI_FINE;
}

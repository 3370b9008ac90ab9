#include <errno.h>
#include <fcntl.h>
#include <stdarg.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

#include "ckptedit/edit.h"
#include "ckptedit/rewrite.h"
#include "cli/complain.h"
#include "cli/text.h"

static const struct cli_option options[] = {
    {.name = "drop-fd", .type = CLI_LIST, .offset = offsetof(struct settings, drop_fds), .metavar = "N", .group = "Edits",
     .help = "drop file descriptor N, and the open file if no other descriptor shares it; repeatable"},
    {.name = "output", .letter = 'o', .type = CLI_STRING, .offset = offsetof(struct settings, output), .metavar = "OUT", .group = "Where to",
     .help = "write the new image to OUT and leave FILE alone"},
    {.name = "dry-run", .type = CLI_FLAG, .offset = offsetof(struct settings, dry_run), .help = "say what would change, and change nothing"},
    {0},
};

static const struct cli_command command = {
    .operands = "FILE",
    .summary = "Changes a checkpoint image: writes a new one, verifies it, and renames it into place",
    .options = options,
    .operands_min = 1,
    .operands_max = 1,
};

static const struct cli_program program = {
    .name = "ckptedit",
    .summary = "change checkpoint images",
    .commands = &command,
    .command_count = 1,
    .epilogue = "Exit status: 0 fine; 1 nothing was changed, for the reason given; 2 wrong use, or the file cannot be read.",
};

static bool wants_drop_fd(const struct settings *settings)
{
    return settings->drop_fds.count > 0;
}

/* Applied in this order. */
static const struct {
    bool (*wanted)(const struct settings *settings);
    edit_apply *apply;
} edits[] = {
    {wants_drop_fd, edit_drop_fd},
};
enum { EDIT_COUNT = sizeof(edits) / sizeof(edits[0]) };

void edit_say(const struct edit *edit, const char *format, ...)
{
    char *line = NULL;
    va_list args;
    if (!edit->settings->dry_run)
        return;
    va_start(args, format);
    int length = vasprintf(&line, format, args);
    va_end(args);
    if (length < 0)
        return;
    cli_print_escaped(stdout, edit->path, strlen(edit->path));
    fputs(": would ", stdout);
    cli_print_escaped(stdout, line, (size_t)length);
    putchar('\n');
    free(line);
}

static int check_settings(const struct settings *settings)
{
    bool any = false;
    for (size_t i = 0; i < EDIT_COUNT; i++)
        any |= edits[i].wanted(settings);
    if (!any) {
        cli_complain("ckptedit", NULL, "nothing to change was asked for: name an edit, such as --drop-fd N");
        return CLI_MISUSE;
    }
    for (size_t i = 0; i < settings->drop_fds.count; i++) {
        uint64_t number;
        if (!cli_number(settings->drop_fds.values[i], &number)) {
            cli_complain("ckptedit", NULL, "--drop-fd %s: not the number of a descriptor", settings->drop_fds.values[i]);
            return CLI_MISUSE;
        }
    }
    return CLI_GO;
}

static int cannot_read(const char *path, const char *why)
{
    cli_complain("ckptedit", path, "opening: %s", why);
    return CLI_MISUSE;
}

static int open_input(const char *path, int *fd)
{
    struct stat status;
    *fd = open(path, O_RDONLY | O_CLOEXEC | O_NONBLOCK | O_NOCTTY);
    if (*fd < 0 || fstat(*fd, &status) != 0)
        return cannot_read(path, strerror(errno));
    if (S_ISDIR(status.st_mode))
        return cannot_read(path, "it is a directory");
    return S_ISREG(status.st_mode) ? CLI_FINE : cannot_read(path, "it is not a regular file");
}

static int edit_records(struct edit *edit, struct ckpt_reader *reader, int fd)
{
    if (records_init(&edit->records, reader) != CKPT_OK) {
        cli_complain("ckptedit", edit->path, "reading records: out of memory");
        return CLI_FAILED;
    }
    for (size_t i = 0; i < EDIT_COUNT; i++) {
        int result = edits[i].wanted(edit->settings) ? edits[i].apply(edit) : CLI_FINE;
        if (result != CLI_FINE)
            return result;
    }
    struct rewrite_job job = {.path = edit->path, .output = edit->settings->output, .input = fd, .records = &edit->records};
    return edit->settings->dry_run ? CLI_FINE : rewrite_image(&job);
}

static int edit_file(const struct settings *settings, const char *path)
{
    struct edit edit = {.path = path, .settings = settings};
    int fd = -1, result = open_input(path, &fd);
    struct ckpt_reader *reader = ckpt_reader_create();
    if (result == CLI_FINE && reader == NULL)
        result = cannot_read(path, "out of memory");
    if (result == CLI_FINE) {
        enum ckpt_status status = ckpt_reader_open_fd(reader, fd);
        if (status == CKPT_OK) {
            result = edit_records(&edit, reader, fd);
        } else {
            cli_complain("ckptedit", path, "opening: %s", ckpt_reader_error(reader));
            result = status == CKPT_IO ? CLI_MISUSE : CLI_FAILED;
        }
    }
    records_deinit(&edit.records);
    ckpt_reader_destroy(reader);
    if (fd >= 0)
        close(fd);
    return result;
}

int main(int argc, char **argv)
{
    struct settings settings = {0};
    struct cli_arguments arguments;
    int result = cli_parse(&program, argc, argv, &settings, &arguments);
    if (result == CLI_GO)
        result = check_settings(&settings);
    if (result == CLI_GO) {
        result = edit_file(&settings, arguments.operands[0]);
        if (!cli_finish_output("ckptedit") && result == CLI_FINE)
            result = CLI_FAILED;
    }
    cli_list_deinit(&settings.drop_fds);
    return result;
}

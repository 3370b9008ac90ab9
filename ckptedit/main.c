#include <errno.h>
#include <fcntl.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

#include "ckptedit/edit.h"
#include "ckptedit/rewrite.h"
#include "ckptedit/salvage.h"
#include "cli/complain.h"
#include "cli/names.h"
#include "cli/opening.h"
#include "cli/text.h"

#define EDIT(word, what, text) .name = word, .type = CLI_ACTION, .offset = offsetof(struct settings, actions), .metavar = what, .help = text
#define FLAG(word, field, text) .name = word, .type = CLI_FLAG, .offset = offsetof(struct settings, field), .help = text

static const struct cli_option options[] = {
    {EDIT("drop-fd", "N", "drop file descriptor N, and its open file if no other descriptor shares it"), .group = "Descriptors and paths"},
    {EDIT("fd", "N=PATH", "point file descriptor N at another file")},
    {EDIT("move-path", "OLD=NEW", "OLD, and what lies below it, is at NEW now: mapped and open files, directories")},
    {EDIT("cwd", "DIR", "make DIR the working directory")},
    {EDIT("name", "COMM", "the program's name, up to 15 bytes"), .group = "Process"},
    {EDIT("rlimit", "NAME=SOFT[:HARD]", "set a resource limit: numbers or 'unlimited'")},
    {EDIT("drop-timers", NULL, "drop interval timers and POSIX timers")},
    {EDIT("retval", "N", "what sys_checkpoint() returns in the resumed program")},
    {EDIT("signal", "SIG=ACTION", "default or ignore, instead of what the program does with the signal"), .group = "Signals"},
    {EDIT("block", "SIG[@TID]", "block a signal in all threads, or one")},
    {EDIT("unblock", "SIG[@TID]", "unblock it")},
    {EDIT("drop-pending", "SIG", "drop pending signals, all or one"), .optional = true},
    {EDIT("redact", "ADDR,LEN", "make bytes of stored memory zero"), .group = "Memory and file"},
    {EDIT("redact-matching", "PATTERN", "the same wherever TEXT, hex:BYTES or re:EXPRESSION is")},
    {EDIT("compress", "LEVEL", "compress pages, at a level from 1 to 22 (3)"), .optional = true},
    {EDIT("decompress", NULL, "store pages as they are")},
    {EDIT("flatten", NULL, "store what lies in parent images, so that none is needed")},
    {EDIT("upgrade", NULL, "write the newest format")},
    {EDIT("salvage", NULL, "make a valid image of what is left of a damaged one; no other edit beside it")},
    {EDIT("comment", "TEXT", "a comment in the image")},
    {EDIT("pid", "PID", "the edits that follow are for this process of a tree, not the first"), .group = "How and where to"},
    {FLAG("force", force, "make an edit that leaves an image which cannot be resumed")},
    {FLAG("dry-run", dry_run, "say what would change, and change nothing")},
    {.name = "output", .letter = 'o', .type = CLI_STRING, .offset = offsetof(struct settings, output), .metavar = "OUT",
     .help = "write the new image to OUT and leave FILE alone"},
    {0},
};

static const struct edit_kind kinds[] = {
    {"drop-fd", parse_descriptor, edit_drop_fd},
    {"fd", parse_descriptor_path, edit_fd},
    {"move-path", parse_paths, edit_move_path},
    {"cwd", parse_directory, edit_cwd},
    {"name", parse_name, edit_name},
    {"rlimit", parse_limit, edit_rlimit},
    {"drop-timers", NULL, edit_drop_timers},
    {"retval", parse_retval, edit_retval},
    {"signal", parse_action, edit_signal},
    {"block", parse_block, edit_block},
    {"unblock", parse_unblock, edit_block},
    {"drop-pending", parse_signal, edit_drop_pending},
    {"redact", parse_range, edit_redact},
    {"redact-matching", parse_pattern, edit_redact_matching},
    {"compress", parse_level, edit_compress},
    {"decompress", NULL, edit_decompress},
    {"flatten", NULL, edit_flatten},
    {"upgrade", NULL, edit_upgrade},
    {"salvage", NULL, NULL}, /* opens no image: salvage_file() */
    {"comment", NULL, edit_comment},
    {"pid", parse_pid, edit_pid},
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
    .epilogue = "Edits are made in the order given, all or none.\n"
                "Exit status: 0 fine; 1 nothing was changed, for the reason given; 2 wrong use, or the file cannot be read.",
};

struct requests {
    struct request *list;
    size_t count;
};

static void requests_deinit(struct requests *requests)
{
    for (size_t i = 0; i < requests->count; i++)
        pattern_destroy(requests->list[i].pattern);
    free(requests->list);
    *requests = (struct requests){0};
}

static const struct edit_kind *kind_of(const struct cli_option *option)
{
    for (size_t i = 0; i < sizeof(kinds) / sizeof(kinds[0]); i++)
        if (strcmp(kinds[i].option, option->name) == 0)
            return &kinds[i];
    abort(); /* the two tables do not agree */
}

static int understand(struct request *request, const struct cli_action *action)
{
    struct cli_text why = {0};
    *request = (struct request){.kind = kind_of(action->option), .value = action->value};
    bool fine = request->kind->parse == NULL || request->kind->parse(request, &why);
    if (!fine)
        cli_complain("ckptedit", NULL, "--%s %s: %s", request->kind->option, request->value, cli_text_get(&why));
    cli_text_deinit(&why);
    return fine ? CLI_GO : CLI_MISUSE;
}

static int understand_all(struct requests *requests, const struct settings *settings)
{
    const struct cli_actions *actions = &settings->actions;
    if (actions->count == 0) {
        cli_complain("ckptedit", NULL, "nothing to change was asked for: name an edit, such as --drop-fd N");
        return CLI_MISUSE;
    }
    requests->list = calloc(actions->count, sizeof(*requests->list));
    int result = requests->list != NULL ? CLI_GO : CLI_FAILED;
    for (size_t i = 0; i < actions->count && result == CLI_GO; i++) {
        result = understand(&requests->list[i], &actions->list[i]);
        requests->count = i + 1;
    }
    for (size_t i = 0; i < requests->count && result == CLI_GO && requests->count > 1; i++)
        if (requests->list[i].kind->apply == NULL) {
            cli_complain("ckptedit", NULL, "--salvage: it stands alone; edit what it made afterwards");
            result = CLI_MISUSE;
        }
    return result;
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
    if (*fd < 0 && errno == ENXIO)
        return cannot_read(path, "it is a socket");
    if (*fd < 0 || fstat(*fd, &status) != 0)
        return cannot_read(path, strerror(errno));
    return S_ISREG(status.st_mode) ? CLI_FINE : cannot_read(path, cli_kind_of_file(status.st_mode));
}

/* Signals that were not deadly before the edits, and are after them. */
static int check_signals(struct edit *edit, uint64_t before)
{
    uint64_t after;
    if (!edit_deadly_signals(edit, &after))
        return CLI_FAILED;
    if ((after & ~before) == 0 || edit->settings->force)
        return CLI_FINE;
    struct cli_text list = {0};
    cli_add_signal_set(&list, after & ~before);
    cli_complain("ckptedit", edit->path, "editing: signals are pending that the program would no longer survive: %s; --drop-pending drops them (--force leaves it like that)",
                 cli_text_get(&list));
    cli_text_deinit(&list);
    return CLI_FAILED;
}

/* What it left unused goes at once: a later edit must not find it. */
static int apply(struct edit *edit, const struct request *request)
{
    int result = request->kind->apply(edit, request);
    return result == CLI_FINE ? edit_drop_unused(edit) : result;
}

static int apply_all(struct edit *edit, const struct requests *requests)
{
    uint64_t deadly = 0;
    bool signals = false;
    for (size_t i = 0; i < requests->count; i++)
        signals |= requests->list[i].kind->apply == edit_signal || requests->list[i].kind->apply == edit_block;
    int result = !signals || edit_deadly_signals(edit, &deadly) ? CLI_FINE : CLI_FAILED;
    for (size_t i = 0; i < requests->count && result == CLI_FINE; i++)
        result = apply(edit, &requests->list[i]);
    if (result == CLI_FINE && signals)
        result = check_signals(edit, deadly);
    return result == CLI_FINE ? edit_finish_redactions(edit) : result;
}

static int edit_image(struct edit *edit, const struct requests *requests, struct ckpt_reader *reader, int fd)
{
    if (records_init(&edit->records, reader) != CKPT_OK) {
        cli_complain("ckptedit", edit->path, "reading records: out of memory");
        return CLI_FAILED;
    }
    edit->process = edit_root_process(edit);
    int result = apply_all(edit, requests);
    struct rewrite_job job = {.path = edit->path, .output = edit->settings->output, .input = fd, .edit = edit};
    return result != CLI_FINE || edit->settings->dry_run ? result : rewrite_image(&job);
}

static int edit_open_file(const struct settings *settings, const struct requests *requests, const char *path, int fd)
{
    struct edit edit = {.path = path, .settings = settings};
    int result = CLI_FINE;
    struct ckpt_reader *reader = ckpt_reader_create();
    if (reader == NULL)
        result = cannot_read(path, "out of memory");
    if (reader != NULL) {
        edit_set_directory(reader, path);
        enum ckpt_status status = ckpt_reader_open_fd(reader, fd);
        if (status == CKPT_OK) {
            result = edit_image(&edit, requests, reader, fd);
        } else {
            cli_complain("ckptedit", path, "opening: %s%s", ckpt_reader_error(reader), cli_opening_way_out(status, fd));
            result = status == CKPT_IO ? CLI_MISUSE : CLI_FAILED;
        }
    }
    edit_deinit(&edit);
    ckpt_reader_destroy(reader);
    return result;
}

static int edit_file(const struct settings *settings, const struct requests *requests, const char *path)
{
    int fd = -1, result = open_input(path, &fd);
    if (result == CLI_FINE && requests->list[0].kind->apply == NULL)
        result = salvage_file(settings, path, fd);
    else if (result == CLI_FINE)
        result = edit_open_file(settings, requests, path, fd);
    if (fd >= 0)
        close(fd);
    return result;
}

int main(int argc, char **argv)
{
    struct settings settings = {0};
    struct cli_arguments arguments;
    struct requests requests = {0};
    int result = cli_parse(&program, argc, argv, &settings, &arguments);
    if (result == CLI_GO)
        result = understand_all(&requests, &settings);
    if (result == CLI_GO) {
        result = edit_file(&settings, &requests, arguments.operands[0]);
        if (!cli_finish_output("ckptedit") && result == CLI_FINE)
            result = CLI_FAILED;
    }
    requests_deinit(&requests);
    cli_actions_deinit(&settings.actions);
    return result;
}

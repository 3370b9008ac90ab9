#include <stdio.h>
#include <string.h>

#include "ckptdump/dump.h"
#include "ckptdump/schema.h"
#include "cli/complain.h"
#include "cli/text.h"

#define FLAG(word, field, text) .name = word, .type = CLI_FLAG, .offset = offsetof(struct settings, field), .help = text
#define VALUE(word, field, what, text) \
    .name = word, .type = CLI_STRING, .offset = offsetof(struct settings, field), .metavar = what, .help = text

static const struct cli_option options[] = {
    {FLAG("summary", summary, "one screen: program, host, time, threads, memory, descriptors, signals; the default"), .group = "Views"},
    {FLAG("maps", maps, "memory mappings, and how much of each is stored")},
    {FLAG("fds", fds, "file descriptors")},
    {FLAG("signals", signals, "signal actions, blocked and pending signals")},
    {FLAG("threads", threads, "threads")},
    {FLAG("regs", regs, "registers of every thread")},
    {FLAG("args", args, "command line, a word a line")},
    {FLAG("env", env, "environment")},
    {FLAG("auxv", auxv, "the auxiliary vector that it was started with")},
    {FLAG("timers", timers, "interval timers and POSIX timers")},
    {FLAG("limits", limits, "resource limits")},
    {FLAG("notes", notes, "every record and every debugger's note")},
    {FLAG("index", index, "every chunk of stored pages")},
    {FLAG("backtrace", backtrace, "the stack of every thread"), .group = "Memory"},
    {VALUE("hex", hex, "ADDR[,LEN]", "memory as hexadecimal numbers")},
    {VALUE("strings", strings, "LEAST", "printable text of at least 4 bytes in stored memory"), .optional = true},
    {VALUE("search", search, "PATTERN", "where stored memory has TEXT, hex:BYTES or re:EXPRESSION")},
    {VALUE("extract", extract, "ADDR,LEN", "memory as it is, to standard output or -o OUT")},
    {VALUE("output", output, "OUT", "where --extract writes"), .letter = 'o'},
    {VALUE("core", core, "OUT", "write an ordinary core file for debuggers")},
    {.name = "pid", .type = CLI_NUMBER, .offset = offsetof(struct settings, pid), .metavar = "PID",
     .help = "of which process in the image; the first one unless given"},
    {VALUE("diff", diff, "OTHER", "what changed from the image OTHER to this one; exit status 1 where anything did"),
     .group = "Comparing, checking and form"},
    {FLAG("verify", verify, "check every byte; one line for every fault")},
    {FLAG("json", json, "as JSON, in the shape of the .proto files")},
    {FLAG("schema", schema, "describe that JSON, and look at no file")},
    {FLAG("bytes", exact, "sizes as exact numbers of bytes")},
    {0},
};

static const struct cli_command command = {
    .operands = "FILE…",
    .summary = "Looks at checkpoint images",
    .options = options,
    .operands_max = SIZE_MAX,
};

static const struct cli_program program = {
    .name = "ckptdump",
    .summary = "look at checkpoint images",
    .commands = &command,
    .command_count = 1,
    .epilogue = "A FILE named - is standard input.\n"
                "Exit status: 0 fine; 1 a file is damaged or refused, or two differ; 2 wrong use, or a file cannot be read.",
};

static size_t count_chosen(const struct settings *settings)
{
    size_t count = 0;
    for (const struct view *view = views; view->name != NULL; view++)
        count += view_is_chosen(view, settings);
    return count;
}

/* An ordinary core file lacks what most views show. */
static bool is_there(struct dump *dump, const struct view *view)
{
    if (dump->image.foreign == NULL || view->foreign)
        return true;
    image_complain(&dump->image, "--%s: an ordinary core file has nothing of that", view->name);
    return false;
}

static void show_all(struct dump *dump, bool titles)
{
    const char *gap = "";
    for (const struct view *view = views; view->name != NULL; view++) {
        if (!view_is_chosen(view, dump->settings) || !is_there(dump, view))
            continue;
        if (titles && !view->bare)
            printf("%s%s:\n", gap, view->name);
        view->show(dump);
        gap = "\n";
    }
}

static void json_all(struct dump *dump)
{
    cli_json_init(&dump->json, stdout);
    cli_json_object(&dump->json, NULL);
    cli_json_string(&dump->json, "file", dump->image.path);
    for (const struct view *view = views; view->name != NULL; view++)
        if (view_is_chosen(view, dump->settings) && is_there(dump, view))
            view->json(dump);
    cli_json_end_object(&dump->json);
    cli_json_finish(&dump->json);
}

static int dump_file(const struct settings *settings, const char *path, bool titles)
{
    struct dump dump = {.settings = settings};
    bool once = settings->verify && settings->pid == NO_PID && count_chosen(settings) == 1;
    int result = image_open(&dump.image, path, once);
    if (result == CLI_FINE && settings->pid != NO_PID)
        result = image_select(&dump.image, settings->pid);
    if (result == CLI_FINE && settings->json)
        json_all(&dump);
    else if (result == CLI_FINE)
        show_all(&dump, titles);
    if (result == CLI_FINE && (dump.image.damaged || dump.differs))
        result = CLI_FAILED;
    if (dump.unreadable)
        result = CLI_MISUSE;
    image_deinit(&dump.image);
    return result;
}

/* Several files: each is named, unless its view does that by itself. */
static int dump_files(const struct settings *settings, const struct cli_arguments *arguments)
{
    int worst = CLI_FINE;
    size_t chosen = count_chosen(settings);
    bool names = arguments->operand_count > 1 && !settings->json && !settings->summary && !(settings->verify && chosen == 1) && !settings->extract;
    for (size_t i = 0; i < arguments->operand_count; i++) {
        const char *path = arguments->operands[i];
        if (i > 0 && (names || settings->summary) && !settings->json)
            putchar('\n');
        if (names) {
            cli_print_escaped(stdout, path, strlen(path));
            puts(":");
        }
        int result = dump_file(settings, path, chosen > 1);
        worst = result > worst ? result : worst;
    }
    return worst;
}

static int refuse(const char *sentence)
{
    cli_complain("ckptdump", NULL, "%s", sentence);
    cli_suggest_help("ckptdump", NULL);
    return CLI_MISUSE;
}

static int check_settings(struct settings *settings, const struct cli_arguments *arguments)
{
    if (settings->schema && arguments->operand_count > 0)
        return refuse("--schema looks at no file");
    if (!settings->schema && arguments->operand_count == 0)
        return refuse("FILE… is missing");
    if (arguments->operand_count > 1 && (settings->core != NULL || settings->output != NULL))
        return refuse("--core and --output: one file at a time");
    if (count_chosen(settings) == 0)
        settings->summary = true;
    int result = check_extract(settings);
    for (const struct view *view = views; view->name != NULL && result == CLI_GO; view++) {
        if (!view_is_chosen(view, settings))
            continue;
        if (settings->json && view->json == NULL) {
            cli_complain("ckptdump", NULL, "--json: --%s has no such form; leave --json out", view->name);
            return CLI_MISUSE;
        }
        result = view->check != NULL ? view->check(settings) : CLI_GO;
    }
    return result;
}

int main(int argc, char **argv)
{
    struct settings settings = {.pid = NO_PID};
    struct cli_arguments arguments;
    int result = cli_parse(&program, argc, argv, &settings, &arguments);
    if (result == CLI_GO)
        result = check_settings(&settings, &arguments);
    if (result != CLI_GO)
        return result;
    if (settings.schema)
        schema_print();
    else
        result = dump_files(&settings, &arguments);
    result = settings.schema ? CLI_FINE : result;
    return cli_finish_output("ckptdump") || result > CLI_FAILED ? result : CLI_FAILED;
}

#include <stdio.h>
#include <string.h>

#include "ckptdump/dump.h"
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
    {FLAG("timers", timers, "interval timers and POSIX timers")},
    {FLAG("limits", limits, "resource limits")},
    {FLAG("notes", notes, "every record and every debugger's note")},
    {FLAG("index", index, "every chunk of stored pages")},
    {VALUE("hex", hex, "ADDR[,LEN]", "memory as hexadecimal numbers"), .group = "Memory"},
    {VALUE("extract", extract, "ADDR,LEN", "memory as it is, to standard output")},
    {FLAG("strings", strings, "printable text in stored memory")},
    {VALUE("search", search, "TEXT", "addresses in stored memory where this text is")},
    {FLAG("verify", verify, "check every byte; one line for every fault"), .group = "Checking and form"},
    {FLAG("json", json, "as JSON, in the shape of the .proto files")},
    {FLAG("bytes", exact, "sizes as exact numbers of bytes")},
    {0},
};

static const struct cli_command command = {
    .operands = "FILE…",
    .summary = "Looks at checkpoint images",
    .options = options,
    .operands_min = 1,
    .operands_max = SIZE_MAX,
};

static const struct cli_program program = {
    .name = "ckptdump",
    .summary = "look at checkpoint images",
    .commands = &command,
    .command_count = 1,
    .epilogue = "Exit status: 0 fine; 1 a file is damaged or refused; 2 wrong use, or a file cannot be read.",
};

#define VIEW(word) {#word, offsetof(struct settings, word), show_##word, json_##word}
#define BYTES_VIEW(word) {#word, offsetof(struct settings, word), show_##word, NULL}

const struct view views[] = {
    VIEW(summary), VIEW(args), VIEW(env), VIEW(threads), VIEW(regs), VIEW(maps), VIEW(fds), VIEW(signals), VIEW(timers), VIEW(limits), VIEW(notes),
    VIEW(index), BYTES_VIEW(strings), VIEW(verify), {0},
};

static bool is_chosen(const struct settings *settings, const struct view *view)
{
    return *(const bool *)((const char *)settings + view->offset);
}

static size_t count_chosen(const struct settings *settings)
{
    size_t count = 0;
    for (const struct view *view = views; view->name != NULL; view++)
        count += is_chosen(settings, view);
    return count + (settings->hex != NULL) + (settings->search != NULL) + (settings->extract != NULL);
}

static void show_all(struct dump *dump, bool titles)
{
    const char *gap = "";
    for (const struct view *view = views; view->name != NULL; view++) {
        if (!is_chosen(dump->settings, view))
            continue;
        if (titles && view->show != show_verify)
            printf("%s%s:\n", gap, view->name);
        view->show(dump);
        gap = "\n";
    }
    if (dump->settings->hex != NULL)
        show_hex(dump);
    if (dump->settings->search != NULL)
        show_search(dump);
    if (dump->settings->extract != NULL)
        show_extract(dump);
}

static void json_all(struct dump *dump)
{
    cli_json_init(&dump->json, stdout);
    cli_json_object(&dump->json, NULL);
    cli_json_string(&dump->json, "file", dump->image.path);
    for (const struct view *view = views; view->name != NULL; view++)
        if (is_chosen(dump->settings, view) && view->json != NULL)
            view->json(dump);
    cli_json_end_object(&dump->json);
    cli_json_finish(&dump->json);
}

static int dump_file(const struct settings *settings, const char *path, bool titles)
{
    struct dump dump = {.settings = settings};
    int result = image_open(&dump.image, path);
    if (result == CLI_FINE && settings->json)
        json_all(&dump);
    else if (result == CLI_FINE)
        show_all(&dump, titles);
    if (result == CLI_FINE && dump.image.damaged)
        result = CLI_FAILED;
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

static int check_settings(struct settings *settings)
{
    if (count_chosen(settings) == 0)
        settings->summary = true;
    if (settings->json && (settings->hex != NULL || settings->extract != NULL || settings->search != NULL || settings->strings)) {
        cli_complain("ckptdump", NULL, "--json: --hex, --extract, --strings and --search have no such form; leave --json out");
        return CLI_MISUSE;
    }
    return check_hex(settings);
}

int main(int argc, char **argv)
{
    struct settings settings = {0};
    struct cli_arguments arguments;
    int result = cli_parse(&program, argc, argv, &settings, &arguments);
    if (result == CLI_GO)
        result = check_settings(&settings);
    if (result != CLI_GO)
        return result;
    result = dump_files(&settings, &arguments);
    return cli_finish_output("ckptdump") || result > CLI_FAILED ? result : CLI_FAILED;
}

#include <fcntl.h>
#include <inttypes.h>
#include <limits.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include "checkpt/cmd/tell.h"
#include "checkpt/resident/prepare.h"
#include "checkpt/resident/registry.h"
#include "cli/complain.h"
#include "cli/json.h"
#include "cli/table.h"
#include "cli/text.h"

const struct cli_option resident_options[] = {
    {.name = "list", .letter = 'l', .type = CLI_FLAG, .offset = offsetof(struct settings, list), .help = "list what is resident"},
    {.name = "remove", .letter = 'x', .type = CLI_STRING, .offset = offsetof(struct settings, remove), .metavar = "ID", .help = "remove the one with this id"},
    {.name = "drop", .letter = 'd', .type = CLI_STRING, .offset = offsetof(struct settings, drop), .metavar = "FILE", .help = "remove this program"},
    {.name = "remove-all", .letter = 'R', .type = CLI_FLAG, .offset = offsetof(struct settings, remove_all), .help = "remove all"},
    {.name = "force", .letter = 'f', .type = CLI_FLAG, .offset = offsetof(struct settings, force), .help = "do not look at what kind of file it is first"},
    {.name = "json", .type = CLI_FLAG, .offset = offsetof(struct settings, json), .help = "the list as JSON"},
    {0},
};

static int list_json(const struct registry_entry *list, size_t count)
{
    struct cli_json json;
    cli_json_init(&json, stdout);
    cli_json_object(&json, NULL);
    cli_json_list(&json, "resident");
    for (size_t i = 0; i < count; i++) {
        cli_json_object(&json, NULL);
        cli_json_int(&json, "id", list[i].id);
        cli_json_int(&json, "entry", (int64_t)list[i].entry);
        cli_json_int(&json, "size", (int64_t)list[i].size);
        cli_json_int(&json, "uses", (int64_t)list[i].uses);
        cli_json_text(&json, "file", list[i].path, strlen(list[i].path));
        cli_json_end_object(&json);
    }
    cli_json_end_list(&json);
    cli_json_end_object(&json);
    cli_json_finish(&json);
    return CLI_FINE;
}

static int list_lines(const struct registry_entry *list, size_t count)
{
    printf("%4s  %-14s  %9s  %9s  %s\n", "ID", "ENTRY", "SIZE", "USES", "FILE");
    for (size_t i = 0; i < count; i++) {
        char entry[32] = "linker";
        if (list[i].entry != 0)
            snprintf(entry, sizeof(entry), "0x%" PRIx64, list[i].entry);
        printf("%4u  %-14s  %5" PRIu64 " KiB  %9" PRIu64 "  ", list[i].id, entry, list[i].size / 1024, list[i].uses);
        cli_print_escaped(stdout, list[i].path, strlen(list[i].path));
        putchar('\n');
    }
    return CLI_FINE;
}

static int list_all(const struct settings *settings)
{
    struct registry_entry *list;
    size_t count;
    struct failure why = {0};
    if (!registry_list(&list, &count, &why))
        return tell_failure("resident", &why);
    int result = settings->json ? list_json(list, count) : list_lines(list, count);
    registry_free_list(list, count);
    return result;
}

static int remove_some(const struct settings *settings)
{
    struct registry registry;
    struct registry_result result;
    struct failure why = {0};
    uint64_t id = 0;
    size_t count = 0;
    char path[PATH_MAX];
    const char *binary = settings->drop != NULL && realpath(settings->drop, path) != NULL ? path : settings->drop;
    if (settings->remove != NULL && (!cli_number(settings->remove, &id) || id == 0 || id > UINT32_MAX)) {
        cli_complain("checkpt", "resident", "-x %s: not an id; checkpt resident -l lists them", settings->remove);
        return CLI_MISUSE;
    }
    bool done = registry_open(&registry, &result, &why) && registry_remove(&registry, (uint32_t)id, binary, &count, &result, &why);
    registry_close(&registry);
    if (!done)
        return tell_failure("resident", &why);
    printf("%zu removed\n", count);
    return CLI_FINE;
}

static bool is_dynamic_program(const char *path, struct failure *why)
{
    char magic[4] = "";
    int fd = open(path, O_RDONLY | O_CLOEXEC);
    if (fd < 0)
        return failure_errno(why, "%s", path);
    ssize_t got = read(fd, magic, sizeof(magic));
    close(fd);
    return (got == (ssize_t)sizeof(magic) && memcmp(magic, "\177ELF", 4) == 0) || failure_set(why, "%s: not a program that the kernel loads itself; -f to try it all the same", path);
}

static bool make_resident(struct registry *registry, const struct settings *settings, const char *path, struct failure *why)
{
    struct registry_result result;
    pid_t pid;
    uint32_t id;
    if (!settings->force && !is_dynamic_program(path, why))
        return false;
    if (!registry_make_room(registry, path, &result, why) || !prepare(path, &pid, why))
        return false;
    const struct registry_add add = {.binary = path, .pid = pid, .kind = START_RELOCATED};
    bool done = registry_register(registry, &add, &id, &result, why);
    prepare_end(pid);
    if (!done)
        return false;
    printf("%u: %s\n", id, path);
    if (!registry->has_handlers)
        cli_complain("checkpt", path, "the kernel's binfmt_misc cannot be used here: checkpt exec %s starts it", path);
    return true;
}

static int make_all(const struct settings *settings, const struct cli_arguments *arguments)
{
    struct registry registry;
    struct registry_result result;
    struct failure why = {0};
    int status = CLI_FINE;
    bool opened = registry_open(&registry, &result, &why);
    if (!opened)
        status = tell_failure("resident", &why);
    for (size_t i = 0; i < arguments->operand_count && opened; i++) {
        char path[PATH_MAX];
        if (realpath(arguments->operands[i], path) == NULL ? failure_errno(&why, "%s", arguments->operands[i]) : make_resident(&registry, settings, path, &why))
            continue;
        status = tell_failure("resident", &why);
    }
    registry_close(&registry);
    return status;
}

int cmd_resident(const struct settings *settings, const struct cli_arguments *arguments)
{
    bool removes = settings->remove != NULL || settings->drop != NULL || settings->remove_all;
    if (settings->list + removes + (arguments->operand_count > 0) != 1) {
        cli_complain("checkpt", "resident", "name programs, or one of -l, -x ID, -d FILE, -R");
        cli_suggest_help("checkpt", "resident");
        return CLI_MISUSE;
    }
    if (settings->list)
        return list_all(settings);
    return removes ? remove_some(settings) : make_all(settings, arguments);
}

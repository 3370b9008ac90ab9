#include "cli/options.h"

#include <errno.h>
#include <stdlib.h>
#include <string.h>

#include "cli/complain.h"

struct parser {
    const struct cli_program *program;
    const struct cli_command *command;
    char **argv;     /* the words behind the program's name, or behind the command's */
    int argc;
    int next;        /* the word to look at */
    int kept;        /* operands moved to the front so far */
    void *settings;
};

void cli_list_deinit(struct cli_list *list)
{
    free(list->values);
    *list = (struct cli_list){0};
}

void cli_actions_deinit(struct cli_actions *actions)
{
    free(actions->list);
    *actions = (struct cli_actions){0};
}

bool cli_number(const char *text, uint64_t *number)
{
    char *end;
    if (text[0] < '0' || text[0] > '9')
        return false;
    errno = 0;
    unsigned long long value = strtoull(text, &end, 0);
    if (*end != '\0' || errno != 0)
        return false;
    *number = value;
    return true;
}

static int misuse(const struct parser *p)
{
    cli_suggest_help(p->program->name, p->command != NULL ? p->command->name : NULL);
    return CLI_MISUSE;
}

static bool is_choice(const char *choices, const char *value)
{
    size_t length = strlen(value);
    for (const char *at = choices; *at != '\0'; at += strspn(at, " ")) {
        size_t word = strcspn(at, " ");
        if (word == length && strncmp(at, value, length) == 0)
            return true;
        at += word;
    }
    return false;
}

static int set_list(struct cli_list *list, const char *value)
{
    const char **values = realloc(list->values, (list->count + 1) * sizeof(*values));
    if (values == NULL)
        return CLI_FAILED;
    list->values = values;
    values[list->count++] = value;
    return CLI_GO;
}

static int set_action(struct cli_actions *actions, const struct cli_option *option, const char *value)
{
    struct cli_action *list = realloc(actions->list, (actions->count + 1) * sizeof(*list));
    if (list == NULL)
        return CLI_FAILED;
    actions->list = list;
    list[actions->count++] = (struct cli_action){option, value};
    return CLI_GO;
}

/* Whether a word or the rest of one is its value. */
static bool takes_value(const struct cli_option *option)
{
    return option->type != CLI_FLAG && option->metavar != NULL;
}

static int set(const struct parser *p, const struct cli_option *option, const char *value)
{
    void *setting = (char *)p->settings + option->offset;
    if (option->choices != NULL && value != NULL && !is_choice(option->choices, value)) {
        cli_complain(p->program->name, NULL, "--%s=%s: not one of: %s", option->name, value, option->choices);
        return misuse(p);
    }
    if (option->type == CLI_ACTION)
        return set_action(setting, option, value);
    if (value == NULL && option->optional)
        value = "";
    if (option->type == CLI_LIST)
        return set_list(setting, value);
    if (option->type == CLI_FLAG)
        *(bool *)setting = true;
    if (option->type == CLI_STRING)
        *(const char **)setting = value;
    bool left_out = option->optional && value != NULL && value[0] == '\0';
    if (option->type == CLI_NUMBER && !left_out && !cli_number(value, setting)) {
        cli_complain(p->program->name, NULL, "--%s=%s: not a number", option->name, value);
        return misuse(p);
    }
    return CLI_GO;
}

/* The option whose name is `name` or alone begins with it; *matches counts those that begin with it. */
static const struct cli_option *find_long(const struct cli_command *command, const char *name, size_t length, unsigned *matches)
{
    const struct cli_option *found = NULL;
    *matches = 0;
    for (const struct cli_option *o = command->options; o != NULL && o->name != NULL; o++) {
        if (strncmp(o->name, name, length) != 0)
            continue;
        if (o->name[length] == '\0') {
            *matches = 1;
            return o;
        }
        found = o;
        ++*matches;
    }
    return found;
}

static int print_about(const struct parser *p, const char *name)
{
    if (strcmp(name, "help") == 0)
        cli_print_help(stdout, p->program, p->command != NULL && p->command->name != NULL ? p->command : NULL);
    else if (strcmp(name, "version") == 0)
        cli_print_version(stdout, p->program);
    else if (strcmp(name, "print-completion") == 0)
        cli_print_completion(stdout, p->program);
    else
        return CLI_GO;
    return cli_finish_output(p->program->name) ? CLI_FINE : CLI_FAILED;
}

/* The value that follows an option as a word of its own. */
static const char *next_value(struct parser *p)
{
    return p->next < p->argc ? p->argv[p->next++] : NULL;
}

static int parse_long(struct parser *p, const char *word)
{
    size_t length = strcspn(word, "=");
    const char *value = word[length] == '=' ? word + length + 1 : NULL;
    int about = value == NULL ? print_about(p, word) : CLI_GO;
    if (about != CLI_GO)
        return about;
    unsigned matches = 0;
    const struct cli_option *option = length > 0 ? find_long(p->command, word, length, &matches) : NULL;
    if (matches != 1) {
        cli_complain(p->program->name, NULL, "--%.*s: %s", (int)length, word, matches > 1 ? "several options begin like this" : "no such option");
        return misuse(p);
    }
    if (!takes_value(option) && value != NULL) {
        cli_complain(p->program->name, NULL, "--%s takes no value", option->name);
        return misuse(p);
    }
    if (takes_value(option) && !option->optional && value == NULL && (value = next_value(p)) == NULL) {
        cli_complain(p->program->name, NULL, "--%s needs %s", option->name, option->metavar);
        return misuse(p);
    }
    return set(p, option, value);
}

static const struct cli_option *find_letter(const struct cli_command *command, char letter)
{
    for (const struct cli_option *o = command->options; o != NULL && o->name != NULL; o++)
        if (o->letter == letter)
            return o;
    return NULL;
}

static int parse_letters(struct parser *p, const char *word)
{
    for (; *word != '\0'; word++) {
        const struct cli_option *option = find_letter(p->command, *word);
        if (option == NULL) {
            cli_complain(p->program->name, NULL, "-%c: no such option", *word);
            return misuse(p);
        }
        if (!takes_value(option)) {
            int result = set(p, option, NULL);
            if (result != CLI_GO)
                return result;
            continue;
        }
        const char *value = word[1] != '\0' ? word + 1 : option->optional ? NULL : next_value(p);
        if (value == NULL && !option->optional) {
            cli_complain(p->program->name, NULL, "-%c needs %s", *word, option->metavar);
            return misuse(p);
        }
        return set(p, option, value);
    }
    return CLI_GO;
}

static void keep(struct parser *p, char *word)
{
    p->argv[p->kept++] = word;
}

static int parse_words(struct parser *p)
{
    bool options_end = false;
    while (p->next < p->argc) {
        char *word = p->argv[p->next++];
        if (options_end || word[0] != '-' || word[1] == '\0') {
            keep(p, word);
            options_end |= p->command->stop_at_operand;
            continue;
        }
        if (strcmp(word, "--") == 0) {
            options_end = true;
            continue;
        }
        int result = word[1] == '-' ? parse_long(p, word + 2) : parse_letters(p, word + 1);
        if (result != CLI_GO)
            return result;
    }
    p->argv[p->kept] = NULL;
    return CLI_GO;
}

static int check_operands(const struct parser *p)
{
    size_t count = (size_t)p->kept;
    if (count < p->command->operands_min) {
        cli_complain(p->program->name, p->command->name, "%s is missing", p->command->operands);
        return misuse(p);
    }
    if (count > p->command->operands_max) {
        cli_complain(p->program->name, p->command->name, "%s: one argument too many", p->argv[p->command->operands_max]);
        return misuse(p);
    }
    return CLI_GO;
}

static int find_command(struct parser *p)
{
    if (p->program->command_count == 1 && p->program->commands[0].name == NULL) {
        p->command = &p->program->commands[0];
        return CLI_GO;
    }
    const char *word = p->argc > 0 ? p->argv[p->next++] : NULL;
    if (word == NULL) {
        cli_complain(p->program->name, NULL, "what to do is missing");
        return misuse(p);
    }
    for (size_t i = 0; i < p->program->command_count; i++) {
        const struct cli_command *c = &p->program->commands[i];
        if (strcmp(word, c->name) == 0 || (c->alias != NULL && strcmp(word, c->alias) == 0)) {
            p->command = c;
            return CLI_GO;
        }
    }
    if (strcmp(word, "-h") == 0 || strcmp(word, "help") == 0)
        word = "--help";
    int about = strncmp(word, "--", 2) == 0 ? print_about(p, word + 2) : CLI_GO;
    if (about != CLI_GO)
        return about;
    cli_complain(p->program->name, NULL, "%s: no such %s", word, word[0] == '-' ? "option" : "command");
    return misuse(p);
}

int cli_parse(const struct cli_program *program, int argc, char **argv, void *settings, struct cli_arguments *arguments)
{
    struct parser p = {.program = program, .argv = argv + 1, .argc = argc > 0 ? argc - 1 : 0, .settings = settings};
    int result = find_command(&p);
    if (result == CLI_GO)
        result = parse_words(&p);
    if (result == CLI_GO)
        result = check_operands(&p);
    if (result == CLI_GO)
        *arguments = (struct cli_arguments){.command = p.command, .operands = p.argv, .operand_count = (size_t)p.kept};
    return result;
}

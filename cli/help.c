#include <string.h>

#include <ckptfmt/ckptfmt.h>

#include "cli/options.h"
#include "cli/text.h"

enum { HELP_COLUMN = 26 };

static void print_entry(FILE *out, const char *left, const char *help)
{
    if (strlen(left) + 1 < HELP_COLUMN)
        fprintf(out, "%-*s%s\n", HELP_COLUMN, left, help);
    else
        fprintf(out, "%s\n%*s%s\n", left, HELP_COLUMN, "", help);
}

static void print_option(FILE *out, const struct cli_option *option)
{
    struct cli_text left = {0};
    if (option->letter != 0)
        cli_text_add(&left, "  -%c, ", option->letter);
    else
        cli_text_add(&left, "      ");
    cli_text_add(&left, "--%s", option->name);
    if (option->metavar != NULL)
        cli_text_add(&left, option->optional ? "[=%s]" : "=%s", option->metavar);
    struct cli_text help = {0};
    cli_text_add(&help, "%s", option->help);
    if (option->choices != NULL)
        cli_text_add(&help, " (%s)", option->choices);
    print_entry(out, cli_text_get(&left), cli_text_get(&help));
    cli_text_deinit(&left);
    cli_text_deinit(&help);
}

static void print_usage(FILE *out, const struct cli_program *program, const struct cli_command *command)
{
    fprintf(out, "%s", program->name);
    if (command->name != NULL)
        fprintf(out, " %s", command->name);
    if (command->options != NULL && command->options->name != NULL)
        fprintf(out, " [OPTION…]");
    if (command->operands != NULL)
        fprintf(out, " %s", command->operands);
    fputc('\n', out);
}

static void print_options(FILE *out, const struct cli_command *command)
{
    for (const struct cli_option *o = command->options; o != NULL && o->name != NULL; o++) {
        if (o->group != NULL)
            fprintf(out, "\n%s:\n", o->group);
        else if (o == command->options)
            fprintf(out, "\nOptions:\n");
        print_option(out, o);
    }
}

static void print_commands(FILE *out, const struct cli_program *program)
{
    for (size_t i = 0; i < program->command_count; i++) {
        const struct cli_command *c = &program->commands[i];
        fprintf(out, "  ");
        print_usage(out, program, c);
        fprintf(out, "          %s", c->summary);
        if (c->alias != NULL)
            fprintf(out, "; also: %s %s", program->name, c->alias);
        fputc('\n', out);
    }
    fprintf(out, "\n'%s COMMAND --help' lists a command's options.\n", program->name);
}

void cli_print_help(FILE *out, const struct cli_program *program, const struct cli_command *command)
{
    static const struct cli_option about[] = {
        {.name = "help", .help = "print this"},
        {.name = "version", .help = "print the versions of program, library and format"},
        {0},
    };
    bool single = program->command_count == 1 && program->commands[0].name == NULL;
    if (command == NULL && single)
        command = &program->commands[0];
    if (command == NULL) {
        fprintf(out, "%s: %s\n\n", program->name, program->summary);
        print_commands(out, program);
    } else {
        fprintf(out, "Usage: ");
        print_usage(out, program, command);
        fprintf(out, "%c%s.\n", command->summary[0], command->summary + 1);
        print_options(out, command);
    }
    fputc('\n', out);
    for (const struct cli_option *o = about; o->name != NULL; o++)
        print_option(out, o);
    if (program->epilogue != NULL && (single || command == NULL))
        fprintf(out, "\n%s\n", program->epilogue);
}

void cli_print_version(FILE *out, const struct cli_program *program)
{
    fprintf(out, "%s %s (libckptfmt %s, format %d.%d)\n", program->name, CKPT_LIBRARY_VERSION, ckpt_library_version(), CKPT_FORMAT_MAJOR,
            CKPT_FORMAT_MINOR);
}

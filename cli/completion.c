/* The script is plain bash: no helper of the bash-completion package is needed. */
#include <string.h>

#include "cli/options.h"

static void print_names(FILE *out, const struct cli_command *command)
{
    for (const struct cli_option *o = command->options; o != NULL && o->name != NULL; o++)
        fprintf(out, "--%s ", o->name);
    fprintf(out, "--help --version");
}

/* How a value or operand completes, by its metavar. */
static const char *action_for(const char *metavar)
{
    static const struct {
        const char *metavar, *action;
    } actions[] = {
        {"FILE", "compgen -f -- \"$cur\""},
        {"OUT", "compgen -f -- \"$cur\""},
        {"OTHER", "compgen -f -- \"$cur\""},
        {"PID", "compgen -W \"$(cd /proc && echo [0-9]*)\" -- \"$cur\""},
        {"COMMAND", "compgen -c -- \"$cur\""},
    };
    for (size_t i = 0; metavar != NULL && i < sizeof(actions) / sizeof(actions[0]); i++)
        if (strncmp(metavar, actions[i].metavar, strlen(actions[i].metavar)) == 0)
            return actions[i].action;
    return "true";
}

static void print_values(FILE *out, const struct cli_command *command)
{
    fprintf(out, "        case \"$prev\" in\n");
    for (const struct cli_option *o = command->options; o != NULL && o->name != NULL; o++) {
        if (o->type == CLI_FLAG || o->metavar == NULL || o->optional)
            continue;
        fprintf(out, "        --%s", o->name);
        if (o->letter != 0)
            fprintf(out, "|-%c", o->letter);
        if (o->choices != NULL)
            fprintf(out, ") mapfile -t COMPREPLY < <(compgen -W \"%s\" -- \"$cur\"); return;;\n", o->choices);
        else
            fprintf(out, ") mapfile -t COMPREPLY < <(%s); return;;\n", action_for(o->metavar));
    }
    fprintf(out, "        esac\n");
}

static void print_command(FILE *out, const struct cli_command *command)
{
    print_values(out, command);
    fprintf(out, "        case \"$cur\" in\n        -*) mapfile -t COMPREPLY < <(compgen -W \"");
    print_names(out, command);
    fprintf(out, "\" -- \"$cur\");;\n        *) mapfile -t COMPREPLY < <(%s);;\n        esac;;\n", action_for(command->operands));
}

static void print_commands(FILE *out, const struct cli_program *program)
{
    fprintf(out, "    if [ \"$COMP_CWORD\" -eq 1 ]; then\n        mapfile -t COMPREPLY < <(compgen -W \"");
    for (size_t i = 0; i < program->command_count; i++) {
        const struct cli_command *c = &program->commands[i];
        fprintf(out, "%s %s%s", c->name, c->alias != NULL ? c->alias : "", c->alias != NULL ? " " : "");
    }
    fprintf(out, "--help --version\" -- \"$cur\")\n        return\n    fi\n    case \"${COMP_WORDS[1]}\" in\n");
    for (size_t i = 0; i < program->command_count; i++) {
        const struct cli_command *c = &program->commands[i];
        fprintf(out, "    %s%s%s)\n", c->name, c->alias != NULL ? "|" : "", c->alias != NULL ? c->alias : "");
        print_command(out, c);
    }
}

void cli_print_completion(FILE *out, const struct cli_program *program)
{
    fprintf(out, "# bash completion for %s, made from its option table\n_%s()\n{\n", program->name, program->name);
    fprintf(out, "    local cur=${COMP_WORDS[COMP_CWORD]} prev=${COMP_WORDS[COMP_CWORD-1]}\n    COMPREPLY=()\n");
    if (program->command_count == 1 && program->commands[0].name == NULL) {
        fprintf(out, "    case x in\n    x)\n");
        print_command(out, &program->commands[0]);
    } else {
        print_commands(out, program);
    }
    fprintf(out, "    esac\n}\ncomplete -o filenames -o bashdefault -F _%s %s\n", program->name, program->name);
}

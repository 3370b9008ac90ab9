#include "checkpt/cmd/cmd.h"
#include "checkpt/daemon/daemon.h"
#include "cli/complain.h"

typedef int command_run(const struct settings *settings, const struct cli_arguments *arguments);

enum { FREEZE, THAW, EXPLAIN, CHECK, RUN, SYSCTL, RESIDENT, EXEC };

static command_run *const runs[] = {
    [FREEZE] = cmd_freeze, [THAW] = cmd_thaw,     [EXPLAIN] = cmd_explain,   [CHECK] = cmd_check,
    [RUN] = cmd_run,       [SYSCTL] = cmd_sysctl, [RESIDENT] = cmd_resident, [EXEC] = cmd_exec,
};

static const struct cli_command commands[] = {
    {.name = "freeze", .operands = "PID", .summary = "Writes a running program into a file", .options = freeze_options,
     .operands_min = 1, .operands_max = 1, .id = FREEZE},
    {.name = "thaw", .alias = "-r", .operands = "FILE", .summary = "Becomes the program in a file, where it was", .options = thaw_options,
     .operands_min = 1, .operands_max = 1, .id = THAW},
    {.name = "explain", .operands = "PID", .summary = "Says what a freeze would save, change, lose or refuse; stops nothing",
     .options = explain_options, .operands_min = 1, .operands_max = 1, .id = EXPLAIN},
    {.name = "check", .operands = "FILE", .summary = "Says whether this host can resume a file, and if not, why", .options = check_options,
     .operands_min = 1, .operands_max = 1, .id = CHECK},
    {.name = "run", .operands = "COMMAND [ARG…]", .summary = "Runs a program under checkpoint control", .options = run_options, .operands_min = 1,
     .operands_max = SIZE_MAX, .stop_at_operand = true, .id = RUN},
    {.name = "sysctl", .operands = "[NAME[=VALUE]]", .summary = "Shows or changes who may checkpoint, and where to", .operands_max = 1, .id = SYSCTL},
    {.name = "resident", .operands = "[PROGRAM…]", .summary = "Makes programs start from a snapshot of their memory", .options = resident_options,
     .operands_max = SIZE_MAX, .id = RESIDENT},
    {.name = "exec", .operands = "PROGRAM [ARG…]", .summary = "Starts a resident program where the kernel does not do so by itself", .operands_min = 1,
     .operands_max = SIZE_MAX, .stop_at_operand = true, .id = EXEC},
};

static const struct cli_program program = {
    .name = "checkpt",
    .summary = "freeze a running program into a file, and resume it from there",
    .commands = commands,
    .command_count = sizeof(commands) / sizeof(commands[0]),
    .epilogue = "Exit status: 0 fine; 1 it did not work, or something stands in the way; 2 wrong use, or the file cannot be read.\n"
                "A program that was resumed has its own.",
};

int main(int argc, char **argv)
{
    struct settings settings = {0};
    struct cli_arguments arguments;
    int result;
    if (daemon_is_name(argv[0]))
        return daemon_main(argc, argv);
    if (cmd_call(argc, argv, &result))
        return result;
    result = cli_parse(&program, argc, argv, &settings, &arguments);
    if (result != CLI_GO)
        return result;
    result = runs[arguments.command->id](&settings, &arguments);
    return cli_finish_output("checkpt") || result > CLI_FAILED ? result : CLI_FAILED;
}

#include "checkpt/run/run.h"

#include <errno.h>
#include <stdlib.h>

#include "checkpt/cmd/tell.h"
#include "checkpt/listen/listen.h"
#include "checkpt/listen/module.h"

const struct cli_option run_options[] = {
    {.name = "module", .type = CLI_LIST, .offset = offsetof(struct settings, modules), .metavar = "FILE.so", .help = "load system calls from a shared object"},
    {.name = "capability-mode", .type = CLI_FLAG, .offset = offsetof(struct settings, capability_mode),
     .help = "of the registered system calls only those marked for capability mode"},
    {0},
};

static bool enter(void *context, int channel, struct failure *why)
{
    (void)context;
    return listen_enter(channel, why);
}

static int take(void *context, int channel, const struct run_voice *voice)
{
    struct failure why;
    int end = listen_take(context, channel, &why);
    if (end < 0 && why.sentence[0] != '\0')
        run_say(voice, "%s", why.sentence);
    return end;
}

static void ready(void *context)
{
    (void)context;
}

static void typed(void *context, pid_t group)
{
    (void)context;
    (void)group;
}

static bool register_own(struct failure *why)
{
    errno = listen_register_own();
    return errno == 0 || failure_errno(why, "registering sys_checkpoint");
}

static bool load_modules(const struct cli_list *modules, struct failure *why)
{
    for (size_t i = 0; i < modules->count; i++)
        if (!module_load(modules->values[i], why))
            return false;
    return true;
}

int cmd_run(const struct settings *settings, const struct cli_arguments *arguments)
{
    struct failure why = {.exit_status = CLI_FAILED};
    const struct listen_options options = {.table = sysent_table(), .capability_mode = settings->capability_mode};
    struct run_service service = {.context = listen_create(&options), .enter = enter, .take = take, .ready = ready, .typed = typed};
    const struct run_request request = {.command = arguments->operands, .character = -1, .service = &service};
    if (register_own(&why) && load_modules(&settings->modules, &why))
        run_program(&request, &why);
    return tell_failure("run", &why);
}

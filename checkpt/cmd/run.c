#include "checkpt/run/run.h"

#include <errno.h>
#include <stdlib.h>
#include <string.h>

#include "checkpt/cmd/tell.h"
#include "checkpt/listen/default_action.h"
#include "checkpt/listen/listen.h"
#include "checkpt/listen/module.h"
#include "cli/complain.h"

const struct cli_option run_options[] = {
    {.name = "output", .letter = 'o', .type = CLI_STRING, .offset = offsetof(struct settings, output), .metavar = "TEMPLATE",
     .help = "where checkpoints go: %N name, %P process id, %U user; otherwise what kern.ckptfile says"},
    {.name = "character", .type = CLI_STRING, .offset = offsetof(struct settings, character), .metavar = "C",
     .help = "the terminal's checkpoint character: ^E, or another, or off"},
    {.name = "module", .type = CLI_LIST, .offset = offsetof(struct settings, modules), .metavar = "FILE.so", .help = "load system calls from a shared object"},
    {.name = "capability-mode", .type = CLI_FLAG, .offset = offsetof(struct settings, capability_mode),
     .help = "of the registered system calls only those marked for capability mode"},
    {0},
};

/* What the keeper has. */
struct keeping {
    struct listen_options options;
    const char *template;
};

static bool enter(void *context, int channel, sigset_t *signals, struct failure *why)
{
    (void)context;
    return listen_enter(channel, signals, why);
}

static int take(void *context, int channel, const struct run_voice *voice)
{
    struct keeping *keeping = context;
    struct failure why = {0};
    keeping->options.voice = voice;
    if (keeping->template != NULL)
        setenv("CHECKPT_TEMPLATE", keeping->template, 1);
    struct listener *listener = listen_create(&keeping->options);
    int end = listener != NULL ? listen_take(listener, channel, &why) : -1;
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
    const struct keeping *keeping = context;
    default_action_typed(group, keeping->options.voice);
}

/* "^E", a single character, "off"; -2: none of these. */
static int character_of(const char *text)
{
    enum { CONTROL_E = 5, CONTROL_BITS = 0x1f };
    if (text == NULL)
        return CONTROL_E;
    if (strcmp(text, "off") == 0)
        return -1;
    if (text[0] == '^' && text[1] >= '@' && text[1] <= '~' && text[2] == '\0')
        return text[1] & CONTROL_BITS;
    return text[0] != '\0' && text[1] == '\0' ? (unsigned char)text[0] : -2;
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
    struct keeping keeping = {.options = {.table = sysent_table(), .capability_mode = settings->capability_mode}, .template = settings->output};
    struct run_service service = {.context = &keeping, .enter = enter, .take = take, .ready = ready, .typed = typed};
    const struct run_request request = {.command = arguments->operands, .character = character_of(settings->character), .service = &service};
    if (request.character < -1) {
        cli_complain("checkpt", "run", "--character %s: one character, as ^E, or off", settings->character);
        return CLI_MISUSE;
    }
    if (register_own(&why) && load_modules(&settings->modules, &why))
        run_program(&request, &why);
    return tell_failure("run", &why);
}

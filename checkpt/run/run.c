#include "checkpt/run/run.h"

#include <signal.h>
#include <stdarg.h>
#include <stdio.h>
#include <unistd.h>

#include "checkpt/run/control.h"
#include "checkpt/run/front.h"
#include "checkpt/run/keeper.h"

void run_say(const struct run_voice *voice, const char *format, ...)
{
    char text[sizeof(((struct control *)NULL)->text)];
    va_list args;
    va_start(args, format);
    vsnprintf(text, sizeof(text), format, args);
    va_end(args);
    control_send(voice->socket, CONTROL_SAY, 0, text);
}

static bool start(const struct run_request *request, struct terminal *terminal, const sigset_t *signals, struct failure *why)
{
    int front, keeper;
    if (!control_pair(&front, &keeper))
        return failure_errno(why, "run");
    pid_t child = fork();
    if (child < 0)
        return failure_errno(why, "starting the program's keeper");
    if (child == 0) {
        const struct keeper_start start = {.request = request, .terminal = terminal, .control = keeper, .signals = signals};
        close(front);
        keeper_run(&start);
    }
    close(keeper);
    if (terminal != NULL) {
        close(terminal->slave);
        terminal->slave = -1;
    }
    const struct front_start start = {.terminal = terminal, .character = request->character, .control = front, .keeper = child};
    front_run(&start);
}

bool run_program(const struct run_request *request, struct failure *why)
{
    struct terminal terminal;
    sigset_t all, before;
    bool has_terminal = request->character >= 0 && isatty(STDIN_FILENO);
    fflush(NULL);
    if (has_terminal && !terminal_open(&terminal, STDIN_FILENO, why)) {
        terminal_close(&terminal);
        return false;
    }
    sigfillset(&all);
    sigprocmask(SIG_SETMASK, &all, &before);
    start(request, has_terminal ? &terminal : NULL, &before, why);
    sigprocmask(SIG_SETMASK, &before, NULL);
    if (has_terminal)
        terminal_close(&terminal);
    return false;
}

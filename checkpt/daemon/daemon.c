#include "checkpt/daemon/daemon.h"

#include <fcntl.h>
#include <string.h>
#include <unistd.h>

#include "checkpt/daemon/server.h"
#include "cli/complain.h"
#include "cli/options.h"

enum { TIMEOUT_S = 3600, TIMEOUT_MAX_S = 7 * 24 * 3600, IDLE_S = 60 };

struct daemon_settings {
    const char *path;
    uint64_t timeout;
};

static const struct cli_option options[] = {
    {.name = "listen", .letter = 'l', .type = CLI_STRING, .offset = offsetof(struct daemon_settings, path), .metavar = "FILE",
     .help = "make a socket there, where systemd hands down none"},
    {.name = "timeout", .letter = 't', .type = CLI_NUMBER, .offset = offsetof(struct daemon_settings, timeout), .metavar = "SECONDS",
     .help = "end a request that takes longer (3600)"},
    {0},
};

static const struct cli_command command = {.summary = "Freezes processes for their owners, where the kernel forbids it to them", .options = options};

static const struct cli_program program = {
    .name = "checkptd",
    .summary = "freeze processes for those whom kern.ckptgroup allows it",
    .commands = &command,
    .command_count = 1,
    .epilogue = "Exit status: 0 it was told to end, or had nothing to do; 1 it did not work; 2 wrong use.",
};

bool daemon_is_name(const char *name)
{
    const char *slash = name != NULL ? strrchr(name, '/') : NULL;
    return name != NULL && strcmp(slash != NULL ? slash + 1 : name, "checkptd") == 0;
}

/* 0, 1 and 2 belong to nobody else: what is opened later must not land there. */
static void have_standard_descriptors(void)
{
    int fd;
    do
        fd = open("/dev/null", O_RDWR | O_CLOEXEC);
    while (fd >= 0 && fd <= STDERR_FILENO);
    if (fd >= 0)
        close(fd);
}

static int fail(const struct failure *why, int status)
{
    cli_complain("checkptd", NULL, "%s", why->sentence);
    return status;
}

int daemon_main(int argc, char **argv)
{
    struct daemon_settings settings = {.timeout = TIMEOUT_S};
    struct cli_arguments arguments;
    struct failure why = {0};
    int result = cli_parse(&program, argc, argv, &settings, &arguments);
    if (result != CLI_GO)
        return result;
    if (settings.timeout == 0 || settings.timeout > TIMEOUT_MAX_S) {
        cli_complain("checkptd", NULL, "--timeout: from 1 to %d seconds", TIMEOUT_MAX_S);
        return CLI_MISUSE;
    }
    if (geteuid() != 0) {
        cli_complain("checkptd", NULL, "has to be started by root: what it does for others takes CAP_SYS_PTRACE");
        return CLI_FAILED;
    }
    have_standard_descriptors();
    int listener = settings.path != NULL ? server_listen(settings.path, &why) : server_inherited(&why);
    if (listener < 0)
        return fail(&why, settings.path != NULL ? CLI_FAILED : CLI_MISUSE);
    if (chdir("/") != 0)
        return CLI_FAILED;
    const struct server_options server = {.timeout_s = (unsigned)settings.timeout, .idle_s = settings.path != NULL ? 0 : IDLE_S};
    bool done = server_run(listener, &server, &why);
    if (settings.path != NULL && settings.path[0] == '/')
        unlink(settings.path);
    return done ? CLI_FINE : fail(&why, CLI_FAILED);
}

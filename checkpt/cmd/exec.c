#include <errno.h>
#include <limits.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include "checkpt/cmd/tell.h"
#include "checkpt/resident/starter.h"
#include "cli/complain.h"

enum { NOT_FOUND = 127, NOT_EXECUTABLE = 126, OWN_ARGUMENTS = 2 };

/* As a shell finds a command. */
static bool find_program(const char *name, char path[PATH_MAX])
{
    const char *list = getenv("PATH");
    if (strchr(name, '/') != NULL)
        return realpath(name, path) != NULL;
    for (const char *at = list != NULL ? list : "/usr/bin:/bin"; at != NULL;) {
        char candidate[PATH_MAX];
        size_t length = strcspn(at, ":");
        if ((size_t)snprintf(candidate, sizeof(candidate), "%.*s/%s", (int)length, length > 0 ? at : ".", name) < sizeof(candidate) &&
            access(candidate, X_OK) == 0 && realpath(candidate, path) != NULL)
            return true;
        at = at[length] == ':' ? at + length + 1 : NULL;
    }
    errno = ENOENT;
    return false;
}

int cmd_exec(const struct settings *settings, const struct cli_arguments *arguments)
{
    char starter[PATH_MAX], path[PATH_MAX];
    struct failure why = {0};
    (void)settings;
    if (!find_program(arguments->operands[0], path) || access(path, X_OK) != 0) {
        int error = errno;
        cli_complain("checkpt", "exec", "%s: %s", arguments->operands[0], strerror(error));
        return error == ENOENT ? NOT_FOUND : NOT_EXECUTABLE;
    }
    if (!starter_path(starter, &why))
        return tell_failure("exec", &why);
    char **command = calloc(arguments->operand_count + OWN_ARGUMENTS + 1, sizeof(*command));
    if (command == NULL)
        return tell_failure("exec", (failure_set(&why, "out of memory"), &why));
    command[0] = starter;
    command[1] = path;
    memcpy(command + OWN_ARGUMENTS, arguments->operands, arguments->operand_count * sizeof(*command));
    execv(starter, command);
    cli_complain("checkpt", "exec", "%s: %s", starter, strerror(errno));
    free(command);
    return NOT_EXECUTABLE;
}

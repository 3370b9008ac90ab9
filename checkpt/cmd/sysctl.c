#include <string.h>
#include <unistd.h>

#include "checkpt/cmd/tell.h"
#include "checkpt/policy/policy.h"
#include "cli/complain.h"

/* NAME=VALUE: changes the file. */
static int change(const char *path, char *assignment, char *equals)
{
    struct failure why = {0};
    struct policy policy;
    *equals = '\0';
    policy_default(&policy);
    if (!policy_set(&policy, assignment, equals + 1, &why)) {
        cli_complain("checkpt", "sysctl", "%s", why.sentence);
        return CLI_MISUSE;
    }
    if (!policy_store(path, assignment, equals + 1, &why))
        return tell_failure("sysctl", &why);
    policy_print(&policy, assignment, stdout);
    return CLI_FINE;
}

int cmd_sysctl(const struct settings *settings, const struct cli_arguments *arguments)
{
    struct failure why = {0};
    struct policy policy;
    const char *path = policy_path();
    char *operand = arguments->operand_count > 0 ? arguments->operands[0] : NULL;
    char *equals = operand != NULL ? strchr(operand, '=') : NULL;
    (void)settings;
    if (equals != NULL)
        return change(path, operand, equals);
    if (!policy_load(&policy, path, &why))
        return tell_failure("sysctl", &why);
    if (policy_print(&policy, operand, stdout))
        return CLI_FINE;
    cli_complain("checkpt", "sysctl", "%s: no such name; there are kern.ckptgroup and kern.ckptfile", operand);
    return CLI_MISUSE;
}

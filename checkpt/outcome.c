#include "checkpt/outcome.h"

#include <sys/resource.h>
#include <sys/wait.h>
#include <unistd.h>

enum { SIGNALLED = 128 };

void outcome_end_as(int status)
{
    if (WIFEXITED(status))
        _exit(WEXITSTATUS(status));
    const struct rlimit none = {0, 0};
    int signal_number = WTERMSIG(status);
    sigset_t set;
    setrlimit(RLIMIT_CORE, &none); /* its own core, if any, is there already */
    signal(signal_number, SIG_DFL);
    raise(signal_number);
    sigemptyset(&set);
    sigaddset(&set, signal_number);
    sigprocmask(SIG_UNBLOCK, &set, NULL);
    _exit(SIGNALLED + signal_number);
}

void outcome_pass_on(pid_t pid, const siginfo_t *info)
{
    if (info->si_code == SI_KERNEL)
        return;
    if (info->si_code == SI_QUEUE && pid > 0)
        sigqueue(pid, info->si_signo, info->si_value);
    else
        kill(pid, info->si_signo);
}

/* What this process is allowed to do beyond the ordinary. */
#ifndef CHECKPT_THAW_RIGHTS_H
#define CHECKPT_THAW_RIGHTS_H

#include <stdbool.h>

/* CAP_CHECKPOINT_RESTORE (Linux 5.9), or CAP_SYS_ADMIN that includes it: choosing process ids, changing /proc/PID/exe. */
bool rights_checkpoint_restore(void);

/* CAP_SYS_ADMIN: reading filters of system calls, and installing them in a program that may gain privileges. */
bool rights_administration(void);

/* CAP_SETUID, CAP_SETGID and CAP_SETPCAP: becoming somebody else, with fewer capabilities. */
bool rights_credentials(void);

#endif

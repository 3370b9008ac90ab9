/* What seccomp calls this CPU's own table of system calls. */
#ifndef CHECKPT_ARCH_AUDIT_H
#define CHECKPT_ARCH_AUDIT_H

#include <linux/audit.h>

#define ARCH_AUDIT AUDIT_ARCH_X86_64

#endif

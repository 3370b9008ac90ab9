/* Names of system calls of x86-64. */
#ifndef CKPTDUMP_SYSTEM_CALLS_H
#define CKPTDUMP_SYSTEM_CALLS_H

#include <stdint.h>

/* "read" for 0; NULL where this build knows none. */
const char *system_call_name(uint64_t number);

#endif

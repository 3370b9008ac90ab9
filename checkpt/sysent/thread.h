/* How a caller's memory is reached. */
#ifndef CHECKPT_SYSENT_THREAD_H
#define CHECKPT_SYSENT_THREAD_H

#include "checkpt/include/sys/sysent.h"

/* Each returns 0 or an error number; all of the length or nothing counts. */
struct thread_operations {
    int (*read)(struct thread *td, uint64_t address, void *to, size_t length);
    int (*write)(struct thread *td, uint64_t address, const void *from, size_t length);
};

#endif

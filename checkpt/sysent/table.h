/* The dispatch table: which function serves which number. */
#ifndef CHECKPT_SYSENT_TABLE_H
#define CHECKPT_SYSENT_TABLE_H

#include <pthread.h>
#include <stdbool.h>

#include "checkpt/include/sys/sysent.h"

enum { SYSENT_SLOTS = SYS_MAXSYSCALL - SYS_BASE, SYSENT_ARGUMENTS_MAX = 6 };

struct sysent_table {
    pthread_mutex_t mutex;
    pthread_cond_t left;      /* a call has returned, or a slot has become free */
    struct sysent slots[SYSENT_SLOTS];
};

/* The one table of this process: the registered system calls of the programs that it serves. */
struct sysent_table *sysent_table(void);
/* Makes an empty table. */
void sysent_table_init(struct sysent_table *table);
/* Where a number that is ours lies; NULL: it is not. */
struct sysent *sysent_slot(struct sysent_table *table, int number);

/* syscall_helper_register() and syscall_helper_unregister() on a table of the caller's. */
int kern_syscall_helper_register(struct sysent_table *table, struct syscall_helper_data *sd, int flags);
int kern_syscall_helper_unregister(struct sysent_table *table, struct syscall_helper_data *sd);

/* How many arguments the call has; 0 where there is none of that number. */
size_t sysent_argument_count(struct sysent_table *table, int number);
/* Makes the call. ENOSYS: there is none, or it is just going away. `capability_mode`: only calls with SYF_CAPENABLED; EPERM otherwise. */
int sysent_call(struct sysent_table *table, int number, bool capability_mode, struct thread *td, const uint64_t arguments[SYSENT_ARGUMENTS_MAX]);

#endif

#include "checkpt/sysent/table.h"

#include <errno.h>

int lkmnosys(struct thread *td, void *arguments)
{
    (void)td;
    (void)arguments;
    return ENOSYS;
}

/* Another function than lkmnosys(), for the linker not to fold the two. */
int lkmressys(struct thread *td, void *arguments)
{
    return td != NULL || arguments != NULL ? ENOSYS : ENOSYS;
}

void sysent_table_init(struct sysent_table *table)
{
    pthread_mutex_init(&table->mutex, NULL);
    pthread_cond_init(&table->left, NULL);
    for (int i = 0; i < SYSENT_SLOTS; i++)
        table->slots[i] = (struct sysent){.sy_call = i < SYS_RESERVED ? lkmressys : lkmnosys, .sy_thrcnt = SY_THR_ABSENT};
}

/* The interface has no handle: as in a kernel there is one table. */
static struct sysent_table *const the_table = &(struct sysent_table){.mutex = PTHREAD_MUTEX_INITIALIZER};

static void init_the_table(void)
{
    sysent_table_init(the_table);
}

struct sysent_table *sysent_table(void)
{
    static pthread_once_t once = PTHREAD_ONCE_INIT;
    pthread_once(&once, init_the_table);
    return the_table;
}

struct sysent *sysent_slot(struct sysent_table *table, int number)
{
    return number >= SYS_BASE && number < SYS_MAXSYSCALL ? &table->slots[number - SYS_BASE] : NULL;
}

#include <errno.h>
#include <string.h>

#include "checkpt/sysent/table.h"

/* A copy: the slot may be another's by the time that the call returns, but not before. */
static int enter(struct sysent_table *table, int number, struct sysent *entry)
{
    pthread_mutex_lock(&table->mutex);
    struct sysent *slot = sysent_slot(table, number);
    bool there = slot != NULL && (slot->sy_thrcnt & (SY_THR_DRAINING | SY_THR_ABSENT)) == 0;
    if (there) {
        slot->sy_thrcnt += SY_THR_INCR;
        *entry = *slot;
    }
    pthread_mutex_unlock(&table->mutex);
    return there ? 0 : ENOSYS;
}

static void leave(struct sysent_table *table, int number)
{
    pthread_mutex_lock(&table->mutex);
    sysent_slot(table, number)->sy_thrcnt -= SY_THR_INCR;
    pthread_cond_broadcast(&table->left);
    pthread_mutex_unlock(&table->mutex);
}

int sysent_call(struct sysent_table *table, int number, bool capability_mode, struct thread *td, const uint64_t arguments[SYSENT_ARGUMENTS_MAX])
{
    struct sysent entry;
    int error = enter(table, number, &entry);
    if (error != 0)
        return error;
    uint64_t copy[SYSENT_ARGUMENTS_MAX] = {0};
    memcpy(copy, arguments, entry.sy_narg * sizeof(*copy));
    error = capability_mode && (entry.sy_flags & SYF_CAPENABLED) == 0 ? EPERM : entry.sy_call(td, copy);
    leave(table, number);
    return error;
}

size_t sysent_argument_count(struct sysent_table *table, int number)
{
    pthread_mutex_lock(&table->mutex);
    const struct sysent *slot = sysent_slot(table, number);
    size_t count = slot != NULL ? slot->sy_narg : 0;
    pthread_mutex_unlock(&table->mutex);
    return count;
}

/* Registering and unregistering, all or nothing: under one lock the whole array is tried on a copy of what it would change, then put in place. */
#include <errno.h>
#include <string.h>

#include "checkpt/sysent/table.h"

static bool is_last(const struct syscall_helper_data *sd)
{
    return sd->syscall_no == NO_SYSCALL && sd->new_sysent.sy_call == NULL;
}

static bool is_free(const struct sysent *slot)
{
    return slot->sy_call == lkmnosys;
}

static int find_free(const struct sysent *slots)
{
    for (int i = 0; i < SYSENT_SLOTS; i++)
        if (is_free(&slots[i]))
            return SYS_BASE + i;
    return NO_SYSCALL;
}

/* The number that a call gets among `slots`. */
static int choose(const struct sysent *slots, const struct syscall_helper_data *sd, int *number)
{
    *number = sd->syscall_no;
    if (sd->new_sysent.sy_call == NULL || sd->new_sysent.sy_narg > SYSENT_ARGUMENTS_MAX || (sd->new_sysent.sy_flags & ~SYF_CAPENABLED) != 0)
        return EINVAL;
    if (*number == NO_SYSCALL) {
        *number = find_free(slots);
        return *number == NO_SYSCALL ? ENFILE : 0;
    }
    if (*number < 0 || *number >= SYS_MAXSYSCALL)
        return EINVAL;
    if (*number < SYS_BASE)
        return EEXIST;
    const struct sysent *slot = &slots[*number - SYS_BASE];
    return is_free(slot) || slot->sy_call == lkmressys ? 0 : EEXIST;
}

/* Slots as they would be; nothing else is changed. */
static int try_all(struct sysent *slots, const struct syscall_helper_data *sd)
{
    for (; !is_last(sd); sd++) {
        int number, error = choose(slots, sd, &number);
        if (error != 0)
            return error;
        slots[number - SYS_BASE] = sd->new_sysent;
    }
    return 0;
}

static void put_all(struct sysent *slots, struct syscall_helper_data *sd, int flags)
{
    for (; !is_last(sd); sd++) {
        choose(slots, sd, &sd->syscall_no);
        struct sysent *slot = &slots[sd->syscall_no - SYS_BASE];
        sd->old_sysent = *slot;
        *slot = sd->new_sysent;
        slot->sy_thrcnt = (uint32_t)flags;
        sd->registered = 1;
    }
}

int kern_syscall_helper_register(struct sysent_table *table, struct syscall_helper_data *sd, int flags)
{
    struct sysent tried[SYSENT_SLOTS];
    if ((flags & ~SY_THR_STATIC) != 0)
        return EINVAL;
    pthread_mutex_lock(&table->mutex);
    memcpy(tried, table->slots, sizeof(tried));
    int error = try_all(tried, sd);
    if (error == 0)
        put_all(table->slots, sd, flags);
    pthread_mutex_unlock(&table->mutex);
    return error;
}

static bool are_in_use(const struct sysent_table *table, const struct syscall_helper_data *sd)
{
    for (; sd->registered; sd++)
        if (table->slots[sd->syscall_no - SYS_BASE].sy_thrcnt >= SY_THR_INCR)
            return true;
    return false;
}

static bool are_removable(const struct sysent_table *table, const struct syscall_helper_data *sd)
{
    for (; sd->registered; sd++)
        if ((table->slots[sd->syscall_no - SYS_BASE].sy_thrcnt & SY_THR_STATIC) != 0)
            return false;
    return true;
}

static void drain(struct sysent_table *table, const struct syscall_helper_data *sd)
{
    for (const struct syscall_helper_data *call = sd; call->registered; call++)
        table->slots[call->syscall_no - SYS_BASE].sy_thrcnt |= SY_THR_DRAINING;
    while (are_in_use(table, sd))
        pthread_cond_wait(&table->left, &table->mutex);
}

/* While one thread waits another may have come with the same array: whoever wakes first takes the calls out. */
int kern_syscall_helper_unregister(struct sysent_table *table, struct syscall_helper_data *sd)
{
    pthread_mutex_lock(&table->mutex);
    int error = are_removable(table, sd) ? 0 : EINVAL;
    if (error == 0)
        drain(table, sd);
    for (; error == 0 && sd->registered; sd++) {
        table->slots[sd->syscall_no - SYS_BASE] = sd->old_sysent;
        sd->registered = 0;
    }
    pthread_cond_broadcast(&table->left);
    pthread_mutex_unlock(&table->mutex);
    return error;
}

int syscall_helper_register(struct syscall_helper_data *sd, int flags)
{
    return kern_syscall_helper_register(sysent_table(), sd, flags);
}

int syscall_helper_unregister(struct syscall_helper_data *sd)
{
    return kern_syscall_helper_unregister(sysent_table(), sd);
}

#include "checkpt/lib/turn.h"

#include <linux/futex.h>
#include <signal.h>
#include <stdbool.h>

#include "checkpt/arch/x86_64/raw_call.h"

enum { MASK_SIZE = 8 };

#define pointer(x) ((uint64_t)(uintptr_t)(x))

/* 0 or the id of the process whose thread has its turn; another's, of before a fork or a thaw, means nothing. */
static volatile uint32_t *word(void)
{
    static volatile uint32_t turn;
    return &turn;
}

void turn_take(uint64_t *mask)
{
    const uint64_t all = ~0ull;
    uint32_t own = (uint32_t)raw_call(SYS_getpid, 0, 0, 0, 0);
    raw_call(SYS_rt_sigprocmask, SIG_SETMASK, pointer(&all), pointer(mask), MASK_SIZE);
    for (;;) {
        uint32_t seen = __atomic_load_n(word(), __ATOMIC_ACQUIRE);
        if (seen == own)
            raw_call(SYS_futex, pointer(word()), FUTEX_WAIT, own, 0);
        else if (__atomic_compare_exchange_n(word(), &seen, own, false, __ATOMIC_ACQUIRE, __ATOMIC_RELAXED))
            return;
    }
}

void turn_give(const uint64_t *mask)
{
    __atomic_store_n(word(), 0, __ATOMIC_RELEASE);
    raw_call(SYS_futex, pointer(word()), FUTEX_WAKE, 1, 0);
    raw_call(SYS_rt_sigprocmask, SIG_SETMASK, pointer(mask), 0, MASK_SIZE);
}

#include "checkpt/freeze/tid_words.h"

#include <linux/futex.h>
#include <stdbool.h>
#include <string.h>

/* struct __pthread_mutex_s */
struct mutex {
    int32_t lock;
    uint32_t count;
    int32_t owner;
    uint32_t users;
    int32_t kind;
    int16_t spins, elision;
    uint64_t previous, next;
};

/* struct __pthread_rwlock_arch_t */
struct rwlock {
    uint32_t readers, writers, phase_futex, writers_futex, pad3, pad4;
    int32_t writer, shared;
    int8_t elision;
    uint8_t pad1[7];
    uint64_t pad2;
    uint32_t flags;
};

_Static_assert(sizeof(struct mutex) == 40 && offsetof(struct mutex, owner) == 8, "glibc's mutex on x86-64");
_Static_assert(offsetof(struct rwlock, writer) == 24 && offsetof(struct rwlock, flags) == 48, "glibc's rwlock on x86-64");

/* PTHREAD_MUTEX_*_NP of glibc's pthreadP.h */
enum { KIND_RECURSIVE = 1, KIND_ERRORCHECK = 2, KIND_TYPE = 3, KIND_ROBUST = 16, KIND_INHERIT = 32, KIND_SHARED = 128, KIND_ELISION = 256 | 512 };
enum { RWLOCK_WRITE_PHASE = 1, RWLOCK_WRITE_LOCKED = 2 };

static bool contains(const struct tid_set *set, pid_t tid)
{
    size_t low = 0, high = set->count;
    while (low < high) {
        size_t middle = low + (high - low) / 2;
        if (set->tids[middle] < tid)
            low = middle + 1;
        else
            high = middle;
    }
    return low < set->count && set->tids[low] == tid;
}

/* A robust or priority-inheriting mutex has its owner's id in the lock word as well, and only these are linked into a list. */
static bool is_held_mutex(const struct mutex *m)
{
    if (m->owner <= 0 || m->users > 1 || m->count > 1000000 || (m->kind & ~(KIND_TYPE | KIND_ROBUST | KIND_INHERIT | KIND_SHARED | KIND_ELISION)) != 0)
        return false;
    bool recursive = (m->kind & KIND_TYPE) == KIND_RECURSIVE;
    if (m->kind & (KIND_ROBUST | KIND_INHERIT)) /* these count to 1 whatever their type */
        return ((uint32_t)m->lock & FUTEX_TID_MASK) == (uint32_t)m->owner &&
               ((m->kind & KIND_ROBUST) ? m->previous != 0 && m->next != 0 : m->previous == 0 && m->next == 0);
    if (recursive ? m->count == 0 : m->count != 0)
        return false;
    return (recursive || (m->kind & KIND_TYPE) == KIND_ERRORCHECK) && (m->lock == 1 || m->lock == 2) && m->spins == 0 &&
           m->elision == 0 && m->previous == 0 && m->next == 0;
}

static bool is_held_rwlock(const struct rwlock *l)
{
    static const uint8_t zeros[7];
    return l->writer > 0 && (l->readers & (RWLOCK_WRITE_PHASE | RWLOCK_WRITE_LOCKED)) == (RWLOCK_WRITE_PHASE | RWLOCK_WRITE_LOCKED) &&
           (l->writers_futex & ~2u) == 1 && (l->phase_futex & ~2u) == 1 && l->pad3 == 0 && l->pad4 == 0 &&
           (l->shared == 0 || l->shared == 1) && l->elision == 0 && memcmp(l->pad1, zeros, sizeof(zeros)) == 0 && l->pad2 == 0 &&
           l->flags <= 3;
}

static void check_mutex(const struct tid_set *set, uint64_t address, const uint8_t *bytes, tid_word_found *found, void *context)
{
    struct mutex m;
    memcpy(&m, bytes, sizeof(m));
    if (!is_held_mutex(&m) || !contains(set, m.owner))
        return;
    if (m.kind & (KIND_ROBUST | KIND_INHERIT))
        found(context, address + offsetof(struct mutex, lock), m.owner);
    found(context, address + offsetof(struct mutex, owner), m.owner);
}

static void check_rwlock(const struct tid_set *set, uint64_t address, const uint8_t *bytes, tid_word_found *found, void *context)
{
    struct rwlock l;
    memcpy(&l, bytes, sizeof(l));
    if (is_held_rwlock(&l) && contains(set, l.writer))
        found(context, address + offsetof(struct rwlock, writer), l.writer);
}

/* One 8-byte word sorts out nearly everything: a mutex has owner and users = 0 or 1 side by side at +8 (users is counted up last), a lock writer and shared = 0 or 1
 * at +24. */
void tid_words_scan(const struct tid_set *set, uint64_t address, const void *memory, size_t length, tid_word_found *found, void *context)
{
    if (set->count == 0 || length <= TID_WORDS_OVERLAP)
        return;
    uint32_t low = (uint32_t)set->tids[0], span = (uint32_t)set->tids[set->count - 1] - low;
    const uint8_t *bytes = memory;
    size_t end = length - TID_WORDS_OVERLAP;
    for (size_t i = 0; i < end + 24 && i + 8 <= length; i += 8) {
        uint64_t word;
        memcpy(&word, bytes + i, sizeof(word));
        if ((uint32_t)word - low > span || word >> 33 != 0)
            continue;
        if (i >= 8 && i - 8 < end)
            check_mutex(set, address + i - 8, bytes + i - 8, found, context);
        if (i >= 24 && i - 24 < end)
            check_rwlock(set, address + i - 24, bytes + i - 24, found, context);
    }
}

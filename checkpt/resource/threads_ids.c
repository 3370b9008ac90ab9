/* Without --pid threads get new ids. Where a program keeps the old ones they are brought up to date: where the C library keeps a thread's own, where a lock says who holds
 * it (these words were found when the pages were copied), and what a thread has in hand while it asks for its id or takes a robust lock, which takes the id
 * along through the whole wait. */
#include <linux/futex.h>
#include <string.h>
#include <sys/mman.h>

#include "checkpt/arch/x86_64/own_id.h"
#include "checkpt/arch/x86_64/thread_pointer.h"
#include "checkpt/resource/threads.h"
#include "checkpt/thaw/plan.h"
#include "checkpt/thaw/stored.h"

enum { FLAGS = (int)(FUTEX_WAITERS | FUTEX_OWNER_DIED), OWNER = 8 /* behind the lock, in glibc's mutex */, LOCKS_MOST = 4096 };

/* struct robust_list_head of linux/futex.h */
struct robust_head {
    uint64_t next;
    int64_t to_lock;
    uint64_t pending; /* the lock that is being taken or given up */
};

bool threads_is_writable(const struct model *model, uint64_t address)
{
    const Ckpt__Mapping *mapping = model_find_mapping(model, address);
    return mapping != NULL && !mapping->special && (mapping->protection & PROT_WRITE) != 0 && mapping->end - address >= sizeof(uint32_t);
}

static bool peek(const struct thaw *thaw, uint64_t address, void *bytes, size_t length)
{
    return address % sizeof(uint32_t) == 0 && threads_is_writable(thaw->model, address) && stored_peek(thaw, thaw->model->memory.space, address, bytes, length);
}

static bool holds(const struct thaw *thaw, uint64_t address, int32_t tid, uint32_t keep)
{
    uint32_t word;
    return peek(thaw, address, &word, sizeof(word)) && (word & ~keep) == (uint32_t)tid;
}

static struct plan_arg new_id(const struct thaw *thaw, size_t n)
{
    return PLAN_RESULT(thaw->thread_slots[n]);
}

/* glibc keeps a thread's id in the word that the kernel clears at its end; musl at its thread pointer. Neither is touched where it holds something else. */
static void plan_own_id(struct thaw *thaw, size_t n)
{
    const struct model_thread *thread = &thaw->model->threads[n];
    uint64_t places[] = {thread->record.clear_child_tid, thread_pointer_musl_id(&thread->registers)};
    for (size_t i = 0; i < sizeof(places) / sizeof(places[0]); i++) {
        if (places[i] == 0 || !holds(thaw, places[i], thread->record.tid, 0))
            continue;
        plan_store(thaw->plan, places[i], new_id(thaw, n), 0);
        return;
    }
}

/* Only the id's bits: FUTEX_WAITERS and FUTEX_OWNER_DIED stay. */
static void plan_words(struct thaw *thaw)
{
    const struct model *model = thaw->model;
    for (size_t i = 0; i < model->tid_words.n_words; i++) {
        const Ckpt__TidWord *word = model->tid_words.words[i];
        for (size_t n = 0; n < model->thread_count; n++)
            if (model->threads[n].record.tid == word->tid && word->address % sizeof(uint32_t) == 0 && threads_is_writable(model, word->address))
                plan_store(thaw->plan, word->address, new_id(thaw, n), FLAGS);
    }
}

/* The owner is written down last. True where that has not come about yet. */
static bool plan_lock(struct thaw *thaw, size_t n, uint64_t lock)
{
    int32_t tid = thaw->model->threads[n].record.tid;
    if (!holds(thaw, lock, tid, FLAGS))
        return false;
    plan_store(thaw->plan, lock, new_id(thaw, n), FLAGS);
    if (!holds(thaw, lock + OWNER, tid, 0))
        return true;
    plan_store(thaw->plan, lock + OWNER, new_id(thaw, n), 0);
    return false;
}

/* The thread's own list of the robust locks that it holds; *in_hand: it is just about to take one. */
static void plan_robust_locks(struct thaw *thaw, size_t n, bool *in_hand)
{
    const Ckpt__Thread *record = &thaw->model->threads[n].record;
    struct robust_head head;
    *in_hand = false;
    if (record->robust_list == 0 || !peek(thaw, record->robust_list, &head, sizeof(head)))
        return;
    if (head.pending != 0) {
        plan_lock(thaw, n, (head.pending & ~1ull) + (uint64_t)head.to_lock);
        *in_hand = true;
    }
    uint64_t next = head.next;
    for (int i = 0; i < LOCKS_MOST && (next & ~1ull) != record->robust_list; i++) {
        *in_hand |= plan_lock(thaw, n, (next & ~1ull) + (uint64_t)head.to_lock);
        if (!peek(thaw, next & ~1ull, &next, sizeof(next)))
            return;
    }
}

static void plan_registers(struct thaw *thaw, size_t n, int32_t old, size_t whose)
{
    size_t offsets[OWN_ID_REGISTERS];
    size_t count = own_id_in_registers(&thaw->model->threads[n].registers, old, offsets);
    for (size_t i = 0; i < count; i++)
        plan_store_register(thaw->plan, n, offsets[i], new_id(thaw, whose), FLAGS);
}

static void plan_locals(struct thaw *thaw, size_t n)
{
    const struct model_thread *thread = &thaw->model->threads[n];
    uint64_t start, end;
    own_id_locals(&thread->registers, &start, &end);
    for (uint64_t at = start; at < end; at += sizeof(uint32_t))
        if (holds(thaw, at, thread->record.tid, FUTEX_WAITERS))
            plan_store(thaw->plan, at, new_id(thaw, n), FLAGS);
}

static void plan_in_hand(struct thaw *thaw, size_t n)
{
    const struct model *model = thaw->model;
    const struct model_thread *thread = &model->threads[n];
    bool asked = own_id_was_asked(&thread->registers, model->process.pid, thread->record.tid), in_hand;
    plan_robust_locks(thaw, n, &in_hand);
    if (in_hand)
        plan_locals(thaw, n);
    if (in_hand || asked)
        plan_registers(thaw, n, thread->record.tid, n);
    if (n > 0 && asked)
        plan_registers(thaw, n, model->process.pid, 0);
}

void threads_plan_ids(struct thaw *thaw)
{
    const struct model *model = thaw->model;
    for (size_t i = 0; i < model->thread_count; i++)
        plan_own_id(thaw, i);
    plan_words(thaw);
    for (size_t i = 0; i < model->thread_count; i++)
        plan_in_hand(thaw, i);
}

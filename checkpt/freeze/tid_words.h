/* Finds the words in a program's memory that hold a thread's id on behalf of glibc: owners of held mutexes and write locks.
 *
 * Nothing lists them (but robust mutexes), so they are recognised: a word is taken only when the whole structure around it has the
 * values that a held lock of that kind must have (glibc 2.26 to 2.40, sysdeps/nptl/bits/struct_mutex.h and struct_rwlock.h, x86-64).
 * A normal mutex keeps its owner too, but nothing ever compares it. */
#ifndef CHECKPT_FREEZE_TID_WORDS_H
#define CHECKPT_FREEZE_TID_WORDS_H

#include <stddef.h>
#include <stdint.h>
#include <sys/types.h>

/* Ascending thread ids. */
struct tid_set {
    const pid_t *tids;
    size_t count;
};

/* Bytes that must follow a position for a structure that begins there to be seen: scans of adjacent pieces overlap by this. */
#define TID_WORDS_OVERLAP 64

typedef void tid_word_found(void *context, uint64_t address, pid_t tid);

/* Reports every such word of structures that begin in [address, address + length - TID_WORDS_OVERLAP) of `memory`, which holds `length` bytes of the program at
 * `address` (8-byte aligned). */
void tid_words_scan(const struct tid_set *set, uint64_t address, const void *memory, size_t length, tid_word_found *found, void *context);

#endif

/* A thread that was stopped while it had its own id in hand. */
#ifndef CHECKPT_ARCH_OWN_ID_H
#define CHECKPT_ARCH_OWN_ID_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>
#include <sys/user.h>

/* True where it has just been told its id, or its process's: getpid(2) or gettid(2) is the last thing it did, or it is on its way from there to a call that takes
 * both, as pthread_kill(3) and raise(3) are. */
bool own_id_was_asked(const struct user_regs_struct *registers, int32_t pid, int32_t tid);

/* Offsets in struct user_regs_struct of the general registers that hold this id, whatever FUTEX_WAITERS is; returns how many. */
enum { OWN_ID_REGISTERS = 14 };
size_t own_id_in_registers(const struct user_regs_struct *registers, int32_t id, size_t offsets[OWN_ID_REGISTERS]);

/* Where the topmost function's locals are: [*start, *end). */
void own_id_locals(const struct user_regs_struct *registers, uint64_t *start, uint64_t *end);

#endif

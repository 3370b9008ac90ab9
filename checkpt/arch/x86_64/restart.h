/* A thread that was stopped inside a system call: how it goes on in a new life, where the kernel's own restart block is gone. */
#ifndef CHECKPT_ARCH_RESTART_H
#define CHECKPT_ARCH_RESTART_H

#include <stdbool.h>
#include <stdint.h>
#include <sys/user.h>

/* Whether the registers show an interrupted call that the kernel would make again. */
bool restart_is_pending(const struct user_regs_struct *registers);

/* What the first thing is that happens to the thread: nothing, a handler with SA_RESTART, a handler without. */
enum restart_way { RESTART_AGAIN, RESTART_BY_ACTION, RESTART_INTERRUPTED };

/* Steps back to the system call instruction where the call is to be made again, or lets it fail with EINTR where a handler comes in between, by the kernel's
 * rules. A relative sleep that was given room for the time left goes on with that (the kernel had written it when the sleep was interrupted); one without
 * is slept in full, as nobody knows the rest. */
void restart_adjust(struct user_regs_struct *registers, enum restart_way way);

/* Whether that call has this number. */
bool restart_is_in(const struct user_regs_struct *registers, long number);
/* Instead of that call: another one through the same instruction. And that call itself, made again. */
void restart_as(struct user_regs_struct *registers, long number, const uint64_t arguments[3]);
void restart_again(struct user_regs_struct *registers);
/* A call's result, or -errno. */
int64_t restart_result(const struct user_regs_struct *registers);
/* `size` bytes that the thread does not use: below its stack, and the red zone of that. Aligned. */
uint64_t restart_dead_memory(const struct user_regs_struct *registers, uint64_t size);

#endif

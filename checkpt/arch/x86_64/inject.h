/* Making system calls inside a stopped program that must survive our death at any instant: the code that runs there, and the registers to enter it with.
 *
 * Whatever we let a thread run ends in the way home: its own signal mask and registers from a frame, and back to where it was. The stack pointer is the
 * thread's own all along and nothing is pushed: a signal that arrives in the middle finds the stack as the program left it.
 * The only registers a frame does not carry are rsp and the flags that our code does not change. Neither the FPU nor the kernel's restart block
 * are touched (rt_sigreturn would reset both).
 *
 * One thread is the host: it maps the scratch area, where batches of calls run, stays in our code for as long as there is one, and takes it away. Any other
 * is a guest, one at a time: it is on its way in the tail when a word there admits it to the scratch area, and from then on the host waits until it has left. The tail, which the host runs when the scratch area is not there, and which
 * everyone goes home through, lies in the padding at the end of a text, the two frames behind it. */
#ifndef CHECKPT_ARCH_INJECT_H
#define CHECKPT_ARCH_INJECT_H

#define INJECT_MASK 0
#define INJECT_FLAGS 8
#define INJECT_RIP 16
#define INJECT_RAX 24
#define INJECT_RBX 32
#define INJECT_RCX 40
#define INJECT_RDX 48
#define INJECT_RSI 56
#define INJECT_RDI 64
#define INJECT_RBP 72
#define INJECT_R8 80
#define INJECT_R9 88
#define INJECT_R10 96
#define INJECT_R11 104
#define INJECT_R12 112
#define INJECT_R13 120
#define INJECT_R14 128
#define INJECT_R15 136
#define INJECT_FRAME_SIZE 144

/* The scratch area: a page of code, a word that is 0 until a guest has left it, the calls, the caller's data, and a page that keeps the kernel from merging
 * the writable part with a neighbour. First and last page stay read-execute. */
#define INJECT_CONTROL 4096
#define INJECT_LEFT INJECT_CONTROL
#define INJECT_CALLS (INJECT_CONTROL + 64)
#define INJECT_DATA 20480
#define INJECT_DATA_SIZE 65536
#define INJECT_SCRATCH_SIZE (INJECT_DATA + INJECT_DATA_SIZE + 4096)

#define INJECT_CALL_NUMBER 0
#define INJECT_CALL_ARGUMENTS 8
#define INJECT_CALL_RESULT 56
#define INJECT_CALL_SIZE 64

#define INJECT_MAGIC "checkpt scratch"

#ifndef __ASSEMBLER__

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>
#include <sys/user.h>

struct inject_call {
    uint64_t number, arguments[6];
    int64_t result;
};
enum { INJECT_CALLS_MAX = (INJECT_DATA - INJECT_CALLS) / INJECT_CALL_SIZE };

/* The state that the restore sequence brings back, as if nothing had been: an interrupted call is made again (or goes on, by restart_syscall). */
struct inject_frame {
    uint64_t mask, flags, rip, rax, rbx, rcx, rdx, rsi, rdi, rbp, r8, r9, r10, r11, r12, r13, r14, r15;
};
void inject_frame_build(struct inject_frame *frame, const struct user_regs_struct *registers, uint64_t signal_mask);

/* The tail; the host's frame lies right behind it, the guest's behind that, and a word that is 1 when the guest is admitted. 8-aligned, and so must be its place. */
extern const unsigned char inject_tail[], inject_tail_end[];
enum inject_role { INJECT_HOST, INJECT_GUEST };
enum { INJECT_TAIL_ROOM = 256 + 2 * INJECT_FRAME_SIZE + 8 }; /* at most, all of it */
static inline size_t inject_tail_size(void) { return (size_t)(inject_tail_end - inject_tail); }
static inline uint64_t inject_frame_place(uint64_t tail, enum inject_role role) { return tail + inject_tail_size() + (role == INJECT_HOST ? 0 : INJECT_FRAME_SIZE); }

static inline uint64_t inject_admission_place(uint64_t tail) { return inject_frame_place(tail, INJECT_GUEST) + INJECT_FRAME_SIZE; }

/* The code for the scratch area's first page; it begins with INJECT_MAGIC. */
extern const unsigned char inject_batch[], inject_batch_end[];

/* All of these change `registers`, the thread's own, to what it enters our code with. */
/* The host's mmap() of the scratch area. */
void inject_enter_map(struct user_regs_struct *registers, uint64_t tail);
/* Another call of the host's. */
void inject_enter_call(struct user_regs_struct *registers, uint64_t tail, uint64_t scratch, const struct inject_call *call);
/* The host unmaps the scratch area. */
void inject_enter_guard(struct user_regs_struct *registers, uint64_t tail, uint64_t scratch);
/* A call of a guest's that needs no scratch area. */
void inject_enter_single(struct user_regs_struct *registers, uint64_t tail, const struct inject_call *call);
/* All of `count` calls, then a tgkill() of itself with `signal`, which the tracer sees and swallows. */
void inject_enter_batch(struct user_regs_struct *registers, uint64_t tail, uint64_t scratch, enum inject_role role, size_t count, int signal);
/* The host's clone(), with CLONE_VM and `flags`, and a wait4() for the child. The child makes the same clone() without CLONE_VM and exits; the grandchild exits
 * too. */
void inject_enter_fork(struct user_regs_struct *registers, uint64_t tail, uint64_t scratch, uint64_t flags);

/* Whether the thread has just sent itself the signal at the end of a batch, and all calls were made. */
bool inject_batch_is_over(const struct user_regs_struct *registers, uint64_t tail, enum inject_role role);

/* A thread that runs 64-bit code; others cannot make our calls. */
bool inject_is_native(const struct user_regs_struct *registers);

/* Calls that give up with EINTR when the thread is merely stopped by a tracer (signal(7), "Interruption … by stop signals"): true where this one did, and
 * may be made again; `registers` are then set to do so. `masks_signals`: it had set a signal mask for its duration. */
bool inject_redo_interrupted(struct user_regs_struct *registers, bool *masks_signals);

#endif
#endif

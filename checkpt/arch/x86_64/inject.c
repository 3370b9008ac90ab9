#include "checkpt/arch/x86_64/inject.h"

#include <errno.h>
#include <sched.h>
#include <sys/mman.h>
#include <sys/syscall.h>

extern const unsigned char inject_call[], inject_guard[], inject_visit[], inject_leave[], inject_single[], inject_loop[], inject_fork[];

_Static_assert(sizeof(struct inject_frame) == INJECT_FRAME_SIZE, "the way home knows the frame by offsets");
_Static_assert(sizeof(struct inject_call) == INJECT_CALL_SIZE, "the loop knows calls by offsets");

enum { CARRY = 1 << 0, PARITY = 1 << 2, ADJUST = 1 << 4, ZERO = 1 << 6, SIGN = 1 << 7, OVERFLOW = 1 << 11 };
enum { CODE_64 = 0x33 };          /* __USER_CS */
enum { SYSCALL_INSTRUCTION = 2 }; /* bytes */
/* include/linux/errno.h of the kernel */
enum { ERESTARTSYS = 512, ERESTARTNOINTR = 513, ERESTARTNOHAND = 514, ERESTART_RESTARTBLOCK = 516 };

static void make_again(struct inject_frame *frame, const struct user_regs_struct *registers)
{
    if ((int64_t)registers->orig_rax < 0)
        return;
    switch (-(int64_t)registers->rax) {
    case ERESTARTSYS:
    case ERESTARTNOINTR:
    case ERESTARTNOHAND:
        frame->rax = registers->orig_rax;
        break;
    case ERESTART_RESTARTBLOCK:
        frame->rax = SYS_restart_syscall;
        break;
    default:
        return;
    }
    frame->rip -= SYSCALL_INSTRUCTION;
}

void inject_frame_build(struct inject_frame *frame, const struct user_regs_struct *registers, uint64_t signal_mask)
{
    uint64_t flags = registers->eflags;
    *frame = (struct inject_frame){
        .mask = signal_mask,
        .flags = ((flags & (CARRY | PARITY | ADJUST | ZERO | SIGN)) << 8) | ((flags & OVERFLOW) != 0),
        .rip = registers->rip,
        .rax = registers->rax,
        .rbx = registers->rbx,
        .rcx = registers->rcx,
        .rdx = registers->rdx,
        .rsi = registers->rsi,
        .rdi = registers->rdi,
        .rbp = registers->rbp,
        .r8 = registers->r8,
        .r9 = registers->r9,
        .r10 = registers->r10,
        .r11 = registers->r11,
        .r12 = registers->r12,
        .r13 = registers->r13,
        .r14 = registers->r14,
        .r15 = registers->r15,
    };
    make_again(frame, registers);
}

static void enter(struct user_regs_struct *registers, uint64_t rip, uint64_t frame)
{
    registers->orig_rax = ~0ull; /* no call to restart: this is not the thread's own */
    registers->rip = rip;
    registers->rbx = frame;
}

static void load_call(struct user_regs_struct *registers, const struct inject_call *call)
{
    registers->rax = call->number;
    registers->rdi = call->arguments[0];
    registers->rsi = call->arguments[1];
    registers->rdx = call->arguments[2];
    registers->r10 = call->arguments[3];
    registers->r8 = call->arguments[4];
    registers->r9 = call->arguments[5];
}

static uint64_t in_tail(uint64_t tail, const unsigned char *label)
{
    return tail + (uint64_t)(label - inject_tail);
}

static uint64_t in_scratch(uint64_t scratch, const unsigned char *label)
{
    return scratch + (uint64_t)(label - inject_batch);
}

void inject_enter_map(struct user_regs_struct *registers, uint64_t tail)
{
    const struct inject_call map = {SYS_mmap, {0, INJECT_SCRATCH_SIZE, PROT_READ | PROT_EXEC, MAP_PRIVATE | MAP_ANONYMOUS, ~0ull, 0}, 0};
    enter(registers, tail, inject_frame_place(tail, INJECT_HOST));
    load_call(registers, &map);
}

void inject_enter_call(struct user_regs_struct *registers, uint64_t tail, uint64_t scratch, const struct inject_call *call)
{
    enter(registers, in_tail(tail, inject_call), inject_frame_place(tail, INJECT_HOST));
    load_call(registers, call);
    registers->r12 = scratch;
}

void inject_enter_guard(struct user_regs_struct *registers, uint64_t tail, uint64_t scratch)
{
    enter(registers, in_tail(tail, inject_guard), inject_frame_place(tail, INJECT_HOST));
    registers->r12 = scratch;
}

void inject_enter_single(struct user_regs_struct *registers, uint64_t tail, const struct inject_call *call)
{
    enter(registers, in_tail(tail, inject_single), inject_frame_place(tail, INJECT_GUEST));
    load_call(registers, call);
}

void inject_enter_batch(struct user_regs_struct *registers, uint64_t tail, uint64_t scratch, enum inject_role role, size_t count, int signal)
{
    uint64_t loop = in_scratch(scratch, inject_loop);
    enter(registers, role == INJECT_HOST ? loop : in_tail(tail, inject_visit), inject_frame_place(tail, role));
    registers->rax = loop;
    registers->r12 = scratch;
    registers->rbp = scratch + INJECT_CALLS;
    registers->r13 = registers->rbp + count * INJECT_CALL_SIZE;
    registers->r14 = in_tail(tail, role == INJECT_HOST ? inject_call : inject_leave);
    registers->r15 = (uint64_t)signal;
}

void inject_enter_fork(struct user_regs_struct *registers, uint64_t tail, uint64_t scratch, uint64_t flags)
{
    const struct inject_call call = {.number = SYS_clone, .arguments = {CLONE_VM | flags}};
    enter(registers, in_scratch(scratch, inject_fork), inject_frame_place(tail, INJECT_HOST));
    load_call(registers, &call);
    registers->r12 = scratch;
    registers->r14 = in_tail(tail, inject_call);
}

bool inject_batch_is_over(const struct user_regs_struct *registers, uint64_t tail, enum inject_role role)
{
    uint64_t last = in_tail(tail, role == INJECT_HOST ? inject_call : inject_single);
    return registers->rip == last + SYSCALL_INSTRUCTION && registers->rbp == registers->r13;
}

bool inject_is_native(const struct user_regs_struct *registers)
{
    return registers->cs == CODE_64;
}

/* Not those of which a part may have been done (close, connect). */
static const struct {
    uint16_t number;
    bool masks_signals;
} gives_up[] = {
    {SYS_epoll_wait, false},      {SYS_epoll_pwait, true},  {SYS_epoll_pwait2, true}, {SYS_rt_sigtimedwait, true}, {SYS_semop, false},
    {SYS_semtimedop, false},      {SYS_io_getevents, false}, {SYS_io_pgetevents, true}, {SYS_recvfrom, false},     {SYS_recvmsg, false},
    {SYS_accept, false},          {SYS_accept4, false},
};

bool inject_redo_interrupted(struct user_regs_struct *registers, bool *masks_signals)
{
    if ((int64_t)registers->rax != -EINTR)
        return false;
    for (size_t i = 0; i < sizeof(gives_up) / sizeof(*gives_up); i++) {
        if (registers->orig_rax != gives_up[i].number)
            continue;
        registers->rax = registers->orig_rax;
        registers->orig_rax = ~0ull;
        registers->rip -= SYSCALL_INSTRUCTION;
        *masks_signals = gives_up[i].masks_signals;
        return true;
    }
    return false;
}

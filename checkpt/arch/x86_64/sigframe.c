#include "checkpt/arch/x86_64/sigframe.h"

#include <signal.h>
#include <string.h>
#include <sys/user.h>

#define UC_FP_XSTATE 1u
#define UC_SIGCONTEXT_SS 2u
#define UC_STRICT_RESTORE_SS 4u
enum { SOFTWARE_BYTES = 464 }; /* in the legacy area: sw_reserved */

/* The kernel's own, not the C library's: that one's signal mask is larger. */
struct kernel_sigcontext {
    uint64_t r8, r9, r10, r11, r12, r13, r14, r15, rdi, rsi, rbp, rbx, rdx, rax, rcx, rsp, rip, eflags;
    uint16_t cs, gs, fs, ss;
    uint64_t err, trapno, oldmask, cr2, fpstate, reserved[8];
};
struct kernel_frame {
    uint64_t return_address;
    uint64_t flags, link;
    uint64_t stack_address;
    uint32_t stack_flags, stack_pad;
    uint64_t stack_size;
    struct kernel_sigcontext registers;
    uint64_t signal_mask;
    siginfo_t info;
};
struct software_bytes {
    uint32_t magic1, extended_size;
    uint64_t features;
    uint32_t xstate_size, padding[7];
};
_Static_assert(sizeof(struct kernel_sigcontext) == 256, "sigcontext");
_Static_assert(sizeof(struct user_regs_struct) == SIGFRAME_REGISTERS_SIZE, "user_regs_struct");
_Static_assert(sizeof(struct software_bytes) == 48, "sw_reserved");

static size_t align(size_t size)
{
    return (size + SIGFRAME_ALIGNMENT - 1) & ~(size_t)(SIGFRAME_ALIGNMENT - 1);
}

/* A program without leave to use tiles has a smaller area: the kernel refuses a frame larger than its own would be. */
static uint64_t frame_features(const struct xsave_host *host, const void *xsave, size_t size)
{
    return xsave_features(host, (xsave_in_use(xsave, size) >> XSAVE_TILE_DATA & 1) != 0);
}

size_t sigframe_size(const struct xsave_host *host, const void *xsave, size_t size)
{
    return align(sizeof(struct kernel_frame)) + align(xsave_size(host, frame_features(host, xsave, size)) + sizeof(uint32_t));
}

static void build_fpstate(const struct xsave_host *host, unsigned char *area, const struct sigframe_context *context)
{
    uint64_t features = frame_features(host, context->xsave, context->xsave_size);
    xsave_convert(host, area, features, context->xsave, context->xsave_size);
    size_t size = xsave_size(host, features);
    const uint32_t magic2 = FP_XSTATE_MAGIC2;
    struct software_bytes bytes = {0};
    if (features != 0) {
        bytes.magic1 = FP_XSTATE_MAGIC1;
        bytes.features = features;
        bytes.xstate_size = (uint32_t)size;
        bytes.extended_size = (uint32_t)(size + sizeof(magic2));
        memcpy(area + size, &magic2, sizeof(magic2));
    }
    memcpy(area + SOFTWARE_BYTES, &bytes, sizeof(bytes));
}

static void build_registers(struct kernel_sigcontext *out, const struct user_regs_struct *in)
{
    *out = (struct kernel_sigcontext){
        .r8 = in->r8,   .r9 = in->r9,   .r10 = in->r10, .r11 = in->r11, .r12 = in->r12, .r13 = in->r13,
        .r14 = in->r14, .r15 = in->r15, .rdi = in->rdi, .rsi = in->rsi, .rbp = in->rbp, .rbx = in->rbx,
        .rdx = in->rdx, .rax = in->rax, .rcx = in->rcx, .rsp = in->rsp, .rip = in->rip, .eflags = in->eflags,
        .cs = (uint16_t)in->cs, .gs = (uint16_t)in->gs, .fs = (uint16_t)in->fs, .ss = (uint16_t)in->ss,
    };
}

size_t sigframe_register(size_t offset)
{
#define PAIR(name) {offsetof(struct user_regs_struct, name), offsetof(struct kernel_sigcontext, name)}
    static const struct {
        size_t there, here;
    } pairs[] = {PAIR(rax), PAIR(rbx), PAIR(rcx), PAIR(rdx), PAIR(rsi), PAIR(rdi), PAIR(rbp), PAIR(r8),
                 PAIR(r9),  PAIR(r10), PAIR(r11), PAIR(r12), PAIR(r13), PAIR(r14), PAIR(r15)};
#undef PAIR
    for (size_t i = 0; i < sizeof(pairs) / sizeof(pairs[0]); i++)
        if (pairs[i].there == offset)
            return offsetof(struct kernel_frame, registers) + pairs[i].here;
    return offsetof(struct kernel_frame, registers) + offsetof(struct kernel_sigcontext, oldmask); /* which nobody looks at */
}

void sigframe_build(const struct xsave_host *host, void *frame, uint64_t address, const struct sigframe_context *context)
{
    struct kernel_frame *out = frame;
    struct user_regs_struct registers;
    memcpy(&registers, context->registers, sizeof(registers));
    memset(out, 0, sizeof(*out));
    out->flags = UC_SIGCONTEXT_SS | UC_STRICT_RESTORE_SS;
    if (host->features != 0)
        out->flags |= UC_FP_XSTATE;
    out->stack_address = context->stack_address;
    out->stack_size = context->stack_size;
    out->stack_flags = context->stack_flags & ~(uint32_t)SS_ONSTACK;
    out->signal_mask = context->signal_mask;
    build_registers(&out->registers, &registers);
    size_t fpstate = align(sizeof(*out));
    out->registers.fpstate = address + fpstate;
    build_fpstate(host, (unsigned char *)frame + fpstate, context);
}

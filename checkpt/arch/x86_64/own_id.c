#include "checkpt/arch/x86_64/own_id.h"

#include <linux/futex.h>
#include <sys/syscall.h>

enum { RED_ZONE = 128, LOCALS = 256 };

size_t own_id_in_registers(const struct user_regs_struct *registers, int32_t id, size_t offsets[OWN_ID_REGISTERS])
{
#define AT(name) offsetof(struct user_regs_struct, name)
    static const size_t general[OWN_ID_REGISTERS] = {AT(rax), AT(rbx), AT(rcx), AT(rdx), AT(rsi), AT(rdi), AT(rbp),
                                                     AT(r8),  AT(r9),  AT(r10), AT(r12), AT(r13), AT(r14), AT(r15)};
#undef AT
    size_t count = 0;
    for (size_t i = 0; i < OWN_ID_REGISTERS; i++) {
        uint64_t value = *(const unsigned long long *)(const void *)((const char *)registers + general[i]);
        if ((value & ~(uint64_t)FUTEX_WAITERS) == (uint64_t)id)
            offsets[count++] = general[i];
    }
    return count;
}

/* The syscall instruction leaves its return address in rcx. One register with such a number may be chance; two are not. */
bool own_id_was_asked(const struct user_regs_struct *registers, int32_t pid, int32_t tid)
{
    enum { SOON = 24 };
    size_t unused[OWN_ID_REGISTERS];
    if ((int64_t)registers->orig_rax >= 0)
        return (registers->orig_rax == SYS_getpid || registers->orig_rax == SYS_gettid) && (int64_t)registers->rax > 0;
    bool told = registers->rax == (uint64_t)pid || registers->rax == (uint64_t)tid;
    size_t count = own_id_in_registers(registers, tid, unused) + (pid != tid ? own_id_in_registers(registers, pid, unused) : 0);
    return (told && registers->rip - registers->rcx < SOON) || (count >= 2 && (told || registers->rdi == (uint64_t)pid));
}

void own_id_locals(const struct user_regs_struct *registers, uint64_t *start, uint64_t *end)
{
    *start = (registers->rsp - RED_ZONE) & ~(uint64_t)3;
    *end = *start + RED_ZONE + LOCALS;
}

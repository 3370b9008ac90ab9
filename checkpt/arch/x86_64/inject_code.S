#include <asm/unistd_64.h>
#include "checkpt/arch/x86_64/inject.h"

#define SIG_SETMASK 2
#define CLONE_VM 0x100
#define WAIT_ALL 0x40000000 /* __WALL */

/* rbx points at the frame. Only the last two instructions do without it: rbx itself comes last, and the way back is found relative to rip. Arithmetic flags by
 * sahf, which leaves out OF: adding 0x7f to the 1 or 0 in al sets it. No other flag has changed. */
    .macro restore frame
    mov $SIG_SETMASK, %edi
    mov %rbx, %rsi
    xor %edx, %edx
    mov $8, %r10d
    mov $__NR_rt_sigprocmask, %eax
    syscall
    mov INJECT_FLAGS(%rbx), %eax
    add $0x7f, %al
    sahf
    mov INJECT_RCX(%rbx), %rcx
    mov INJECT_RDX(%rbx), %rdx
    mov INJECT_RSI(%rbx), %rsi
    mov INJECT_RDI(%rbx), %rdi
    mov INJECT_RBP(%rbx), %rbp
    mov INJECT_R8(%rbx), %r8
    mov INJECT_R9(%rbx), %r9
    mov INJECT_R10(%rbx), %r10
    mov INJECT_R11(%rbx), %r11
    mov INJECT_R12(%rbx), %r12
    mov INJECT_R13(%rbx), %r13
    mov INJECT_R14(%rbx), %r14
    mov INJECT_R15(%rbx), %r15
    mov INJECT_RAX(%rbx), %rax
    mov INJECT_RBX(%rbx), %rbx
    jmp *(\frame+INJECT_RIP)(%rip)
    .endm

    .section .rodata.inject, "a", @progbits
    .globl inject_tail, inject_tail_end
    .hidden inject_tail, inject_tail_end
    .balign 64
inject_tail:
    syscall
    restore inject_tail_end
    .balign 8
inject_tail_end:

    .globl inject_batch, inject_batch_end, inject_loop, inject_single, inject_fork, inject_over
    .hidden inject_batch, inject_batch_end, inject_loop, inject_single, inject_fork, inject_over
    .balign 64
inject_batch:
    .asciz INJECT_MAGIC
    .balign 16

    /* rbp: the next call; r12: their end; r15: the signal */
inject_loop:
    cmp %r12, %rbp
    jae over
    mov INJECT_CALL_NUMBER(%rbp), %rax
    mov INJECT_CALL_ARGUMENTS+0(%rbp), %rdi
    mov INJECT_CALL_ARGUMENTS+8(%rbp), %rsi
    mov INJECT_CALL_ARGUMENTS+16(%rbp), %rdx
    mov INJECT_CALL_ARGUMENTS+24(%rbp), %r10
    mov INJECT_CALL_ARGUMENTS+32(%rbp), %r8
    mov INJECT_CALL_ARGUMENTS+40(%rbp), %r9
    syscall
    mov %rax, INJECT_CALL_RESULT(%rbp)
    add $INJECT_CALL_SIZE, %rbp
    jmp inject_loop

inject_fork:
    syscall
    test %rax, %rax
    jz child
    mov %eax, %edi
    xor %esi, %esi
    mov $WAIT_ALL, %edx
    xor %r10d, %r10d
    mov $__NR_wait4, %eax
    syscall
    jmp back

    /* The ids as this thread's own pid namespace has them. */
over:
    mov $__NR_getpid, %eax
    syscall
    mov %eax, %r13d
    mov $__NR_gettid, %eax
    syscall
    mov %r13d, %edi
    mov %eax, %esi
    mov %r15d, %edx
    mov $__NR_tgkill, %eax
    syscall
inject_over:
    jmp back

inject_single:
    syscall
back:
    restore inject_batch+INJECT_CONTROL

    /* It shares memory with its parent, and makes the same clone() but for that. Both children end; the second is stopped before it gets that far. */
child:
    and $~CLONE_VM, %edi
    mov $__NR_clone, %eax
    syscall
    xor %edi, %edi
    mov $__NR_exit_group, %eax
    syscall
    hlt
inject_batch_end:

    .section .note.GNU-stack, "", @progbits

#include <asm/unistd_64.h>
#include "checkpt/arch/x86_64/inject.h"

#define SIG_SETMASK 2
#define CLONE_VM 0x100
#define WAIT_ALL 0x40000000 /* __WALL */

    /* Arithmetic flags by sahf, which leaves out OF: adding 0x7f to the 1 or 0 in al sets it. No other flag has changed. The last two instructions do
     * without rbx: the way back is found relative to rip. */
    .macro leave_by frame
    add $0x7f, %al
    sahf
    mov INJECT_RAX(%rbx), %rax
    mov INJECT_RBX(%rbx), %rbx
    jmp *(\frame+INJECT_RIP)(%rip)
    .endm

    /* Behind the code: the host's frame, the guest's, and the word that lets a guest in. */
#define ADMITTED inject_tail_end+2*INJECT_FRAME_SIZE(%rip)

    .section .rodata.inject, "a", @progbits
    .globl inject_tail, inject_tail_end, inject_call, inject_guard, inject_visit, inject_leave, inject_single
    .hidden inject_tail, inject_tail_end, inject_call, inject_guard, inject_visit, inject_leave, inject_single
    .balign 64

    /* The host's mmap() of the scratch area. */
inject_tail:
    syscall
    cmp $-4095, %rax
    jae home
    mov %rax, %r12
    jmp inject_guard

    /* The host's other calls; then it waits until nobody is in the scratch area any more, and takes it away. r12: the scratch area */
inject_call:
    syscall
inject_guard:
    cmpl $0, ADMITTED
    je 1f
    cmpl $0, INJECT_LEFT(%r12)
    jne 1f
    mov $__NR_sched_yield, %eax
    syscall
    jmp inject_guard
1:  mov %r12, %rdi
    mov $INJECT_SCRATCH_SIZE, %esi
    mov $__NR_munmap, %eax
    syscall
    jmp home

    /* The guest goes to rax, in the scratch area, if it was let in before we died. */
inject_visit:
    cmpl $0, ADMITTED
    je home
    jmp *%rax

    /* The guest's last call, out of the scratch area, and its only one when it was not there. */
inject_leave:
    movl $1, INJECT_LEFT(%r12)
inject_single:
    syscall

    /* rbx: the frame */
home:
    mov $SIG_SETMASK, %edi
    mov %rbx, %rsi
    xor %edx, %edx
    mov $8, %r10d
    mov $__NR_rt_sigprocmask, %eax
    syscall
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
    lea inject_tail_end(%rip), %rax
    cmp %rax, %rbx
    mov INJECT_FLAGS(%rbx), %eax
    jne 2f
    leave_by inject_tail_end
2:  leave_by inject_tail_end+INJECT_FRAME_SIZE
    .balign 8
inject_tail_end:

    .globl inject_batch, inject_batch_end, inject_loop, inject_fork
    .hidden inject_batch, inject_batch_end, inject_loop, inject_fork
    .balign 64
inject_batch:
    .asciz INJECT_MAGIC
    .balign 16

    /* rbp: the next call; r13: their end; r14: where the last call is made; r15: the signal. The ids are as this thread's own pid namespace has them. */
inject_loop:
    cmp %r13, %rbp
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
over:
    mov $__NR_getpid, %eax
    syscall
    mov %eax, %r9d
    mov $__NR_gettid, %eax
    syscall
    mov %r9d, %edi
    mov %eax, %esi
    mov %r15d, %edx
    mov $__NR_tgkill, %eax
    jmp *%r14

    /* r14: inject_call, which begins with a syscall instruction, and that must not be a wait4() for a child that is none. */
inject_fork:
    syscall
    test %rax, %rax
    jz child
    js none
    mov %eax, %edi
    xor %esi, %esi
    mov $WAIT_ALL, %edx
    xor %r10d, %r10d
    mov $__NR_wait4, %eax
    jmp *%r14
none:
    mov $__NR_getpid, %eax
    jmp *%r14

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

#include <asm/unistd_64.h>
#include "checkpt/arch/x86_64/interpreter.h"

/* Registers, all along: rbx the step, rbp the signal frame, r12 the control block. rsp points at the struct interpreter_thread: nothing is ever
 * pushed. All signals are blocked while this runs. System calls change rax, rcx and r11 only. */

#define FUTEX_WAIT_PRIVATE 128
#define FUTEX_WAKE_PRIVATE 129
#define READ_EXECUTE 5

    .section .rodata.interpreter, "a", @progbits
    .balign 64
    .globl interpreter_code, interpreter_code_end, interpreter_entry
    .hidden interpreter_code, interpreter_code_end, interpreter_entry
interpreter_code:
interpreter_entry:
    mov %rdi, %rsp
started:
    mov THREAD_FIRST(%rsp), %rbx
    mov THREAD_FRAME(%rsp), %rbp
    mov THREAD_CONTROL(%rsp), %r12
    jmp step

next:
    mov STEP_NEXT(%rbx), %rbx
step:
    movzbl STEP_KIND(%rbx), %eax
    cmp $INTERPRETER_LEAVE, %eax
    je leave
    cmp $INTERPRETER_GATHER, %eax
    je gather
    movzbl STEP_INDIRECT(%rbx), %ecx
    mov STEP_ARGUMENTS+0(%rbx), %rdi
    mov STEP_ARGUMENTS+8(%rbx), %rsi
    mov STEP_ARGUMENTS+16(%rbx), %rdx
    mov STEP_ARGUMENTS+24(%rbx), %r10
    mov STEP_ARGUMENTS+32(%rbx), %r8
    mov STEP_ARGUMENTS+40(%rbx), %r9
    jrcxz direct
    .macro indirect bit, register
    test $\bit, %cl
    jz 1f
    mov (\register), \register
1:
    .endm
    indirect 1, %rdi
    indirect 2, %rsi
    indirect 4, %rdx
    indirect 8, %r10
    indirect 16, %r8
    indirect 32, %r9
direct:
    cmp $INTERPRETER_STORE, %eax
    je store
    mov STEP_NUMBER(%rbx), %eax
    syscall
    test %rax, %rax
    jz zero
result:
    mov %rax, STEP_RESULT(%rbx)
    movzbl STEP_FLAGS(%rbx), %ecx
    test $INTERPRETER_MAY_FAIL, %cl
    jnz next
    cmp $-4095, %rax
    jae failed
    test $INTERPRETER_EXACT, %cl
    jz next
    cmp STEP_EXPECTED(%rbx), %rax
    je next
    jmp unexpected

    /* Only the child of a clone sees 0 from it. */
zero:
    cmpb $INTERPRETER_START, STEP_KIND(%rbx)
    je started
    jmp result

store:
    mov (%rdi), %eax
    and %edx, %eax
    not %edx
    and %edx, %esi
    or %esi, %eax
    mov %eax, (%rdi)
    jmp next

gather:
    mov CONTROL_TOTAL(%r12), %ecx
    dec %ecx
    cmp CONTROL_ARRIVED(%r12), %ecx
    je next
    mov $__NR_sched_yield, %eax
    syscall
    jmp gather

    /* The last list to arrive takes away what nobody needs any more and makes the rest read-only. Whoever sees go early only reads. */
leave:
    mov $1, %eax
    lock xadd %eax, CONTROL_ARRIVED(%r12)
    inc %eax
    cmp CONTROL_TOTAL(%r12), %eax
    jne wait
    mov CONTROL_REST(%r12), %rdi
    mov CONTROL_REST_SIZE(%r12), %rsi
    mov $__NR_munmap, %eax
    syscall
    movl $1, CONTROL_GO(%r12)
    mov CONTROL_KEPT(%r12), %rdi
    mov CONTROL_KEPT_SIZE(%r12), %rsi
    mov $READ_EXECUTE, %edx
    mov $__NR_mprotect, %eax
    syscall
    cmpl $1, CONTROL_TOTAL(%r12)
    je return
    lea CONTROL_GO(%r12), %rdi
    mov $FUTEX_WAKE_PRIVATE, %esi
    mov $0x7fffffff, %edx
    mov $__NR_futex, %eax
    syscall
return:
    lea 8(%rbp), %rsp
    mov $__NR_rt_sigreturn, %eax
    syscall
    ud2

wait:
    cmpl $0, CONTROL_GO(%r12)
    jne return
    lea CONTROL_GO(%r12), %rdi
    mov $FUTEX_WAIT_PRIVATE, %esi
    xor %edx, %edx
    xor %r10d, %r10d
    mov $__NR_futex, %eax
    syscall
    jmp wait

    /* One message, whoever fails first; the others wait for the end that exit_group brings them. */
    .macro report
    mov %rax, %r13
    mov $1, %eax
    xchg %eax, CONTROL_FAILING(%r12)
    test %eax, %eax
    jnz silence
    mov STEP_WHAT(%rbx), %rax
    mov STEP_WHAT+8(%rbx), %rcx
    mov %rax, CONTROL_PIECES+16*PIECE_WHAT(%r12)
    mov %rcx, CONTROL_PIECES+16*PIECE_WHAT+8(%r12)
    .endm

failed:
    report
    neg %r13
    mov STEP_HINTS(%rbx), %rsi
    test %rsi, %rsi
    jz known
hint:
    mov (%rsi), %rax
    test %rax, %rax
    jz known
    add $8, %rsi
    cmp %r13, %rax
    je text
    add $16, %rsi
    jmp hint
known:
    xor %esi, %esi
    cmp CONTROL_ERROR_COUNT(%r12), %r13
    cmovb %r13, %rsi
    shl $4, %rsi
    add CONTROL_ERRORS(%r12), %rsi
text:
    mov (%rsi), %rax
    mov 8(%rsi), %rcx
    mov %rax, CONTROL_PIECES+16*PIECE_TEXT(%r12)
    mov %rcx, CONTROL_PIECES+16*PIECE_TEXT+8(%r12)
    movq $0, CONTROL_PIECES+16*PIECE_GOT+8(%r12)
    movq $0, CONTROL_PIECES+16*PIECE_BETWEEN+8(%r12)
    movq $0, CONTROL_PIECES+16*PIECE_WANTED+8(%r12)
say:
    mov $2, %edi
    lea CONTROL_PIECES(%r12), %rsi
    mov $PIECE_COUNT, %edx
    mov $__NR_writev, %eax
    syscall
end:
    mov $1, %edi
    mov $__NR_exit_group, %eax
    syscall
    jmp end
silence:
    lea CONTROL_GO(%r12), %rdi
    mov $FUTEX_WAIT_PRIVATE, %esi
    xor %edx, %edx
    xor %r10d, %r10d
    mov $__NR_futex, %eax
    syscall
    jmp silence

    /* The value in hexadecimal, written backwards into digits, and the piece that points at it. */
    .macro hexadecimal piece, digits
    lea CONTROL_DIGITS+16*\digits+16(%r12), %rdi
    xor %ecx, %ecx
1:  mov %eax, %edx
    and $15, %edx
    lea '0'(%rdx), %esi
    cmp $10, %edx
    jb 2f
    add $'a'-'0'-10, %esi
2:  dec %rdi
    mov %sil, (%rdi)
    inc %rcx
    shr $4, %rax
    jnz 1b
    mov %rdi, CONTROL_PIECES+16*\piece(%r12)
    mov %rcx, CONTROL_PIECES+16*\piece+8(%r12)
    .endm

unexpected:
    report
    mov %r13, %rax
    hexadecimal PIECE_GOT, 0
    mov STEP_EXPECTED(%rbx), %rax
    hexadecimal PIECE_WANTED, 1
    jmp say
interpreter_code_end:

    .section .note.GNU-stack, "", @progbits

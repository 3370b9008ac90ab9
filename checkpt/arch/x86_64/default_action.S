/* What a signal does for which a program has no handler of its own, when its default is a checkpoint: a handler that lies in a page of its own in the program. */
#include <sys/syscall.h>

#include "checkpt/listen/default_action.h"

    .section .rodata
    .global default_action, default_action_restorer, default_action_end
default_action:
    push %rbx
    mov %edi, %ebx
    mov $DEFAULT_ACTION_CALL, %eax
    syscall
    /* 0: it is written. Anything else: it is not, or this is the resumed program. */
    test %rax, %rax
    jnz 1f
    cmp $DEFAULT_ACTION_EXIT_SIGNAL, %ebx
    jne 1f
    /* The signal's own default ends the program, once it is let in. */
    sub $32, %rsp
    xor %eax, %eax
    mov %rax, (%rsp)
    mov %rax, 8(%rsp)
    mov %rax, 16(%rsp)
    mov %rax, 24(%rsp)
    mov %ebx, %edi
    mov %rsp, %rsi
    xor %edx, %edx
    mov $8, %r10d
    mov $__NR_rt_sigaction, %eax
    syscall
    mov $__NR_getpid, %eax
    syscall
    mov %eax, %edi
    mov %ebx, %esi
    mov $__NR_kill, %eax
    syscall
    movq $-1, (%rsp)
    mov $1, %edi /* SIG_UNBLOCK */
    mov %rsp, %rsi
    xor %edx, %edx
    mov $8, %r10d
    mov $__NR_rt_sigprocmask, %eax
    syscall
    mov $128 + DEFAULT_ACTION_EXIT_SIGNAL, %edi
    mov $__NR_exit_group, %eax
    syscall
1:
    pop %rbx
    ret
default_action_restorer:
    mov $__NR_rt_sigreturn, %eax
    syscall
default_action_end:

    .section .note.GNU-stack, "", @progbits

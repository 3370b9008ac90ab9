#include <sys/syscall.h>

#include "checkpt/arch/x86_64/newcomer.h"
#include "checkpt/listen/default_action.h"

#define PAGE_PROTECTION 5     /* PROT_READ | PROT_EXEC */
#define PAGE_FLAGS 0x22       /* MAP_PRIVATE | MAP_ANONYMOUS */
#define WRITABLE_TEXT 7       /* PROT_READ | PROT_WRITE | PROT_EXEC */
#define INTERRUPTED -4        /* -EINTR */
#define MASK_SIZE 8
#define UNBLOCK 1             /* SIG_UNBLOCK */
#define SET_VMA 0x53564d41    /* PR_SET_VMA, with PR_SET_VMA_ANON_NAME, which is 0 */
#define OLD_ACTION 32         /* bytes of the kernel's struct sigaction */

    /* The stack below the red zone is nobody's. What a call changes by itself (rcx, r11) is brought back too. */
    .macro set_aside
    lea -128(%rsp), %rsp
    pushfq
    .irp register, rax, rbx, rcx, rdx, rsi, rdi, r8, r9, r10, r11
    push %\register
    .endr
    .endm
    .macro bring_back
    .irp register, r11, r10, r9, r8, rdi, rsi, rdx, rcx, rbx, rax
    pop %\register
    .endr
    popfq
    lea 128(%rsp), %rsp
    .endm

#define DETOUR(offset) newcomer_detour_end + offset(%rip)
#define DATA(offset) newcomer_page_end + offset(%rip)

    .section .rodata.newcomer, "a", @progbits
    .globl newcomer_detour, newcomer_detour_end
    .hidden newcomer_detour, newcomer_detour_end
    .balign 64
newcomer_detour:
    set_aside
    xor %edi, %edi
    mov $NEWCOMER_PAGE_SIZE, %esi
    mov $PAGE_PROTECTION, %edx
    mov $PAGE_FLAGS, %r10d
    mov $-1, %r8
    xor %r9d, %r9d
    mov $__NR_mmap, %eax
    syscall
    mov %rax, %rbx
    /* Without a page too: the bytes are to be put back. A handler may come in between, and the call is made again. */
1:  mov %rbx, %rdi
    lea DETOUR(0), %rsi
    mov $NEWCOMER_CALL, %eax
    syscall
    cmp $INTERRUPTED, %rax
    je 1b
    mov %rax, %r8
    test %rax, %rax
    jnz 2f
    jmp *%rbx

2:  mov %rbx, %rdi
    mov $NEWCOMER_PAGE_SIZE, %esi
    mov $__NR_munmap, %eax
    syscall
    test %r8, %r8
    jg 3f
    /* Nobody has put them back. Where this fails the thread comes by again. */
    mov DETOUR(NEWCOMER_START), %rdi
    mov DETOUR(NEWCOMER_LENGTH), %rsi
    mov $WRITABLE_TEXT, %edx
    mov $__NR_mprotect, %eax
    syscall
    test %rax, %rax
    jnz 3f
    cld
    mov DETOUR(NEWCOMER_HOME), %rdi
    lea DETOUR(NEWCOMER_DISPLACED), %rsi
    mov $NEWCOMER_JUMP_SIZE, %ecx
    rep movsb
    mov DETOUR(NEWCOMER_START), %rdi
    mov DETOUR(NEWCOMER_LENGTH), %rsi
    mov DETOUR(NEWCOMER_PROTECTION), %rdx
    mov $__NR_mprotect, %eax
    syscall
3:  bring_back
    jmp *DETOUR(NEWCOMER_HOME)
    .balign 8
newcomer_detour_end:
    .org newcomer_detour + NEWCOMER_ROOM - NEWCOMER_DETOUR_SIZE /* not beyond that */

    .globl newcomer_page, newcomer_page_end, newcomer_handler, newcomer_restorer
    .hidden newcomer_page, newcomer_page_end, newcomer_handler, newcomer_restorer
    .balign 64
newcomer_page:
    sub $OLD_ACTION, %rsp
    mov $DEFAULT_ACTION_SIGNAL, %ebx
1:  mov %ebx, %edi
    xor %esi, %esi
    mov %rsp, %rdx
    mov $MASK_SIZE, %r10d
    mov $__NR_rt_sigaction, %eax
    syscall
    cmpq $0, (%rsp)
    jne 2f
    mov %ebx, %edi
    lea DATA(NEWCOMER_ACTION), %rsi
    xor %edx, %edx
    mov $__NR_rt_sigaction, %eax
    syscall
2:  inc %ebx
    cmp $DEFAULT_ACTION_EXIT_SIGNAL, %ebx
    jbe 1b
    mov $SET_VMA, %edi
    xor %esi, %esi
    lea newcomer_page(%rip), %rdx
    mov $NEWCOMER_PAGE_SIZE, %r10d
    lea DATA(NEWCOMER_NAME), %r8
    mov $__NR_prctl, %eax
    syscall
    mov DATA(NEWCOMER_UNCLEAN), %rsi
    test %rsi, %rsi
    jz 3f
    xor %edi, %edi
    mov $NEWCOMER_CALL, %eax
    syscall
3:  cmpq $0, DATA(NEWCOMER_FREED)
    je 4f
    mov $UNBLOCK, %edi
    lea DATA(NEWCOMER_FREED), %rsi
    xor %edx, %edx
    mov $MASK_SIZE, %r10d
    mov $__NR_rt_sigprocmask, %eax
    syscall
4:  add $OLD_ACTION, %rsp
    bring_back
    jmp *DATA(NEWCOMER_BACK)

    /* The handler of both signals: 0 from the call is a checkpoint that is written, anything else is none, or this is the resumed program. */
newcomer_handler:
    push %rbx
    mov %edi, %ebx
    mov $DEFAULT_ACTION_CALL, %eax
    syscall
    test %rax, %rax
    jnz 5f
    cmp $DEFAULT_ACTION_EXIT_SIGNAL, %ebx
    jne 5f
    /* The signal's own default ends the program, once it is let in. */
    sub $OLD_ACTION, %rsp
    xor %eax, %eax
    mov %rax, (%rsp)
    mov %rax, 8(%rsp)
    mov %rax, 16(%rsp)
    mov %rax, 24(%rsp)
    mov %ebx, %edi
    mov %rsp, %rsi
    xor %edx, %edx
    mov $MASK_SIZE, %r10d
    mov $__NR_rt_sigaction, %eax
    syscall
    mov $__NR_getpid, %eax
    syscall
    mov %eax, %edi
    mov %ebx, %esi
    mov $__NR_kill, %eax
    syscall
    movq $-1, (%rsp)
    mov $UNBLOCK, %edi
    mov %rsp, %rsi
    xor %edx, %edx
    mov $MASK_SIZE, %r10d
    mov $__NR_rt_sigprocmask, %eax
    syscall
    mov $128 + DEFAULT_ACTION_EXIT_SIGNAL, %edi
    mov $__NR_exit_group, %eax
    syscall
5:  pop %rbx
    ret
newcomer_restorer:
    mov $__NR_rt_sigreturn, %eax
    syscall
    .balign 8
newcomer_page_end:

    .section .note.GNU-stack, "", @progbits

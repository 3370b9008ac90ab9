    .section .text.entry, "ax"
    .global _start
    .hidden start_main
_start:
    xor %ebp, %ebp
    mov %rsp, %rdi
    and $-16, %rsp
    call start_main
    hlt

/* start_jump(stack, rip, rax): as the kernel enters a new program, no register says anything but these. */
    .global start_jump
    .hidden start_jump
start_jump:
    mov %rdi, %rsp
    mov %rdx, %rax
    push %rsi
    xor %ebx, %ebx
    xor %ecx, %ecx
    xor %edx, %edx
    xor %esi, %esi
    xor %edi, %edi
    xor %ebp, %ebp
    xor %r8d, %r8d
    xor %r9d, %r9d
    xor %r10d, %r10d
    xor %r11d, %r11d
    xor %r12d, %r12d
    xor %r13d, %r13d
    xor %r14d, %r14d
    xor %r15d, %r15d
    ret

    .section .note.GNU-stack, "", @progbits

/* A static program without any library that checkpoints itself by number: argument, stack, exit status as in self.c. */
#include <fcntl.h>
#include <sys/syscall.h>

static long call(long number, long a, long b, long c, long d)
{
    long result;
    register long r10 __asm__("r10") = d;
    __asm__ volatile("syscall" : "=a"(result) : "a"(number), "D"(a), "S"(b), "d"(c), "r"(r10) : "rcx", "r11", "memory");
    return result;
}

__attribute__((noreturn, used)) static void begin(const char *const *stack)
{
    char type = stack[2] != 0 ? stack[2][0] : '\0';
    int is_thaw = type == 't';
    long fd = call(SYS_open, (long)"raw.ckpt", is_thaw ? O_RDONLY : O_RDWR | O_CREAT | O_TRUNC, 0600, 0);
    long result = call(0x2000, is_thaw ? 2 : 1, fd, -1, is_thaw ? 5 : -1);
    for (;;)
        call(SYS_exit_group, result < 0 ? 100 - result : 10 + result, 0, 0, 0);
}

__asm__(".globl _start\n_start: mov %rsp, %rdi\n and $-16, %rsp\n call begin\n");

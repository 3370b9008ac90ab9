/* As little as a program can be: no C library, a few pages. It counts, writes its progress, and looks for the file `stop`. */
#include <fcntl.h>
#include <sys/syscall.h>
#include <time.h>

static long call(long number, long a, long b, long c)
{
    long result;
    __asm__ volatile("syscall" : "=a"(result) : "a"(number), "D"(a), "S"(b), "d"(c) : "rcx", "r11", "memory");
    return result;
}

static void put(const char *name, const char *text, long bytes)
{
    long fd = call(SYS_open, (long)name, O_WRONLY | O_CREAT, 0644);
    call(SYS_write, fd, (long)text, bytes);
    call(SYS_close, fd, 0, 0);
}

static void count(char *digits)
{
    for (int i = 11; i >= 0 && ++digits[i] > '9'; i--)
        digits[i] = '0';
}

/* What lies on the stack is what execve(2) put there: the count of arguments and the arguments. */
__attribute__((noreturn, used)) static void begin(const long *stack)
{
    char digits[] = "000000000000\n";
    const struct timespec moment = {.tv_nsec = 1000000};
    if (stack[0] < 2 || call(SYS_chdir, stack[2], 0, 0) != 0)
        call(SYS_exit_group, 2, 0, 0);
    put("ready", "\n", 1);
    while (call(SYS_access, (long)"stop", 0, 0) != 0) {
        count(digits);
        put("progress", digits, 13);
        call(SYS_nanosleep, (long)&moment, 0, 0);
    }
    put("whole", "\n", 1);
    for (;;)
        call(SYS_exit_group, 0, 0, 0);
}

__asm__(".globl _start\n_start: mov %rsp, %rdi\n and $-16, %rsp\n call begin\n");

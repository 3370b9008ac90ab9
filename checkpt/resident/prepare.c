/* The GNU dynamic linker begins with a call of its C part, which loads and relocates everything and returns the program's entry point; the instruction behind that call
 * goes on with constructors. A hardware breakpoint there finds the moment, without a byte of the program changed. */
#include "checkpt/resident/prepare.h"

#include <elf.h>
#include <errno.h>
#include <fcntl.h>
#include <signal.h>
#include <stddef.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/prctl.h>
#include <sys/ptrace.h>
#include <sys/stat.h>
#include <sys/uio.h>
#include <sys/user.h>
#include <sys/wait.h>
#include <unistd.h>

#include "checkpt/arena.h"
#include "checkpt/proc/proc.h"
#include "checkpt/resident/bind.h"

/* Other libraries than these were found when the program is started with settings in its environment; so it is prepared with none. Another process of it shows what its
 * linker finds of what it would look for later. */
static char *const no_environment[] = {NULL}, *const bind_now[] = {"LD_BIND_NOW=1", NULL};
/* A dynamic linker is 64 KiB below the top where there is little room: stacks of later runs begin there. Tried again until it lies lower. */
#define HIGHEST_MAPPING 0x7ff000000000u
enum { TRIES = 64 };
/* mov %rsp,%rdi; call rel32 */
static const unsigned char linker_start[] = {0x48, 0x89, 0xe7, 0xe8};
enum { CALL_END = 8 };
#define BREAK_ON_EXECUTION 1u /* DR7: the first breakpoint, enabled, of one byte */

static bool wait_stop(pid_t pid, int *signal_number)
{
    int status;
    while (waitpid(pid, &status, __WALL) < 0)
        if (errno != EINTR)
            return false;
    *signal_number = WIFSTOPPED(status) ? WSTOPSIG(status) : 0;
    return WIFSTOPPED(status);
}

static bool executes(pid_t pid, const struct stat *binary)
{
    char link[32];
    struct stat executed;
    snprintf(link, sizeof(link), "/proc/%d/exe", pid);
    return stat(link, &executed) == 0 && executed.st_dev == binary->st_dev && executed.st_ino == binary->st_ino;
}

/* Where the leading bytes of another program that is resident are the same, the kernel has started checkpt-start, which loads this one and says so to the kernel last. */
static bool pass_starter(pid_t pid, const char *path)
{
    struct stat binary;
    int signal_number = SIGTRAP;
    if (stat(path, &binary) != 0)
        return false;
    while (!executes(pid, &binary))
        if (ptrace(PTRACE_SYSCALL, pid, 0, (void *)(long)(signal_number == SIGTRAP ? 0 : signal_number)) != 0 || !wait_stop(pid, &signal_number))
            return false;
    return true;
}

static _Noreturn void become(const char *path, char *const *environment, int report)
{
    char *const arguments[] = {(char *)path, NULL};
    prctl(PR_SET_PDEATHSIG, SIGKILL);
    ptrace(PTRACE_TRACEME, 0, 0, 0);
    execve(path, arguments, environment);
    int error = errno;
    (void)!write(report, &error, sizeof(error));
    _exit(127);
}

static bool start(const char *path, char *const *environment, pid_t *pid, struct failure *why)
{
    int ends[2], error = 0, signal_number;
    if (pipe2(ends, O_CLOEXEC) != 0)
        return failure_errno(why, "%s: starting it", path);
    *pid = fork();
    if (*pid == 0)
        become(path, environment, ends[1]);
    close(ends[1]);
    bool failed = *pid < 0 || read(ends[0], &error, sizeof(error)) > 0;
    close(ends[0]);
    if (failed) {
        errno = error != 0 ? error : errno;
        failure_errno(why, "%s: starting it", path);
        if (*pid > 0)
            prepare_end(*pid);
        return false;
    }
    return (wait_stop(*pid, &signal_number) && pass_starter(*pid, path)) || failure_set(why, "%s: ended while it was started", path);
}

static bool linker_entry(pid_t pid, uint64_t *entry, struct failure *why)
{
    int directory;
    struct arena arena = {0};
    void *auxv;
    size_t size;
    uint64_t base = 0;
    if (!proc_open(pid, &directory, why))
        return false;
    bool known = proc_auxv(directory, &arena, &auxv, &size, why);
    for (size_t i = 0; known && i + 16 <= size; i += 16) {
        uint64_t word[2];
        memcpy(word, (char *)auxv + i, sizeof(word));
        if (word[0] == AT_BASE)
            base = word[1];
    }
    close(directory);
    arena_deinit(&arena);
    Elf64_Ehdr header;
    struct iovec here = {&header, sizeof(header)}, there = {(void *)base, sizeof(header)};
    if (!known)
        return false;
    if (base == 0)
        return failure_set(why, "it is no dynamic program: there is nothing that could be relocated beforehand");
    if (process_vm_readv(pid, &here, 1, &there, 1, 0) != (ssize_t)sizeof(header))
        return failure_errno(why, "reading its dynamic linker");
    *entry = base + header.e_entry;
    return true;
}

static bool is_gnu_linker(pid_t pid, uint64_t entry)
{
    unsigned char code[sizeof(linker_start)];
    struct iovec here = {code, sizeof(code)}, there = {(void *)entry, sizeof(code)};
    return process_vm_readv(pid, &here, 1, &there, 1, 0) == (ssize_t)sizeof(code) && memcmp(code, linker_start, sizeof(code)) == 0;
}

static bool set_debug_register(pid_t pid, unsigned number, uint64_t value)
{
    return ptrace(PTRACE_POKEUSER, pid, (void *)(offsetof(struct user, u_debugreg) + number * sizeof(uint64_t)), (void *)value) == 0;
}

/* PTRACE_DETACH with a stop signal leaves it stopped, where it is. */
static bool run_to(pid_t pid, uint64_t address, struct failure *why)
{
    struct user_regs_struct registers;
    int signal_number = 0;
    if (!set_debug_register(pid, 0, address) || !set_debug_register(pid, 7, BREAK_ON_EXECUTION))
        return failure_errno(why, "setting a breakpoint in its dynamic linker");
    do {
        if (ptrace(PTRACE_CONT, pid, 0, (void *)(long)(signal_number == SIGTRAP ? 0 : signal_number)) != 0 || !wait_stop(pid, &signal_number))
            return failure_set(why, "its dynamic linker ended it; run it once by itself to see why");
    } while (signal_number != SIGTRAP);
    if (ptrace(PTRACE_GETREGS, pid, 0, &registers) != 0 || registers.rip != address)
        return failure_set(why, "its dynamic linker did not come to the end of its work");
    set_debug_register(pid, 7, 0);
    set_debug_register(pid, 0, 0);
    return ptrace(PTRACE_DETACH, pid, 0, (void *)(long)SIGSTOP) == 0 || failure_errno(why, "letting go of it");
}

static bool try_once(const char *path, char *const *environment, pid_t *pid, bool *too_high, struct failure *why)
{
    uint64_t entry = 0;
    *too_high = false;
    if (!start(path, environment, pid, why))
        return false;
    bool done = linker_entry(*pid, &entry, why);
    *too_high = done && entry >= HIGHEST_MAPPING;
    if (done && !*too_high)
        done = is_gnu_linker(*pid, entry) ? run_to(*pid, entry + CALL_END, why)
                                          : failure_set(why, "its dynamic linker is not the GNU C library's");
    if (!done || *too_high)
        prepare_end(*pid);
    return done;
}

/* A program that lacks functions which it does not call ends here: then nothing is bound. */
static void bind(const char *path, pid_t pid)
{
    struct failure ignored;
    pid_t other;
    bool too_high = true;
    for (int i = 0; i < TRIES && too_high; i++)
        if (!try_once(path, bind_now, &other, &too_high, &ignored))
            return;
    if (too_high)
        return;
    bind_beforehand(pid, other);
    prepare_end(other);
}

bool prepare(const char *path, pid_t *pid, struct failure *why)
{
    bool too_high = true;
    for (int i = 0; i < TRIES && too_high; i++)
        if (!try_once(path, no_environment, pid, &too_high, why))
            return failure_prepend(why, "%s", path);
    if (too_high)
        return failure_set(why, "%s: the kernel puts its libraries where later runs have their stacks", path);
    bind(path, *pid);
    return true;
}

void prepare_end(pid_t pid)
{
    kill(pid, SIGKILL);
    while (waitpid(pid, NULL, __WALL) < 0 && errno == EINTR)
        ;
}

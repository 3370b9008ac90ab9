/* System calls that can be registered: FreeBSD's syscall_helper_register(9) on Linux.
 *
 * A call is a C function in the process that serves a tree of programs, `checkpt run`. The programs reach it with syscall(2): the numbers from
 * SYS_BASE on are above every number of the kernel's own, and under `checkpt run` they are live for the program and all its descendants. A module, a
 * shared object with a SYSCALL_MODULE, is loaded by `checkpt run --module FILE.so`.
 *
 * The functions that return int return 0 or an error number; they do not set errno. */
#ifndef _SYS_SYSENT_H_
#define _SYS_SYSENT_H_

#include <stddef.h>
#include <stdint.h>
#include <sys/types.h>

#ifdef __cplusplus
extern "C" {
#endif

/* Numbers below SYS_BASE are the kernel's: they count as in use. Linux has less than 0x2000 of them on every architecture. The first SYS_RESERVED of our slots are
 * given only to those who ask for them by number. */
#define SYS_BASE 0x2000
#define SYS_RESERVED 16
#define SYS_MAXSYSCALL 0x2100
#define NO_SYSCALL (-1)

/* Flags of the initialisers. */
#define SYF_CAPENABLED 0x1      /* allowed in capability mode */

/* The flag of syscall_helper_register(), and the states of sy_thrcnt, which counts calls in progress by SY_THR_INCR. */
#define SY_THR_STATIC 0x1       /* cannot be unregistered */
#define SY_THR_DRAINING 0x2
#define SY_THR_ABSENT 0x4
#define SY_THR_INCR 0x8

#define SYSENT_EXPORT __attribute__((visibility("default")))

struct thread_operations;

/* Whoever makes the call. Valid until the call returns. */
struct thread {
    register_t td_retval[2];    /* what the call returns when it succeeds: [0] */
    pid_t td_tid;               /* the thread, as the serving process sees it */
    const struct thread_operations *td_operations;
};

/* An implementation: `arguments` is its struct NAME_args. Returns 0 and has set td_retval, or an error number, which becomes errno in the program. May be run by several
 * threads at a time. */
typedef int sy_call_t(struct thread *td, void *arguments);

struct sysent {
    uint8_t sy_narg;            /* at most 6 */
    uint8_t sy_flags;           /* SYF_* */
    sy_call_t *sy_call;
    uint32_t sy_thrcnt;         /* the table's own */
};

struct syscall_helper_data {
    struct sysent new_sysent;
    struct sysent old_sysent;   /* what was in the slot; filled by registering */
    int syscall_no;             /* NO_SYSCALL: any free slot; registering puts the number here */
    int registered;
};

/* One argument, padded to a register: struct frob_args { SYSCALL_ARG(const char *, path); SYSCALL_ARG(int, flags); }; */
#define SYSCALL_ARG(type, name) \
    union { \
        type name; \
        register_t name##_register; \
    }

#define SYSCALL_INIT_(function, arguments, flags, number) \
    { \
        .new_sysent = {.sy_narg = sizeof(struct arguments) / sizeof(register_t), .sy_flags = (flags), .sy_call = (sy_call_t *)&(function)}, \
        .syscall_no = (number) \
    }

/* The call NAME is implemented by sys_NAME(), its arguments are struct NAME_args, its number is SYS_NAME; COMPAT: implemented by NAME(). */
#define SYSCALL_INIT_HELPER_F(name, flags) SYSCALL_INIT_(sys_##name, name##_args, flags, SYS_##name)
#define SYSCALL_INIT_HELPER(name) SYSCALL_INIT_HELPER_F(name, 0)
#define SYSCALL_INIT_HELPER_COMPAT_F(name, flags) SYSCALL_INIT_(name, name##_args, flags, SYS_##name)
#define SYSCALL_INIT_HELPER_COMPAT(name) SYSCALL_INIT_HELPER_COMPAT_F(name, 0)
#define SYSCALL_INIT_LAST {.syscall_no = NO_SYSCALL}

/* Registers every call of an array that ends in SYSCALL_INIT_LAST, or none: on failure nothing has changed, in the table or in the array.
 * EINVAL: a flag other than SY_THR_STATIC or SYF_CAPENABLED, a number outside 0 … SYS_MAXSYSCALL - 1, no implementation, or more than 6 arguments. ENFILE: no
 * slot is free. EEXIST: the number is in use. */
SYSENT_EXPORT int syscall_helper_register(struct syscall_helper_data *sd, int flags);
/* Gives the slots back what was in them, once the calls in progress have returned; new ones find ENOSYS meanwhile. Not to be called by an
 * implementation of one of them. EINVAL, and nothing has changed: one of them is static. */
SYSENT_EXPORT int syscall_helper_unregister(struct syscall_helper_data *sd);

/* What free and reserved slots hold. They return ENOSYS. */
SYSENT_EXPORT sy_call_t lkmnosys, lkmressys;

/* The caller's memory. EFAULT where not all of it is there and may be read or written; ESRCH where the caller has gone. copyinstr: the string with its NUL;
 * ENAMETOOLONG where it does not fit; `done`, which may be NULL, receives the bytes copied. */
SYSENT_EXPORT int td_copyin(struct thread *td, const void *user, void *to, size_t length);
SYSENT_EXPORT int td_copyout(struct thread *td, const void *from, void *user, size_t length);
SYSENT_EXPORT int td_copyinstr(struct thread *td, const void *user, char *to, size_t room, size_t *done);

/* A module's one exported symbol. The calls are registered when it is loaded. */
#define SYSCALL_MODULE_VERSION 1
struct syscall_module {
    int version;
    const char *name;
    struct syscall_helper_data *calls;
    int flags;
};
#define SYSCALL_MODULE_SYMBOL "checkpt_syscall_module"
#define SYSCALL_MODULE(module_name, calls_array, register_flags) \
    extern SYSENT_EXPORT const struct syscall_module checkpt_syscall_module; \
    const struct syscall_module checkpt_syscall_module = {SYSCALL_MODULE_VERSION, module_name, calls_array, register_flags}

#ifdef __cplusplus
}
#endif
#endif

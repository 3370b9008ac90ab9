/* exec_sys_register(2) of DragonFly BSD on Linux: see exec_sys_register(3). Link with -lcheckpt, or make the calls by number under `checkpt run`. */
#ifndef _SYS_RESIDENT_H_
#define _SYS_RESIDENT_H_

#ifdef __cplusplus
extern "C" {
#endif

/* Their numbers under `checkpt run`. */
#define SYS_exec_sys_register 0x2001
#define SYS_exec_sys_unregister 0x2002

/* What exec_sys_unregister() takes for an id. */
#define RESIDENT_SELF (-1)
#define RESIDENT_ALL (-2)

/* Makes the binary of the calling process resident with the memory that the process has now, and goes on. Every later execve(2) of that file begins at `entry`, which
 * is entered as a program's first instruction is: no return address, and the stack pointer at the number of arguments, behind which are the arguments, the environment
 * and the auxiliary vector of the new run. Returns its id, which is positive; or -1 and errno: EEXIST, ENOENT, EPERM and others, see the manual. Async-signal-safe. */
__attribute__((visibility("default"))) int exec_sys_register(void *entry);

/* Ends that for an id, for the binary of the calling process (RESIDENT_SELF), or for all (RESIDENT_ALL). Runs that have begun go on. Returns how many there were; or -1
 * and errno: ENOENT, EPERM. */
__attribute__((visibility("default"))) int exec_sys_unregister(int id);

#ifdef __cplusplus
}
#endif
#endif

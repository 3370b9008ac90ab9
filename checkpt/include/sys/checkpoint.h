/* sys_checkpoint(2) of DragonFly BSD on Linux: see sys_checkpoint(3). Link with -lcheckpt, or make the call by number under `checkpt run`. */
#ifndef _SYS_CHECKPOINT_H_
#define _SYS_CHECKPOINT_H_

#include <sys/types.h>

#ifdef __cplusplus
extern "C" {
#endif

#define CKPT_FREEZE 0x1
#define CKPT_THAW 0x2

/* Real-time signals that C libraries (32 to 34), the Go runtime, Java and valgrind (the highest ones) leave alone. */
#define SIGCKPT 54
#define SIGCKPTEXIT 55

/* Its number under `checkpt run`. */
#define SYS_sys_checkpoint 0x2000
/* What SIGCKPT and SIGCKPTEXIT do by default there, and how a program comes by that; the system's own. */
#define SYS_default_action 0x2008
#define SYS_newcomer 0x2009

/* CKPT_FREEZE: writes a checkpoint of the calling process to `fd`, a regular file, pipe or socket open for writing (-1: to the file that kern.ckptfile names).
 * `pid` is -1 or the caller's own, `retval` is -1. Returns 0; and, in the resumed program, the thaw's `retval`, usually 1.
 * CKPT_THAW: replaces the caller by the program in `fd`. `pid` is -1. Returns only on failure.
 * -1 and errno: EBADF, EPERM, EIO, EINVAL, ERANGE, EOPNOTSUPP and others, see the manual. Async-signal-safe. */
__attribute__((visibility("default"))) int sys_checkpoint(int type, int fd, pid_t pid, int retval);

#ifdef __cplusplus
}
#endif
#endif

/* Readers of /proc/PID, from a directory descriptor, so that tests feed them fixtures. No ptrace here.
 * All results are in the caller's arena. A file that ends early or has unknown lines is read as far as it makes sense. */
#ifndef CHECKPT_PROC_H
#define CHECKPT_PROC_H

#include <stdint.h>
#include <sys/types.h>

#include "checkpt/arena.h"
#include "checkpt/failure.h"

/* Opens /proc/PID as a directory; it stays bound to this process even if the pid is used again. "no such process" otherwise. */
bool proc_open(pid_t pid, int *directory, struct failure *why);

/* --- maps.c, smaps.c: mappings */
struct proc_mapping {
    uint64_t start, end, offset;
    uint32_t protection;       /* PROT_* */
    bool shared;
    uint64_t device, inode;    /* device as makedev() encodes it */
    const char *path;          /* as shown, unescaped (\012), without " (deleted)"; "" for anonymous; "[heap]" … kept */
    bool deleted;
    bool special;              /* the kernel's own, by rule: bracketed, not heap, stack or anon: */
    uint64_t vm_flags;         /* PROC_VM_*; 0 where only maps was read */
    uint32_t protection_key;
};
enum {
    PROC_VM_GROWSDOWN = 1 << 0, PROC_VM_LOCKED = 1 << 1, PROC_VM_SEQUENTIAL = 1 << 2, PROC_VM_RANDOM = 1 << 3, PROC_VM_DONTFORK = 1 << 4,
    PROC_VM_DONTDUMP = 1 << 5, PROC_VM_WIPEONFORK = 1 << 6, PROC_VM_HUGEPAGE = 1 << 7, PROC_VM_NOHUGEPAGE = 1 << 8, PROC_VM_MERGEABLE = 1 << 9,
    PROC_VM_NORESERVE = 1 << 10, PROC_VM_HUGETLB = 1 << 11, PROC_VM_IO = 1 << 12, PROC_VM_PFNMAP = 1 << 13, PROC_VM_SEALED = 1 << 14,
    PROC_VM_UFFD = 1 << 15, PROC_VM_ACCOUNT = 1 << 16, PROC_VM_MIXEDMAP = 1 << 17, PROC_VM_SHADOW_STACK = 1 << 18, PROC_VM_MAYSHARE = 1 << 19,
    PROC_VM_MAYWRITE = 1 << 20, PROC_VM_LOCKONFAULT = 1 << 21,
};
bool proc_maps(int directory, struct arena *arena, struct proc_mapping **maps, size_t *count, struct failure *why);   /* /proc/PID/maps: fast */
bool proc_smaps(int directory, struct arena *arena, struct proc_mapping **maps, size_t *count, struct failure *why);  /* with vm_flags: walks page tables */

/* --- stat.c */
struct proc_stat {
    char comm[64];
    char state;
    int32_t ppid, pgrp, session, tty_nr;
    uint32_t flags;            /* PF_*: PF_KTHREAD 0x00200000 */
    int32_t nice, num_threads;
    uint64_t start_time, start_code, end_code, start_stack, start_data, end_data, start_brk, arg_start, arg_end, env_start, env_end;
    uint32_t policy, rt_priority;
    int32_t exit_signal;
};
bool proc_stat(int directory, const char *name /* "stat" or "task/TID/stat" */, struct proc_stat *stat, struct failure *why);

/* --- status.c */
struct proc_status {
    uint32_t uid[4], gid[4];   /* real, effective, saved, file system */
    uint32_t *groups; size_t group_count;
    uint64_t sig_blocked, sig_ignored, sig_caught, sig_pending, shared_pending;
    uint64_t cap_inheritable, cap_permitted, cap_effective, cap_bounding, cap_ambient;
    uint32_t umask;
    int32_t process /* Tgid */, tracer_pid, threads;
    uint32_t seccomp;
    uint32_t seccomp_filters; /* Linux 5.9 */
    uint64_t locked_kib;      /* VmLck */
    bool no_new_privs, thp_enabled;
};
bool proc_status(int directory, const char *name, struct arena *arena, struct proc_status *status, struct failure *why);

/* --- fd.c, fdinfo.c */
struct proc_lock { int type; /* Lock.Type of schemas/files.proto */ bool write, breaking /* a lease that somebody waits for */; uint64_t start, length; };
struct proc_fd {
    uint32_t number;
    const char *target;        /* readlink of fd/N: path, "pipe:[123]", "anon_inode:[eventpoll]" …, without " (deleted)" */
    bool deleted;
    uint64_t device, inode, size, rdev; uint32_t mode, links, uid, gid; int64_t mtime_seconds; uint32_t mtime_nanoseconds; /* stat of fd/N */
    uint64_t position;
    uint32_t flags;            /* O_*, O_CLOEXEC split off */
    bool close_on_exec;
    struct proc_lock *locks; size_t lock_count;
};
bool proc_fds(int directory, struct arena *arena, struct proc_fd **fds, size_t *count, struct failure *why); /* ascending */

/* --- events.c: what fdinfo tells of descriptors that report events */
struct proc_eventfd { uint64_t count; bool semaphore, tells_semaphore /* Linux 6.5 */; };
bool proc_eventfd(int directory, uint32_t number, struct proc_eventfd *eventfd, struct failure *why);
struct proc_timerfd { int32_t clock; uint32_t flags; uint64_t ticks, remaining, interval; /* ns */ };
bool proc_timerfd(int directory, uint32_t number, struct proc_timerfd *timerfd, struct failure *why);
bool proc_signalfd(int directory, uint32_t number, uint64_t *mask, struct failure *why);
/* `number` is the target's descriptor of when it was registered; `order` is the kernel's, which kcmp(2) counts in. */
struct proc_registration { uint32_t number, events, order; uint64_t data, inode; };
bool proc_epoll(int directory, uint32_t number, struct arena *arena, struct proc_registration **registrations, size_t *count, struct failure *why);
/* In no order. `handle` is for open_by_handle_at(2); NULL where the file system gives none. */
enum { PROC_HANDLE_MAX = 128 };
struct proc_watch { uint32_t descriptor, mask; uint64_t device, inode; const uint8_t *handle; uint32_t handle_size; int32_t handle_type; };
bool proc_inotify(int directory, uint32_t number, struct arena *arena, struct proc_watch **watches, size_t *count, struct failure *why);

/* --- limits.c, timers.c, auxv.c, misc.c */
bool proc_limits(int directory, uint64_t soft[16], uint64_t hard[16], struct failure *why); /* by RLIMIT_*; ~0: unlimited */
struct proc_timer { uint32_t id, signal, notify; uint64_t value; int32_t target, clock; };
bool proc_timers(int directory, struct arena *arena, struct proc_timer **timers, size_t *count, struct failure *why);
bool proc_auxv(int directory, struct arena *arena, void **auxv, size_t *size, struct failure *why);
/* readlink relative to the directory ("exe", "cwd", "root", "fd/3"), " (deleted)" split off; deleted may be NULL. */
bool proc_link(int directory, const char *name, struct arena *arena, const char **target, bool *deleted, struct failure *why);
/* A small file's one number ("oom_score_adj", "timerslack_ns", "personality" (hex)). */
bool proc_number(int directory, const char *name, int base, int64_t *value, struct failure *why);
/* Thread ids of task/, ascending, the leader first. */
bool proc_threads(int directory, struct arena *arena, pid_t **tids, size_t *count, struct failure *why);
/* Children of all threads (task/TID/children), exited ones that wait to be reaped included. */
bool proc_children(int directory, struct arena *arena, pid_t **pids, size_t *count, struct failure *why);

/* --- pagemap.c: which pages of [start, end) have content of their own */
enum proc_page { PROC_PAGE_PRESENT = 1, /* present or swapped, whatever backs it, except the zero page */
                 PROC_PAGE_PRIVATE = 2, /* anonymous: written by the program, not the file's */
                 PROC_PAGE_GUARD = 4 };
struct proc_range { uint64_t start, end; };
/* Calls `each` for maximal runs of pages in ascending order that match ANY bit of `wanted`; PAGEMAP_SCAN where the kernel has it (6.7),
 * else /proc/PID/pagemap. Memory use is constant. */
bool proc_pages(int pagemap_fd, uint64_t start, uint64_t end, unsigned wanted, bool (*each)(void *context, const struct proc_range *run), void *context,
                struct failure *why);

#endif

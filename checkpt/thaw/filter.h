/* What a filter of system calls (seccomp(2), classic BPF) says to a call. */
#ifndef CHECKPT_THAW_FILTER_H
#define CHECKPT_THAW_FILTER_H

#include <linux/filter.h>
#include <linux/seccomp.h>
#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

/* SECCOMP_RET_*, with its data. Code that the kernel would not take kills. */
uint32_t filter_verdict(const struct sock_filter *code, size_t count, const struct seccomp_data *call);
/* Whether the call is made as if there were no filter. */
bool filter_allows(const struct sock_filter *code, size_t count, const struct seccomp_data *call);
/* Whether it can hand calls to a listener (SECCOMP_RET_USER_NOTIF), which no file can keep. */
bool filter_notifies(const struct sock_filter *code, size_t count);

#endif

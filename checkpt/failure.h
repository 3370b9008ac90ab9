/* Why something did not work: one sentence, built from the inside out. Every function of checkpt that can fail takes a
 * `struct failure *` last and returns false after failure_set(); callers prepend what they were doing.
 * "thaw x.ckpt: memory: mapping 7f12…: digest differs" */
#ifndef CHECKPT_FAILURE_H
#define CHECKPT_FAILURE_H

#include <stdbool.h>

struct failure {
    int exit_status;      /* 1 it did not work, 2 misuse or nothing could be read */
    int error;            /* errno's value where that says it, else 0 */
    char sentence[1024];
};

/* Sets the sentence (exit status 1); returns false so that callers can `return failure_set(…)`. */
bool failure_set(struct failure *why, const char *format, ...) __attribute__((format(printf, 2, 3)));
/* The same with ": " and errno's text behind it. */
bool failure_errno(struct failure *why, const char *format, ...) __attribute__((format(printf, 2, 3)));
/* Puts "FORMAT: " in front; returns false. */
bool failure_prepend(struct failure *why, const char *format, ...) __attribute__((format(printf, 2, 3)));

#endif

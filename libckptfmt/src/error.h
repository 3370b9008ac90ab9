/* The sentence on a handle: set where the fault is seen, with breadcrumbs put in front on the way out. */
#ifndef CKPTFMT_ERROR_H
#define CKPTFMT_ERROR_H

#include <ckptfmt/status.h>

struct error {
    char sentence[512];
};

/* Sets the sentence and returns `status`, so that callers can `return error_set(…)`. */
enum ckpt_status error_set(struct error *error, enum ckpt_status status, const char *format, ...) __attribute__((format(printf, 3, 4)));
/* Puts "FORMAT: " in front; returns `status`. */
enum ckpt_status error_at(struct error *error, enum ckpt_status status, const char *format, ...) __attribute__((format(printf, 3, 4)));

#endif

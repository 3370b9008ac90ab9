/* NUL-terminated words in the program's memory: its command line or environment. */
#ifndef CKPTDUMP_ARGS_H
#define CKPTDUMP_ARGS_H

#include "ckptdump/image.h"

struct args {
    char *bytes;
    size_t length;
    bool complete; /* the image has all of it */
};

/* Reads [start, end). False, with a complaint, where it cannot; deinit in any case. */
bool args_read(struct image *image, uint64_t start, uint64_t end, struct args *args);
void args_deinit(struct args *args);
/* The next word, without its NUL. *at begins at 0. False after the last. */
bool args_next(const struct args *args, size_t *at, const char **word, size_t *length);

#endif

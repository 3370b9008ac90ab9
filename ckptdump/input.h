/* Standard input where it is a pipe: read once in passing, or copied to a file without a name, so that it can be read at any place. */
#ifndef CKPTDUMP_INPUT_H
#define CKPTDUMP_INPUT_H

#include <ckptfmt/io.h>
#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

enum { INPUT_START = 64 + 3 * 56 }; /* the ELF header and three program headers: what tells packed images from others */

struct input {
    uint8_t start[INPUT_START]; /* what was read to find out what it is */
    size_t length, given;
};

/* Whether standard input can be read only once. */
bool input_is_pipe(void);
/* Reads the start. 0 or a negative errno. */
int input_begin(struct input *input);
/* Whether a packed image begins like that; other files have their index, or nothing at all, at their end. */
bool input_is_packed(const struct input *input);
/* All of it, the start included. Borrows `input`. */
struct ckpt_io input_stream(struct input *input);
/* Copies all of it; blocks of zeros become holes. A descriptor, which is the caller's, or a negative errno. */
int input_copy(struct input *input);

#endif

/* What the targets share. Each target defines LLVMFuzzerTestOneInput(); libFuzzer or replay.c calls it. */
#ifndef FUZZ_FUZZ_H
#define FUZZ_FUZZ_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include <ckptfmt/ckptfmt.h>

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size);

/* Ends the process where a promise is broken. */
#define FUZZ_ENSURE(condition) ((condition) ? (void)0 : fuzz_broken(#condition, __FILE__, __LINE__))
void fuzz_broken(const char *condition, const char *file, int line) __attribute__((noreturn));

/* The image that every parent of every input is: made once. */
const void *fuzz_parent(size_t *size);
/* Its id; where the mutator puts it, chains of parents are followed. */
void fuzz_parent_id(uint8_t id[CKPT_ID_SIZE]);
/* Gives that image, whatever is asked for. */
int fuzz_resolver(void *context, const uint8_t id[CKPT_ID_SIZE], const void *path, size_t path_length, struct ckpt_io *io);

/* A reader over the bytes; *status is that of opening. */
struct ckpt_reader *fuzz_open(const void *bytes, size_t size, enum ckpt_status *status);
/* Opens and verifies. */
enum ckpt_status fuzz_verify(const void *bytes, size_t size);

/* A sink in memory that takes as much as an output may have, because an address may be anything, and a hole of that size is not to be made in memory. Its length and bytes are
 * those of `inner`; close that. */
struct fuzz_sink {
    struct ckpt_io inner;
};
struct ckpt_io fuzz_sink(struct fuzz_sink *sink);

#endif

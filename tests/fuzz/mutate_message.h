/* Mutations of one message in protobuf's wire format, by the fields of its schema. */
#ifndef FUZZ_MUTATE_MESSAGE_H
#define FUZZ_MUTATE_MESSAGE_H

#include <protobuf-c/protobuf-c.h>
#include <stddef.h>
#include <stdint.h>

struct dice {
    unsigned state;
};
unsigned roll(struct dice *dice, unsigned sides);

/* libFuzzer's own. */
size_t LLVMFuzzerMutate(uint8_t *data, size_t size, size_t max_size);
size_t LLVMFuzzerCustomMutator(uint8_t *data, size_t size, size_t max_size, unsigned seed);

/* Changes `size` bytes at `body`, where there is room for `room`: a field is added, dropped, repeated, moved, or gets another value, at any depth. Returns the new size. */
size_t mutate_message(struct dice *dice, const ProtobufCMessageDescriptor *descriptor, uint8_t *body, size_t size, size_t room);

#endif

/* A jump to anywhere, written over the beginning of a function. */
#ifndef CHECKPT_ARCH_JUMP_H
#define CHECKPT_ARCH_JUMP_H

#include <stdint.h>

#define JUMP_SIZE 12

/* movabs $target, %rax; jmp *%rax: rax carries nothing into a function that takes a fixed number of arguments. */
void jump_write(unsigned char *at, uint64_t target);

#endif

#include "checkpt/arch/x86_64/jump.h"

#include <string.h>

void jump_write(unsigned char *at, uint64_t target)
{
    static const unsigned char move[] = {0x48, 0xb8}, jump[] = {0xff, 0xe0};
    memcpy(at, move, sizeof(move));
    memcpy(at + sizeof(move), &target, sizeof(target));
    memcpy(at + sizeof(move) + sizeof(target), jump, sizeof(jump));
}

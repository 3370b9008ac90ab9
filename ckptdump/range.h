/* "ADDR" or "ADDR,LEN" of --hex and --extract. */
#ifndef CKPTDUMP_RANGE_H
#define CKPTDUMP_RANGE_H

#include <stdbool.h>
#include <stdint.h>

/* A bare address is hexadecimal, as /proc/PID/maps writes it; a length is decimal or 0x…. *length is left alone where none is given. */
bool range_parse(const char *text, uint64_t *address, uint64_t *length);

#endif
